"""Clusters and regions of a user's matrix: strength by a scheme, resilience, the method of reflections.

Belongs here: calling these methods of `benchmark` with what was asked for, columns of the result.
Does not: any formula, files but a scheme's rows, schemes by name (whoever has a catalogue).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, reference_of
from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.reflections import reflections, reflections_agreement
from alp_pipeline.benchmark.composite.files import read_table
from alp_pipeline.benchmark.on_files.complexity_methods import presence_of, scores
from alp_pipeline.benchmark.on_files.outcome import Outcome
from alp_pipeline.benchmark.on_files.request import Request
from alp_pipeline.benchmark.on_files.structure_methods import (
    by_region,
    grand_total_note,
    states_of,
    totals_given,
)
from alp_pipeline.benchmark.quotients import quotients, region_totals_of
from alp_pipeline.benchmark.recovery import Downturn, recovery
from alp_pipeline.benchmark.resilience import diversity, volatility
from alp_pipeline.benchmark.stars import StarScheme
from alp_pipeline.benchmark.strength import cluster_strength


def strength(request: Request) -> Outcome:
    """strength: stars of every regional activity by a scheme, least and most.

    Raises:
        BenchmarkInputError: no scheme was named; a row of its file that is no criterion.

    >>> from alp_pipeline.benchmark.activity_table import ActivityTable
    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> scheme = StarScheme.from_rows([{"scheme_id": "lq", "version": "1", "criterion": "specialisation",
    ...                                 "rule": "threshold", "value": "1.5"}])
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> strength(Request(jobs, "region", *[None] * 5, Choices(scheme=scheme))).table["stars_min"].tolist()
    [1, 0, 0, 1]
    """
    scheme = _scheme(request.choices.scheme)
    table = request.table
    totals, _ = region_totals_of(table, request.region_totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(totals[:, None] > 0, 100 * table.x / totals[:, None], np.nan)
    quotient = quotients(table, **totals_given(request)).x
    cells = _cells(request, location_quotient=quotient, focus_pct=share)
    found = cluster_strength(cells, scheme)
    known = cells.sort_values(["region_code", "activity_code", "year"], ignore_index=True)
    for name in ("value", "location_quotient", "focus_pct", "cell_state"):
        found[name] = known[name]
    summary = {
        "scheme": scheme.scheme_id,
        "version": scheme.version,
        "to_verify": [f"{c.criterion} {name}" for c in scheme.criteria for name in c.to_verify],
        "unjudged": [f"{c.criterion} needs {need}" for c in scheme.criteria for need in c.needs],
        "stars": {str(n): int(k) for n, k in found["stars_min"].value_counts().sort_index().items()},
    }
    return Outcome(_named(request, found), {**summary, **grand_total_note(request)})


def diversity_of(request: Request) -> Outcome:
    """diversity: evenness, effective number of activities and concentration of each region.

    >>> from alp_pipeline.benchmark.activity_table import ActivityTable
    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [10, 40], "I55": [10, 0]}, index=["AT33", "ITH1"]))
    >>> diversity_of(Request(jobs, "region", *[None] * 5, Choices())).table["effective_activities"].tolist()
    [2.0, 1.0]
    """
    return by_region(request, diversity(request.table), bounds=())


def volatility_of(request: Request) -> Outcome:
    """volatility: how much each series swings over the years, per cent.

    Raises:
        BenchmarkInputError: the matrix has one year.

    >>> from alp_pipeline.benchmark.activity_table import ActivityTable
    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> rows = pd.MultiIndex.from_product([["AT33"], [2013, 2014, 2015]], names=["region", "year"])
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [100, 110, 99]}, index=rows))
    >>> found = volatility_of(Request(jobs, "region", *[None] * 5, Choices(years_min=2))).table
    >>> found["volatility_pct"].round(2).tolist()  # sample deviation of +10 and -10 per cent
    [14.14]
    """
    how = request.choices.variant or "growth_rates"
    found = volatility(_cells(_with_years(request)), method=how, years_min=request.choices.years_min)
    return Outcome(_named(request, found), {"variant": how, **states_of(found["volatility_state"])})


def recovery_of(request: Request) -> Outcome:
    """recovery: fall, years to return, resistance and recoverability of each series in a downturn.

    Raises:
        BenchmarkInputError: the matrix has one year; years of peak or fall that are none.

    >>> from alp_pipeline.benchmark.activity_table import ActivityTable
    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> rows = pd.MultiIndex.from_product([["AT33"], [2008, 2009, 2010, 2011]], names=["region", "year"])
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [100, 80, 90, 100]}, index=rows))
    >>> choices = Choices(peak_years="2008", fall_years="2009")
    >>> found = recovery_of(Request(jobs, "region", *[None] * 5, choices)).table
    >>> found[["fall_pct", "recovery_years"]].values.tolist()
    [[-20.0, 3]]
    """
    choices, cells = request.choices, _cells(_with_years(request))
    until = int(cells["year"].max()) if choices.until is None else choices.until
    downturn = Downturn(
        "downturn", _span(choices.peak_years, "peak"), _span(choices.fall_years, "fall"), until
    )
    totals, states = reference_of(request.table, request.reference)
    years, _ = request.table.periods
    parts = []
    for place, activity in enumerate(request.table.values.columns):
        area = pd.DataFrame(
            {
                "region_code": "reference",
                "activity_code": str(activity),
                "year": years,
                "value": totals[:, place],
                "cell_state": pd.Index(CELL_STATES).take(states[:, place]),
            }
        )
        own = cells[cells["activity_code"] == str(activity)]
        parts.append(recovery(own, downturn, reference=area))
    found = pd.concat(parts, ignore_index=True).drop(columns="downturn_id")
    spans = {name: list(getattr(downturn, name)) for name in ("peak_years", "fall_years")}
    counts = states_of(found["recovery_state"])
    return Outcome(_named(request, found), {**spans, "until": until, **counts})


def reflections_of(request: Request) -> Outcome:
    """reflections: averages of averages by round, and how close they come to ECI.

    >>> from alp_pipeline.benchmark.activity_table import ActivityTable
    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame([[0, 1, 1], [1, 1, 0], [1, 0, 0]], list("ABC"), list("XYZ")))
    >>> found = reflections_of(Request(jobs, "region", *[None] * 5, Choices(rounds=1))).table
    >>> found.loc[found["code"] == "A", ["k0", "k1"]].values.tolist()  # its ubiquities are 2 and 1
    [[2.0, 1.5]]
    """
    present = presence_of(request)
    found = reflections(present.matrix, rounds=request.choices.rounds)
    columns = [f"k{n}" for n in range(request.choices.rounds + 1)]
    parts = [
        scores(kind, frame[0], **{name: frame[n] for n, name in enumerate(columns)})
        for kind, frame in (("region", found.regions), ("activity", found.activities))
    ]
    try:
        agreement = reflections_agreement(present.matrix, complexity(present.matrix).eci)
        pairs = agreement.itertuples(index=False)
        check: dict[str, object] = {
            "correlation_with_eci_by_round": {str(int(n)): float(r) for n, r in pairs}
        }
    except BenchmarkInputError as error:  # averages there are even where no ECI is
        check = {"no_eci": error.what}
    return Outcome(pd.concat(parts, ignore_index=True), {**check, **present.summary})


def _scheme(asked: "StarScheme | Path | None") -> StarScheme:
    if isinstance(asked, StarScheme):
        return asked
    if asked is None:
        raise BenchmarkInputError(
            "nobody says which scheme",
            where="strength",
            todo="Pass --scheme NAME of the catalogue, or a file.",
        )
    rows = read_table(asked).to_dict("records")
    given = [{str(name): value for name, value in row.items() if value != ""} for row in rows]
    return StarScheme.from_rows(given)


def _span(text: str | None, what: str) -> tuple[int, int]:
    """First and last year of "2007-2008", or of "2008".

    >>> _span("2007-2008", "peak"), _span("2009", "fall")
    ((2007, 2008), (2009, 2009))
    """
    found = re.fullmatch(r"(\d{4})(?:[-:](\d{4}))?", text or "")
    if found is None:
        raise BenchmarkInputError(
            f"the {what} years are {text!r}", where="recovery", todo=f"Pass --{what}-years FIRST-LAST."
        )
    return int(found[1]), int(found[2] or found[1])


def _with_years(request: Request) -> Request:
    if YEAR not in request.table.values.index.names:
        raise BenchmarkInputError(
            "the matrix has one year", where="matrix", todo="Pass a matrix of several years."
        )
    return request


def _cells(request: Request, **statistics: np.ndarray) -> pd.DataFrame:
    """The matrix's cells in the long form, with statistics of the same shape; year 0 where it has none."""
    table = request.table
    index, width = table.values.index, table.values.shape[1]
    years = index.get_level_values(YEAR) if YEAR in index.names else np.zeros(len(index), dtype=np.int64)
    return pd.DataFrame(
        {
            "region_code": np.repeat(index.get_level_values(0).astype(str), width),
            "activity_code": np.tile(table.values.columns.astype(str), len(index)),
            "year": np.repeat(np.asarray(years), width),
            "value": table.x.ravel(),
            "cell_state": table.states.to_numpy().ravel(),
            "obs_status": table.flags.to_numpy().ravel(),
            **{name: numbers.ravel() for name, numbers in statistics.items()},
        }
    )


def _named(request: Request, found: pd.DataFrame) -> pd.DataFrame:
    """A long result under the matrix's own heading, without a year that it does not have."""
    if "year" in found and YEAR not in request.table.values.index.names:
        found = found.drop(columns="year")
    return found.rename(columns={"region_code": request.region_heading, "activity_code": "activity"})
