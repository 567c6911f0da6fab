"""What a recipe of the catalogue is computed from: framework, units and years out of the build's indicators.

Belongs here: choosing the universe, the years and the indicators of one recipe, and refusing it where too few
have data. Does not: the steps (benchmark.composite), laying results out (plan.benchmarks.index).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alp_pipeline.catalog.models import IndicatorEntry, RecipeEntry

COUNTRY = "country"
"""Group of the units, for imputing by group and for seeing where an indicator misses a whole country."""

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.composite.framework import Framework
    from alp_pipeline.benchmark.composite.units import UnitTable


@dataclass(frozen=True)
class IndexInput:
    """One recipe with what there is for it."""

    recipe: RecipeEntry
    year: int | None
    indicators: "pd.DataFrame"
    """By indicator: pillar_id, direction, weight, source_year, coverage_pct, is_used, reason."""
    units: int
    """Of the universe."""
    cells: "pd.DataFrame"
    """The cells read: region_code, indicator_id, value, cell_state, obs_status, document_ids."""
    refused: str
    """Why there is no index; empty text where there is one."""

    @property
    def used(self) -> list[str]:
        return list(self.indicators.index[self.indicators["is_used"]])

    @property
    def missing(self) -> list[str]:
        return list(self.indicators.index[~self.indicators["is_used"]])

    def framework(self) -> "Framework":
        """Its indicators with data, their pillars, the index."""
        import pandas as pd

        from alp_pipeline.benchmark.composite.framework import Framework

        rows = [
            {"code": code, "level": 1, "parent": row.pillar_id, "direction": row.direction,
             "weight": row.weight, "type": "Indicator"}
            for code, row in self.indicators[self.indicators["is_used"]].iterrows()
        ]  # fmt: skip
        kept = {row["parent"] for row in rows}
        rows += [
            {"code": pillar.id, "level": 2, "parent": self.recipe.id, "direction": 1,
             "weight": pillar.weight, "type": "Aggregate"}
            for pillar in self.recipe.pillars if pillar.id in kept
        ]  # fmt: skip
        rows.append({"code": self.recipe.id, "level": 3, "parent": None, "direction": 1,
                     "weight": 1.0, "type": "Aggregate"})  # fmt: skip
        rows.append({"code": COUNTRY, "level": None, "parent": None, "direction": None,
                     "weight": None, "type": "Group"})  # fmt: skip
        return Framework.of(pd.DataFrame(rows))

    def unit_table(self, framework: "Framework") -> "UnitTable":
        """Values, states and flags of the universe's regions, in the order of their codes."""
        from alp_pipeline.benchmark.composite.units import UnitTable

        def wide(column: str) -> "pd.DataFrame":
            return self.cells.pivot(index="region_code", columns="indicator_id", values=column)

        names = list(framework.indicators)
        values = wide("value").reindex(columns=names)
        data = values.rename_axis(index="unit", columns=None).reset_index()
        data[COUNTRY] = data["unit"].str[:2]
        states = wide("cell_state").reindex(columns=names).fillna("not_available")
        flags = wide("obs_status").reindex(columns=names).fillna("")
        return UnitTable.of(data, framework, states=states, flags=flags)


def index_input(
    recipe: RecipeEntry,
    cells: "pd.DataFrame",
    indicators: Mapping[str, IndicatorEntry],
    members: Iterable[str],
) -> IndexInput:
    """Choose years and indicators of a recipe.

    Args:
        cells: `frames.indicator_cells` of (at least) its indicators.
        indicators: the catalogue's.
        members: regions that are in the universe whatever there is of them: those of the perimeters.
    """
    import pandas as pd

    from alp_pipeline.benchmark.composite.vintage_years import chosen_years

    known = cells[cells["indicator_id"].isin(recipe.indicator_ids) & cells["in_universe"]]
    universe = sorted(set(known["region_code"]) | set(members))
    counts = (
        known[known["cell_state"] == "reported"]
        .groupby(["indicator_id", "year"])["region_code"]
        .nunique()
        .rename("units")
        .reset_index()
        .rename(columns={"indicator_id": "indicator"})
    )
    chosen = chosen_years(
        counts,
        list(recipe.indicator_ids),
        len(universe),
        coverage_min=recipe.years.coverage_min,
        oldest=recipe.years.oldest,
    )
    table = _indicator_table(recipe, indicators, chosen.indicators)
    read = known.merge(
        table.loc[table["is_used"], ["source_year"]], left_on=["indicator_id", "year"],
        right_on=["indicator_id", "source_year"],
    )  # fmt: skip
    grid = pd.MultiIndex.from_product([universe, chosen.used], names=["region_code", "indicator_id"])
    columns = ["value", "cell_state", "obs_status", "document_ids"]
    complete = read.set_index(["region_code", "indicator_id"])[columns].reindex(grid).reset_index()
    complete["cell_state"] = complete["cell_state"].fillna("not_available")
    complete[["obs_status", "document_ids"]] = complete[["obs_status", "document_ids"]].fillna("")
    return IndexInput(recipe, chosen.year, table, len(universe), complete, _refusal(recipe, table))


def _indicator_table(
    recipe: RecipeEntry, indicators: Mapping[str, IndicatorEntry], years: "pd.DataFrame"
) -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for pillar in recipe.pillars:
        for member in pillar.indicators:
            source_year = years["source_year"].loc[member.id]
            is_used = not pd.isna(source_year)
            coverage = 100.0 * float(years["coverage"].to_numpy()[years.index.get_loc(member.id)])
            rows.append(
                {
                    "indicator_id": member.id,
                    "pillar_id": pillar.id,
                    "direction": member.direction or indicators[member.id].direction,
                    "weight": member.weight,
                    "is_used": is_used,
                    "source_year": source_year,
                    "coverage_pct": coverage,
                    "reason": "" if is_used else _why_not(recipe, coverage),
                }
            )
    return pd.DataFrame(rows).set_index("indicator_id")


def _why_not(recipe: RecipeEntry, coverage: float) -> str:
    if not coverage:
        return "no region has a number in the years allowed"
    return (
        f"at most {coverage:.0f} % of the regions have a number in one of the years allowed, below "
        f"{100 * recipe.years.coverage_min:.0f} %"
    )


def _refusal(recipe: RecipeEntry, table: "pd.DataFrame") -> str:
    used = int(table["is_used"].sum())
    missing = ", ".join(table.index[~table["is_used"]])
    if used < recipe.indicators_min * len(table):
        return (
            f"{used} of {len(table)} indicators have enough data, below {recipe.indicators_min:.0%}; "
            f"missing: {missing}"
        )
    by_pillar = table.groupby("pillar_id")["is_used"].sum()
    poor = sorted(by_pillar.index[by_pillar < recipe.pillar_indicators_min])
    if poor:
        return (
            f"the pillar {', '.join(poor)} has fewer than {recipe.pillar_indicators_min} indicators with "
            f"enough data; missing: {missing}"
        )
    return ""
