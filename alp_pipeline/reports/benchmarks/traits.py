"""In which indicators of an index each region of a perimeter ranks best and worst.

Belongs here: the release's values as tables of the benchmark, its answer as plain values. Does not: the
ranking itself (benchmark.composite.strengths), wording (section).
"""

from typing import Any

from alp_pipeline.reports.benchmarks.model import Trait
from alp_pipeline.reports.model import REPORTED, Cell
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL

MOST = 3
"""Of each kind; never more than half of the indicators, so that none is called both."""


def read_traits(release: ReleaseFile, key: list[Any]) -> dict[str, tuple[Trait, ...]]:
    """Region → strengths, best first, then weaknesses, worst first; of published values alone.

    Args:
        key: perimeter, recipe and year of a computed index.
    """
    described = {
        row["indicator_id"]: row
        for row in release.rows(
            f"""SELECT b.indicator_id, b.direction, b.source_year, i.unit, i.{LANGUAGE_LABEL} AS label
               FROM bench_index_indicator AS b LEFT JOIN dim_indicator AS i USING (indicator_id)
               WHERE b.perimeter_id = ? AND b.recipe_id = ? AND b.year = ? AND b.is_used
               ORDER BY b.indicator_id""",
            key,
        )
    }
    cells = [
        row
        for row in release.rows(
            """SELECT region_code, indicator_id, value, cell_state, obs_status FROM bench_index_value
               WHERE perimeter_id = ? AND recipe_id = ? AND year = ? ORDER BY region_code, indicator_id""",
            key,
        )
        if row["indicator_id"] in described
    ]
    most = min(MOST, len(described) // 2)
    if not most or not any(row["cell_state"] == REPORTED for row in cells):
        return {}
    traits: dict[str, list[Trait]] = {}
    flags = {(row["region_code"], row["indicator_id"]): row["obs_status"] for row in cells}
    for found in _ranked(cells, described, most):
        code, indicator = found["unit"], found["code"]
        about = described[indicator]
        address = f"bench_index_value/{key[1]}/{key[2]}/{code}/{indicator}/value"
        traits.setdefault(code, []).append(
            Trait(
                found["kind"],
                indicator,
                about["label"] or indicator,
                about["unit"] or "",
                about["source_year"],
                Cell(float(found["value"]), REPORTED, flags[code, indicator], address),
                int(found["rank"]),
                int(found["ranked_units"]),
            )
        )
    return {code: tuple(some) for code, some in traits.items()}


def _ranked(
    cells: list[dict[str, Any]], described: dict[str, dict[str, Any]], most: int
) -> list[dict[str, Any]]:
    import pandas as pd

    from alp_pipeline.benchmark.composite.framework import Framework
    from alp_pipeline.benchmark.composite.strengths import strengths_and_weaknesses
    from alp_pipeline.benchmark.composite.units import UnitTable

    top = "all"
    framework = Framework.of(
        pd.DataFrame(
            {
                "code": [*described, top],
                "level": [*(1 for _ in described), 2],
                "parent": [*(top for _ in described), None],
                "direction": [*(row["direction"] for row in described.values()), 1],
                "type": [*("Indicator" for _ in described), "Aggregate"],
            }
        )
    )
    long = pd.DataFrame(cells)
    long["value"] = long["value"].where(long["cell_state"] == REPORTED).astype("float64")
    data = long.pivot(index="region_code", columns="indicator_id", values="value").reindex(
        columns=list(described)
    )
    units = UnitTable.of(data.rename_axis("unit").reset_index(), framework)
    table = strengths_and_weaknesses(units, framework, top=most, bottom=most)
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]
