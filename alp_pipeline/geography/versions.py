"""Which NUTS version a dataset's codes are of, per country and period.

Belongs here: detection by overlap, the verdict on each row, territories that stand under two codes at once.
Does not: recoding (geography.recoding), reading observations.

The rule is that of nuts_classify in the R package nuts (AAoritz/nuts): the version with the best share of
codes in its code list, the most recent one on a tie. A code counts only in periods where it has a value:
files keep the rows of dead codes, empty, for years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alp_pipeline.geography.codes import VERSIONS, load_regions
from alp_pipeline.geography.recoding import region_sources

if TYPE_CHECKING:
    import pandas as pd

GROUP = ["dataset_id", "country_code", "time_period"]


def detect_versions(observed: pd.DataFrame) -> pd.DataFrame:
    """The NUTS version of each dataset, country and period.

    Args:
        observed: `dataset_id`, `geo`, `time_period` of cells that hold an answer; repetitions are welcome.

    Returns:
        `dataset_id`, `country_code`, `time_period`, `nuts_version`, `overlap_share` (0 to 1, of the codes
        below country level), `code_count`; sorted by the first three. Groups without any NUTS code or
        statistical region below country level are absent: countries look the same in every version.

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"dataset_id": "d", "geo": ["FR43", "FR42"], "time_period": "2014"})
    >>> detect_versions(cells)[["country_code", "nuts_version", "overlap_share"]].values.tolist()
    [['FR', 2013, 1.0]]
    """
    import pandas as pd

    codes = _below_country(observed)
    sizes = codes.groupby(GROUP, sort=True).size().rename("code_count").reset_index()
    valid = codes.merge(_validity(), on="geo")
    hits = valid.groupby([*GROUP, "nuts_version"], sort=True).size().rename("hits").reset_index()
    scored = sizes.merge(hits, on=GROUP)
    scored["overlap_share"] = scored["hits"] / scored["code_count"]
    best = scored.sort_values([*GROUP, "overlap_share", "nuts_version"]).groupby(GROUP, sort=True).tail(1)
    columns = [*GROUP, "nuts_version", "overlap_share", "code_count"]
    return pd.DataFrame(best[columns]).reset_index(drop=True)


def row_verdicts(observed: pd.DataFrame) -> pd.DataFrame:
    """Each code of each dataset and period against the version detected for its group.

    Returns:
        `dataset_id`, `country_code`, `time_period`, `geo`, `nuts_version`, `verdict`: `in_version`, or
        `other_version` (a code of an earlier or later version among the others).

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"dataset_id": "d", "geo": ["SI04", "SI03", "SI01"], "time_period": "2014"})
    >>> row_verdicts(cells)[["geo", "verdict"]].values.tolist()
    [['SI01', 'other_version'], ['SI03', 'in_version'], ['SI04', 'in_version']]
    """
    codes = _below_country(observed)
    judged = codes.merge(detect_versions(observed)[[*GROUP, "nuts_version"]], on=GROUP)
    judged = judged.merge(_validity(), on=["geo", "nuts_version"], how="left", indicator="found")
    judged["verdict"] = judged["found"].astype(str).map({"both": "in_version", "left_only": "other_version"})
    ordered = judged.sort_values([*GROUP, "geo"]).reset_index(drop=True)
    return ordered[[*GROUP, "geo", "nuts_version", "verdict"]]


def doubly_coded(observed: pd.DataFrame) -> pd.DataFrame:
    """Territories that hold an answer under two codes in one dataset and period.

    Returns:
        `dataset_id`, `time_period`, `geo`, `earlier_geo`, `relation`; empty where every territory stands
        once.

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"dataset_id": "d", "geo": ["ITH1", "ITD1"], "time_period": "2010"})
    >>> doubly_coded(cells)[["geo", "earlier_geo", "relation"]].values.tolist()
    [['ITH1', 'ITD1', 'recoded']]
    """
    import pandas as pd

    codes = _below_country(observed)[["dataset_id", "time_period", "geo"]]
    sources = region_sources(codes["geo"].unique())
    links = pd.DataFrame(
        [(target, source.code, source.relation) for target, found in sources.items() for source in found[1:]],
        columns=["geo", "earlier_geo", "relation"],
    )
    pairs = codes.merge(links, on="geo")
    earlier = codes.rename(columns={"geo": "earlier_geo"})
    both = pairs.merge(earlier, on=["dataset_id", "time_period", "earlier_geo"])
    return both.sort_values(["dataset_id", "time_period", "geo", "earlier_geo"]).reset_index(drop=True)


def _below_country(observed: pd.DataFrame) -> pd.DataFrame:
    """Distinct (dataset, period, code) of NUTS units and statistical regions, with their country."""
    import pandas as pd

    known = pd.DataFrame(
        [
            (region.code, region.country)
            for region in load_regions().values()
            if region.kind in ("nuts", "statistical_region")
        ],
        columns=["geo", "country_code"],
    )
    return observed[["dataset_id", "time_period", "geo"]].drop_duplicates().merge(known, on="geo")


def _validity() -> pd.DataFrame:
    """One row per code and version that has it."""
    import pandas as pd

    rows = [
        (region.code, version)
        for region in load_regions().values()
        for version in VERSIONS
        if region.is_in(version)
    ]
    return pd.DataFrame(rows, columns=["geo", "nuts_version"])
