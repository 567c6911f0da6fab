"""Relatedness and complexity of a user's matrix: what is computed and how it is laid out.

Belongs here: presence from the matrix, calling the methods of `benchmark.complexity`, columns of the
result. Does not: any formula, files, neighbours (spatial_methods).

Presence needs a quotient of every cell. Where one is unknown, nothing is computed unless a rule was asked for
(`unknown`): which lines to leave out is a choice that changes the result, so nobody makes it unasked.
"""

from dataclasses import dataclass
from typing import Any, cast, get_args

import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.components import StructureDisconnected
from alp_pipeline.benchmark.complexity.density import diversification_opportunities, relatedness_density
from alp_pipeline.benchmark.complexity.eci import ComplexityResult, SignUndetermined, complexity
from alp_pipeline.benchmark.complexity.fitness import fitness_complexity
from alp_pipeline.benchmark.complexity.outlook import Origin, OutlookResult, outlook
from alp_pipeline.benchmark.complexity.presence import Drop, presence, without_unknown
from alp_pipeline.benchmark.complexity.relatedness import Measure, relatedness
from alp_pipeline.benchmark.on_files.outcome import Outcome
from alp_pipeline.benchmark.on_files.request import Request
from alp_pipeline.benchmark.on_files.side_files import by_row, read_numbers
from alp_pipeline.benchmark.on_files.structure_methods import KNOWN_TOTAL, grand_total_note
from alp_pipeline.benchmark.quotients import quotients

REFUSE = "refuse"


@dataclass(frozen=True)
class Present:
    """Ones and zeros of a request, and what it cost to have no unknown among them."""

    matrix: pd.DataFrame
    summary: dict[str, Any]


def relatedness_matrix(request: Request) -> Outcome:
    """relatedness: relatedness of each pair of activities.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> relatedness_matrix(Request(jobs, "region", *[None] * 5, Choices())).table.values[0].tolist()
    ['X', 0.0, 0.5, 0.0]
    """
    choices, present = request.choices, presence_of(request)
    phi = _relatedness(request, present)
    summary = {"measure": choices.measure, "diagonal": choices.diagonal, **present.summary}
    return Outcome(phi.reset_index(names="activity"), summary)


def density(request: Request) -> Outcome:
    """density: relatedness density of every region and activity.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> density(Request(jobs, "region", *[None] * 5, Choices())).table.values[0].tolist()
    ['A', 100.0, 50.0, 100.0]
    """
    present = presence_of(request)
    found = relatedness_density(
        present.matrix,
        _relatedness(request, present),
        nearest=request.choices.nearest,
        report=request.choices.report or None,
    )
    summary = {"measure": request.choices.measure, "nearest": request.choices.nearest, **present.summary}
    return Outcome(found.reset_index(names=request.region_heading), summary)


def opportunities(request: Request) -> Outcome:
    """opportunities: activities that a region lacks, the most related first.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> opportunities(Request(jobs, "region", *[None] * 5, Choices())).table.values[-1].tolist()
    ['C', 'Z', 0.0, 2]
    """
    present = presence_of(request)
    phi = _relatedness(request, present)
    report = request.choices.report or None
    around = relatedness_density(present.matrix, phi, nearest=request.choices.nearest, report=report)
    found = diversification_opportunities(present.matrix, around, report=report)
    found = found.drop(columns=["pci", "gain"]).rename(
        columns={"region_code": request.region_heading, "activity_code": "activity"}
    )
    return Outcome(found, {"measure": request.choices.measure, **present.summary})


def complexity_indices(request: Request) -> Outcome:
    """complexity: ECI of regions and PCI of activities, one after the other.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> complexity_indices(Request(jobs, "region", *[None] * 5, Choices())).table.code.tolist()
    ['A', 'B', 'C', 'X', 'Y', 'Z']
    """
    present = presence_of(request)
    result = _complexity(request, present)
    regions = scores("region", result.eci, eci=result.eci, diversity=result.diversity)
    activities = scores("activity", result.pci, pci=result.pci, ubiquity=result.ubiquity)
    found = pd.concat([regions, activities], ignore_index=True)
    order = ["kind", "code", "eci", "diversity", "pci", "ubiquity"]
    return Outcome(found[order], {**_complexity_summary(result), **present.summary})


def regions_complexity(request: Request) -> Outcome:
    """eci: economic complexity index of each region.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> regions_complexity(Request(jobs, "region", *[None] * 5, Choices())).table.eci.round(2).tolist()
    [1.31, -0.19, -1.12]
    """
    present = presence_of(request)
    result = _complexity(request, present)
    found = pd.DataFrame({"eci": result.eci, "diversity": result.diversity})
    return Outcome(
        found.reset_index(names=request.region_heading), {**_complexity_summary(result), **present.summary}
    )


def activities_complexity(request: Request) -> Outcome:
    """pci: complexity index of each activity.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> activities_complexity(Request(jobs, "region", *[None] * 5, Choices())).table.pci.round(2).tolist()
    [-1.12, 0.74, 1.88]
    """
    present = presence_of(request)
    result = _complexity(request, present)
    found = pd.DataFrame({"pci": result.pci, "ubiquity": result.ubiquity})
    return Outcome(found.reset_index(names="activity"), {**_complexity_summary(result), **present.summary})


def fitness(request: Request) -> Outcome:
    """fitness: fitness of regions and complexity of activities, one after the other.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> found = fitness(Request(jobs, "region", *[None] * 5, Choices())).table
    >>> found.code[found.fitness.argmax()]  # which alone has Z
    'A'
    """
    present = presence_of(request)
    result = fitness_complexity(present.matrix, report=request.choices.report or None)
    regions = scores("region", result.fitness, fitness=result.fitness)
    activities = scores("activity", result.complexity, complexity=result.complexity)
    summary = {
        "status": result.status,
        "rounds": result.rounds,
        "order_settled_at": result.order_settled_at,
        "vanishing_regions": [str(region) for region in result.vanishing_regions],
        **present.summary,
    }
    return Outcome(pd.concat([regions, activities], ignore_index=True), summary)


def outlook_index(request: Request) -> Outcome:
    """coi: complexity outlook of each region.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> outlook_index(Request(jobs, "region", *[None] * 5, Choices())).table.coi.round(2).tolist()
    [-1.25, 1.2, 0.05]
    """
    present, result = _outlook(request)
    found = pd.DataFrame({"coi": result.coi, "coi_unscaled": result.coi_unscaled})
    return Outcome(
        found.reset_index(names=request.region_heading), {"origin": request.choices.origin, **present.summary}
    )


def outlook_gain(request: Request) -> Outcome:
    """cog: complexity outlook gain of every region and activity.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> outlook_gain(Request(jobs, "region", *[None] * 5, Choices())).table.Z.round(2).tolist()
    [0.0, 0.0, 0.26]
    """
    present, result = _outlook(request)
    return Outcome(
        result.cog.reset_index(names=request.region_heading),
        {"origin": request.choices.origin, **present.summary},
    )


def presence_of(request: Request) -> Present:
    """Where each activity is present, as asked for.

    Raises:
        BenchmarkInputError: several years; cells of which nobody knows, and no rule for them was asked for.

    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[30, 10], [10, 30]], ["A", "B"], ["C10", "I55"]))
    >>> presence_of(Request(jobs, "region", *[None] * 5, Choices(threshold=1.5))).matrix.values.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    choices = request.choices
    if YEAR in request.table.values.index.names:
        raise BenchmarkInputError("the matrix has several years", where="matrix", todo="Choose one: --year.")
    found = quotients(
        request.table,
        reference=request.reference,
        reference_total=request.reference_total,
        region_totals=request.region_totals,
    )
    # Where nobody works, or none can exist, the activity is absent, whatever the totals are.
    absent = (request.table.values == 0) | (request.table.states == "not_applicable")
    made = presence(
        found.values.mask(absent, 0.0),
        threshold=choices.threshold,
        sizes=request.table.values.mask(absent, 0.0),
        minimum_size=choices.minimum_size,
        states=found.states.mask(absent, "reported"),
    )
    summary: dict[str, Any] = {
        "threshold": choices.threshold,
        "minimum_size": choices.minimum_size,
        "unknown_cells": made.unknown_cells,
    }
    if not made.unknown_cells:
        return Present(made.matrix, summary)
    if grand_total_note(request):
        raise BenchmarkInputError(
            f"of {made.unknown_cells} cells nobody knows whether the activity is present: "
            "hidden or missing cells keep the grand total from being known",
            where="matrix",
            todo=KNOWN_TOTAL,
        )
    if choices.unknown == REFUSE:
        raise BenchmarkInputError(
            f"of {made.unknown_cells} cells nobody knows whether the activity is present",
            where="matrix",
            todo="Pass --region-totals and a --reference that has them all, or leave lines out: --unknown "
            "fewest, regions or activities.",
        )
    if choices.unknown not in get_args(Drop):
        raise BenchmarkInputError(
            f"--unknown is {choices.unknown!r}",
            where="matrix",
            todo=f"Use one of {REFUSE}, {', '.join(get_args(Drop))}.",
        )
    try:
        known = without_unknown(made.matrix, drop=cast(Drop, choices.unknown))
    except BenchmarkInputError as error:
        raise BenchmarkInputError(
            error.what,
            where=f"--unknown {choices.unknown}",
            todo="Pass --region-totals and a --reference that has them all, or --unknown fewest.",
        ) from error
    summary["dropped_regions"] = [str(region) for region in known.dropped_regions]
    summary["dropped_activities"] = [str(activity) for activity in known.dropped_activities]
    return Present(known.matrix, summary)


def _relatedness(request: Request, present: Present) -> pd.DataFrame:
    choices = request.choices
    return relatedness(present.matrix, cast(Measure, choices.measure), diagonal=choices.diagonal)


def _complexity(request: Request, present: Present) -> ComplexityResult:
    anchor = request.choices.anchor
    numbers = None if anchor is None else by_row(read_numbers(anchor, "the anchor"), request.table)
    try:
        return complexity(present.matrix, anchor=numbers, report=request.choices.report or None)
    except StructureDisconnected as error:
        todo = "Leave the lines of all parts but one out of the matrix, or use broader activities."
        raise BenchmarkInputError(error.what, where="complexity", todo=todo) from error
    except SignUndetermined as error:
        todo = "Pass --anchor FILE with columns region, value: what complexity should rise with."
        raise SignUndetermined(error.what, where="complexity", todo=todo) from error


def _outlook(request: Request) -> tuple[Present, OutlookResult]:
    present = presence_of(request)
    result = _complexity(request, present)
    origin = cast(Origin, request.choices.origin)
    return present, outlook(
        present.matrix,
        _relatedness(request, present),
        result.pci,
        origin=origin,
        report=request.choices.report or None,
    )


def _complexity_summary(result: ComplexityResult) -> dict[str, Any]:
    return {
        "eigenvalues": [float(value) for value in result.eigenvalues],
        "relative_eigengap": float(result.relative_eigengap),
        "is_near_degenerate": bool(result.is_near_degenerate),
        "sign_correlation": float(result.sign_correlation),
        "is_sign_weak": bool(result.is_sign_weak),
    }


def scores(kind: str, of: pd.Series, **columns: pd.Series) -> pd.DataFrame:
    """Numbers of regions or of activities, to stand one below the other.

    >>> diversity = pd.Series([2, 1], index=["A", "B"])
    >>> scores("region", diversity, diversity=diversity).values.tolist()
    [['region', 'A', 2], ['region', 'B', 1]]
    """
    values = {name: series.reindex(of.index).to_numpy() for name, series in columns.items()}
    return pd.DataFrame({"kind": kind, "code": of.index, **values})
