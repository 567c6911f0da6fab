"""The region dimension: every known code as a row, perimeters and who belongs to them.

Belongs here: rows and frames for the warehouse's territory tables. Does not: reading the reference tables
(geography.codes), recode chains (geography.recoding), which perimeters exist (catalog).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alp_pipeline.geography.codes import load_regions
from alp_pipeline.geography.recoding import current_code

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.catalog.models import Catalog


def region_rows() -> list[dict[str, Any]]:
    """One row per code of the reference table, as `dim_region` declares them, in the order of the codes.

    >>> next(row for row in region_rows() if row["region_code"] == "ITD1")["current_code"]
    'ITH1'
    """
    return [
        {
            "region_code": region.code,
            "label": region.label,
            "region_kind": region.kind,
            "nuts_level": region.level,
            "nuts_version_first": region.first_version,
            "nuts_version_last": region.last_version,
            "parent_code": region.parent,
            "country_code": region.country,
            "current_code": current_code(region.code),
        }
        for region in load_regions().values()
    ]


def region_frame() -> pd.DataFrame:
    """`region_rows` as a frame; levels and versions are nullable integers.

    >>> region_frame().set_index("region_code").loc["CH02", "region_kind"]
    'statistical_region'
    """
    import pandas as pd

    frame = pd.DataFrame(region_rows())
    numbers = ["nuts_level", "nuts_version_first", "nuts_version_last"]
    return frame.astype(dict.fromkeys(numbers, "Int16"))


def perimeter_members(catalog: Catalog) -> pd.DataFrame:
    """Which regions belong to which perimeter: `perimeter_id`, `region_code`, `nuts_level`, `country_code`.

    >>> from alp_pipeline.catalog.loader import load_catalog
    >>> members = perimeter_members(load_catalog())
    >>> int((members["perimeter_id"] == "alpine_space_2014_2020").sum())
    35
    """
    import pandas as pd

    regions = load_regions()
    rows = [
        (entry.id, code, level, regions[code].country)
        for entry in catalog.perimeters.values()
        for code, level in entry.members
    ]
    return pd.DataFrame(rows, columns=["perimeter_id", "region_code", "nuts_level", "country_code"])
