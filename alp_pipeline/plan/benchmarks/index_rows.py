"""One computed index as rows of the warehouse: values, scores and ranks, sensitivity, audit.

Belongs here: running the steps, the draws and the audit on an index's input, and shaping what they give.
Does not: choosing the input (index_input), which recipes and perimeters there are (index).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.catalog.models import PerimeterEntry, RecipeEntry
from alp_pipeline.plan.benchmarks.frames import documents_of
from alp_pipeline.plan.benchmarks.index_input import IndexInput

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.composite.index import IndexResult
    from alp_pipeline.benchmark.composite.recipe import Recipe
    from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
    from alp_pipeline.benchmark.composite.uncertainty.sensitivity import SensitivityResult

SENSITIVITY_SAMPLES = 1024
"""Saltelli's N: (factors + 2) times as many runs of the index. A power of 2, as the sequence wants."""

LINK_YEAR_SHARE = 0.9
"""Of the regions of a linked indicator's best year, what another year must have to be held against."""

MORE_DOCUMENTS = "more_documents"
"""Column of a frame: documents behind a row beside those of the index, separated by blanks."""


def recipe_of(entry: RecipeEntry) -> "Recipe":
    """The steps and uncertainties of a catalogue entry, checked.

    Raises:
        RecipeError: naming the field.
    """
    from alp_pipeline.benchmark.composite.recipe import Recipe

    return Recipe.of(
        {
            "id": entry.id,
            "version": entry.version,
            "label": entry.label.model_dump(),
            "steps": list(entry.steps),
            "uncertainty": entry.uncertainty,
        },
        where=f"recipes/{entry.id}",
    )


@dataclass(frozen=True, eq=False)
class ComputedIndex:
    """An index with its uncertainty, all over the universe."""

    result: "IndexResult"
    uncertainty: "UncertaintyResult"
    sensitivity: "SensitivityResult"

    @property
    def effective_weights(self) -> dict[str, float]:
        """By indicator, in per cent of the index."""
        from alp_pipeline.benchmark.composite.importance import effective_weights

        table = effective_weights(self.result.framework).set_index("code")["effective_weight"]
        return {code: 100.0 * float(table[code]) for code in self.result.framework.indicators}


def computed_index(chosen: IndexInput) -> ComputedIndex:
    """Steps, draws and sensitivity of one recipe.

    A spread of the data without a cell to move does not refuse the index: which flags there are is up to the
    publishers and may change with any release. `bench_index_status` names it.
    """
    from alp_pipeline.benchmark.composite.index import compute_index
    from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
    from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity

    recipe, framework = recipe_of(chosen.recipe), chosen.framework()
    units = chosen.unit_table(framework)
    return ComputedIndex(
        compute_index(units, framework, recipe),
        monte_carlo(units, framework, recipe, refuse_idle=False),
        sensitivity(units, framework, recipe, n=SENSITIVITY_SAMPLES, refuse_idle=False),
    )


def value_rows(
    chosen: IndexInput, computed: ComputedIndex, perimeters: Sequence[PerimeterEntry]
) -> "pd.DataFrame":
    """`bench_index_value`: what each region of a perimeter brings into the index."""
    import pandas as pd

    stages = list(computed.result.stages)
    treated = computed.result.stages[next(name for name in reversed(stages) if name.endswith("_treat"))]
    normalised = computed.result.scores[list(computed.result.framework.indicators)]
    cells = chosen.cells.set_index(["region_code", "indicator_id"])[["value", "cell_state", "obs_status"]]
    parts = []
    for perimeter in perimeters:
        members = [code for code, _ in perimeter.members]
        inside = normalised.reindex(members)
        frame = cells.loc[cells.index.get_level_values(0).isin(members)].copy()
        frame["treated_value"] = _stacked(treated.values.reindex(members))
        frame["normalised_value"] = _stacked(inside)
        frame["rank"] = _stacked(_ranked(inside))
        parts.append(frame.reset_index().assign(perimeter_id=perimeter.id, year=chosen.year))
    return pd.concat(parts, ignore_index=True)


def _ranked(scores: "pd.DataFrame") -> "pd.DataFrame":
    """1 = the highest of its column; no rank without a score."""
    import pandas as pd

    from alp_pipeline.benchmark.composite.ranking import ranks

    found = ranks(scores.to_numpy(dtype="float64").T).T
    return pd.DataFrame(found, index=scores.index, columns=scores.columns).astype("Float64").astype("Int64")


def _stacked(wide: "pd.DataFrame") -> "pd.Series":
    named = wide.rename_axis(index="region_code", columns="indicator_id")
    return named.stack(future_stack=True)  # type: ignore[return-value]


def score_rows(
    chosen: IndexInput, computed: ComputedIndex, perimeters: Sequence[PerimeterEntry]
) -> "pd.DataFrame":
    """`bench_index`: the index and its pillars, ranked within each perimeter."""
    import pandas as pd

    parts = [
        _elements(chosen, computed, perimeter.id, [code for code, _ in perimeter.members])
        for perimeter in perimeters
    ]
    return pd.concat(parts, ignore_index=True).assign(year=chosen.year)


def _elements(
    chosen: IndexInput, computed: ComputedIndex, perimeter_id: str, members: list[str]
) -> "pd.DataFrame":
    import pandas as pd

    result, index_id = computed.result, chosen.recipe.id
    scores = result.scores.reindex(members)
    states = result.states.reindex(members).fillna("not_available")
    intervals = _intervals(computed, members)
    parts = []
    for code in result.framework.aggregates:
        is_index = code == index_id
        frame = pd.DataFrame(
            {
                "region_code": members,
                "score": scores[code].to_numpy(),
                "score_state": states[code].to_numpy(),
                "rank": _ranked(scores[[code]])[code].array,
            }
        )
        frame["ranked_count"] = int(scores[code].notna().sum())
        kept = intervals if is_index else intervals.assign(**dict.fromkeys(intervals.columns))
        parts.append(
            frame.join(kept, on="region_code").assign(
                perimeter_id=perimeter_id, element_id=code, element="index" if is_index else "pillar"
            )
        )
    return pd.concat(parts, ignore_index=True)


def _intervals(computed: ComputedIndex, members: list[str]) -> "pd.DataFrame":
    """By region: what the draws say of its score, and of its rank among the perimeter's regions."""
    import numpy as np
    import pandas as pd

    known = [code for code in members if code in computed.uncertainty.summary.index]
    found = computed.uncertainty.among(known)
    summary, classes = found.summary, found.classes
    is_ranked = summary["rank_low"].notna().to_numpy()
    likeliest = np.nan_to_num(classes.to_numpy(), nan=-1.0).argmax(axis=1)
    names = np.array(classes.columns)[likeliest]
    return pd.DataFrame(
        {
            "rank_low": np.floor(summary["rank_low"].astype("float64")),
            "rank_high": np.ceil(summary["rank_high"].astype("float64")),
            "rank_median": summary["rank_median"].astype("float64"),
            "assumed_share_pct": 100.0 * summary["rank_assumed_share"].astype("float64"),
            "score_low": summary["score_low"].astype("float64"),
            "score_high": summary["score_high"].astype("float64"),
            "is_score_outside": summary["is_score_outside"],
            "score_assumed_share_pct": 100.0 * summary["score_assumed_share"].astype("float64"),
            "score_draws": summary["draws_scored"].where(is_ranked),
            "class_id": pd.Series(names, index=summary.index).where(is_ranked),
            "class_probability_pct": 100.0 * classes.max(axis=1),
            "draws": summary["draws_ranked"].where(is_ranked),
        }
    ).reindex(members)


def audit_rows(
    chosen: IndexInput, computed: ComputedIndex, cells: "pd.DataFrame", perimeter_id: str
) -> dict[str, "pd.DataFrame"]:
    """`bench_index_sensitivity` and `bench_index_audit`, under the default perimeter alone: both are of the
    universe."""
    from alp_pipeline.benchmark.composite.audit import Thresholds, audit
    from alp_pipeline.benchmark.composite.removal import remove_elements

    linked = _linked(chosen, cells)
    documents = linked.groupby("indicator_id")["document_ids"].agg(documents_of)
    rule = chosen.recipe.years.coverage_min
    found = audit(
        computed.result,
        links=_held_against(chosen, computed, linked),
        uncertainty=computed.uncertainty,
        sensitivity=computed.sensitivity.indices,
        removal=remove_elements(computed.result, 1),
        # What the recipe asks for is what its audit is held to.
        thresholds=Thresholds(availability_min=rule, unit_availability_min=_screened(chosen.recipe, rule)),
    )
    rows: list[dict[str, Any]] = []
    for number, section in enumerate(found.sections, start=1):
        of_section = {"section_number": number, "section": section.name}
        of_section[MORE_DOCUMENTS] = documents_of(documents) if section.name == "links" else ""
        for row, one in enumerate(section.findings, start=1):
            about = " ".join(map(str, one.about))
            place = {**of_section, "table_id": "finding", "row_number": row, "row_label": about}
            rows.append({**place, "column_id": one.severity, "value": None, "text": one.text})
        for name, table in section.tables.items():
            rows += _cells_of({**of_section, "table_id": name}, table)
    return {
        "bench_index_sensitivity": _sensitivity(computed, perimeter_id, chosen.year),
        "bench_index_audit": _framed(rows, perimeter_id, chosen.year),
    }


def _screened(recipe: RecipeEntry, otherwise: float) -> float:
    """The share of indicators that the recipe's screening wants of a unit."""
    asked = [step.get("availability_min") for step in recipe.steps if step["step"] == "screen"]
    return next((float(one) for one in asked if one is not None), otherwise)


def _linked(chosen: IndexInput, cells: "pd.DataFrame") -> "pd.DataFrame":
    """Cells of the linked indicators, each in the year nearest to the index's, the earlier of two.

    A year with fewer than LINK_YEAR_SHARE of the regions of the indicator's best year is none.
    """
    linked = cells[cells["indicator_id"].isin(chosen.recipe.link_ids) & (cells["cell_state"] == "reported")]
    linked = linked[linked["in_universe"]]
    counts = linked.groupby(["indicator_id", "year"]).size().rename("regions").reset_index()
    enough = counts["regions"] >= LINK_YEAR_SHARE * counts.groupby("indicator_id")["regions"].transform("max")
    year = 0 if chosen.year is None else chosen.year
    counts = counts[enough].assign(apart=lambda rows: (rows["year"] - year).abs())
    best = counts.sort_values(["indicator_id", "apart", "year"]).drop_duplicates("indicator_id")
    return linked.merge(best[["indicator_id", "year"]], on=["indicator_id", "year"])


def _held_against(
    chosen: IndexInput, computed: ComputedIndex, linked: "pd.DataFrame"
) -> "pd.DataFrame | None":
    """The index beside every indicator that its recipe names; one without data has a row of 0 units.

    What is expected is expected of the index: its pillars' correlations are told without a verdict.
    """
    import pandas as pd

    from alp_pipeline.benchmark.composite.links import links

    if not chosen.recipe.links:
        return None
    scores, index_id = computed.result.scores, chosen.recipe.id
    outside = linked.pivot(index="region_code", columns="indicator_id", values="value")
    outside = outside.reindex(columns=sorted(chosen.recipe.link_ids)).reindex(
        sorted({*outside.index, *scores.index})
    )
    by_indicator = linked.groupby("indicator_id")
    years, documents = by_indicator["year"].first(), by_indicator["document_ids"].agg(documents_of)
    expected = {one.id: one.expected for one in chosen.recipe.links}
    reasons = {one.id: one.reason for one in chosen.recipe.links}
    held = links(scores, outside, codes=[*computed.result.framework.aggregates])
    other, is_index = held["other_code"], held["code"] == index_id
    return held.assign(
        expected=pd.to_numeric(other.map(expected).where(is_index)),
        reason=other.map(reasons).where(is_index, ""),
        other_year=other.map(years),
        other_document_ids=[documents.get(name, "") for name in other],
    )


def _sensitivity(computed: ComputedIndex, perimeter_id: str, year: int | None) -> "pd.DataFrame":
    table = computed.sensitivity.indices.table.rename_axis("factor").reset_index()
    varied = computed.sensitivity.configuration
    assumed = set(varied.loc[varied["is_assumption"].fillna(False).astype(bool), "factor"])
    names = {"total": "total_order", "total_low": "total_order_low", "total_high": "total_order_high"}
    return table.rename(columns=names).assign(
        perimeter_id=perimeter_id,
        year=year,
        is_assumption=table["factor"].isin(assumed),
        output="mean absolute change of rank against the index as the recipe gives it, over the universe",
    )


def _cells_of(place: Mapping[str, Any], table: "pd.DataFrame") -> list[dict[str, Any]]:
    """A table's cells as rows; its first column labels them."""
    import pandas as pd
    from pandas.api.types import is_number

    rows = []
    label, *columns = table.columns
    for number, record in enumerate(table.to_dict("records"), start=1):
        for column in columns or [label]:
            given = record[column]
            is_there = not pd.api.types.is_scalar(given) or not pd.isna(given)
            counts = is_there and is_number(given) and not isinstance(given, bool)
            text = str(given) if is_there and not counts else ""
            rows.append(
                {
                    **place,
                    "row_number": number,
                    "row_label": str(record[label]),
                    "column_id": str(column),
                    "value": float(given) if counts else None,
                    "text": text,
                }
            )
    return rows


def _framed(rows: list[dict[str, Any]], perimeter_id: str, year: int | None) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows).assign(perimeter_id=perimeter_id, year=year)
