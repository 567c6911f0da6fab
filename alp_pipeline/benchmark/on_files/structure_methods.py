"""Quotients, structure and change of a user's matrix: what a method computes and how it is laid out.

Belongs here: calling the methods of `benchmark` with what was asked for, columns of the result, counts for
the summary. Does not: any formula, files.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.concentration import entropy, hachman, herfindahl, krugman, theil
from alp_pipeline.benchmark.localisation import hoover, locational_gini
from alp_pipeline.benchmark.on_files.outcome import Outcome
from alp_pipeline.benchmark.on_files.request import Request
from alp_pipeline.benchmark.on_files.side_files import by_row, read_numbers
from alp_pipeline.benchmark.quotient_interval import quotient_intervals, sampling_intervals
from alp_pipeline.benchmark.quotients import grand_total, quotients, symmetric_quotients, weighted_quotients
from alp_pipeline.benchmark.shift_share import shift_share, sum_by_region
from alp_pipeline.benchmark.variety import variety

_WORDS = {"confidential": ":c"}
KNOWN_TOTAL = (
    "Pass --reference FILE with all totals, or --reference published if the published cells are meant."
)


def quotient(request: Request) -> Outcome:
    """lq: location quotients.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> quotient(Request(jobs, "region", *[None] * 5, Choices())).table[["C10", "I55"]].values.tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    return _matrix_outcome(request, _quotients(request), **grand_total_note(request))


def symmetric_quotient(request: Request) -> Outcome:
    """symmetric-lq: (LQ - 1) / (LQ + 1).

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> symmetric_quotient(Request(jobs, "region", *[None] * 5, Choices())).table["C10"].round(3).tolist()
    [0.2, -0.333]
    """
    found = _quotients(request)
    symmetric = ActivityTable(symmetric_quotients(found), found.states, found.flags)
    return _matrix_outcome(request, symmetric, **grand_total_note(request))


def weighted_quotient(request: Request) -> Outcome:
    """weighted-lq: quotients against their spread over regions, or jobs above those expected.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> request = Request(jobs, "region", *[None] * 5, Choices(weighting="excess"))
    >>> weighted_quotient(request).table["C10"].tolist()  # 30 jobs where 20 were expected
    [10.0, -10.0]
    """
    choices = request.choices
    found = weighted_quotients(
        request.table,
        weighting=choices.weighting,
        among_published=choices.among_published,
        reference=request.reference,
        reference_total=request.reference_total,
        region_totals=request.region_totals,
    )
    return _matrix_outcome(request, found, weighting=choices.weighting, **grand_total_note(request))


def quotient_interval(request: Request) -> Outcome:
    """lq-interval: bounds from hidden cells and rounding, or sampling intervals.

    Raises:
        BenchmarkInputError: an unknown interval.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> found = quotient_interval(Request(jobs, "region", *[None] * 5, Choices())).table.head(1)
    >>> found[["location_quotient", "lower", "upper"]].values.tolist()  # cells rounded to 1
    [[1.5, 1.475, 1.525]]
    """
    choices, totals = request.choices, totals_given(request)
    if choices.interval == "sampling":
        found = sampling_intervals(
            request.table,
            confidence=choices.confidence,
            persons_per_draw=choices.persons_per_draw,
            **totals,
        )
    elif choices.interval == "bounds":
        found = quotient_intervals(
            request.table, published=request.published, rounding=choices.rounding, **totals
        )
    else:
        raise BenchmarkInputError(
            f"the interval is {choices.interval!r}", where="lq-interval", todo="Use one of bounds, sampling."
        )
    named = found.rename(columns={found.columns[0]: request.region_heading})
    note = grand_total_note(request)
    return _bounded(request, named, ("lower", "upper"), interval=choices.interval, **note)


def herfindahl_of(request: Request) -> Outcome:
    """herfindahl: Σ p².

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> herfindahl_of(Request(jobs, "region", *[None] * 5, Choices())).table["herfindahl"].round(9).tolist()
    [0.625, 0.625]
    """
    return by_region(request, herfindahl(request.table, published=request.published))


def entropy_of(request: Request) -> Outcome:
    """entropy: -Σ p log p.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [10, 40], "I55": [10, 0]}, index=["AT33", "ITH1"]))
    >>> entropy_of(Request(jobs, "region", *[None] * 5, Choices())).table["entropy"].tolist()
    [1.0, 0.0]
    """
    base = 2.0 if request.choices.base is None else request.choices.base
    return by_region(request, entropy(request.table, base=base, published=request.published), base=base)


def theil_of(request: Request) -> Outcome:
    """theil: Σ p log(p/q).

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [10, 40], "I55": [10, 0]}, index=["AT33", "ITH1"]))
    >>> request = Request(jobs, "region", *[None] * 5, Choices(base=2, against="uniform"))
    >>> theil_of(request).table["theil"].tolist()
    [0.0, 1.0]
    """
    base = float(np.e) if request.choices.base is None else request.choices.base
    found = theil(
        request.table,
        reference=request.reference,
        against=request.choices.against,
        base=base,
        published=request.published,
    )
    return by_region(request, found, base=base, against=request.choices.against)


def krugman_of(request: Request) -> Outcome:
    """krugman: Σ |p - q|, and half of it.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> krugman_of(Request(jobs, "region", *[None] * 5, Choices())).table["krugman"].round(9).tolist()
    [0.5, 0.5]
    """
    return by_region(
        request, krugman(request.table, reference=request.reference, published=request.published)
    )


def hachman_of(request: Request) -> Outcome:
    """hachman: 1 / Σ (p²/q).

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> hachman_of(Request(jobs, "region", *[None] * 5, Choices())).table["hachman"].round(9).tolist()
    [0.8, 0.8]
    """
    return by_region(
        request, hachman(request.table, reference=request.reference, published=request.published)
    )


def variety_of(request: Request) -> Outcome:
    """variety: related and unrelated variety.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [10], "C28": [10], "I55": [20]}, index=["AT33"]))
    >>> request = Request(jobs, "region", {"C10": "C", "C28": "C", "I55": "I"}, *[None] * 4, Choices())
    >>> variety_of(request).table[["unrelated_variety", "related_variety"]].values.tolist()
    [[1.0, 0.5]]
    """
    base = 2.0 if request.choices.base is None else request.choices.base
    groups: dict[Hashable, Hashable] = {
        code: (request.groups or {}).get(code) for code in request.table.values.columns
    }
    found = variety(request.table, groups, base=base, published=request.published)
    bounds = ("related_lower", "related_upper", "entropy_lower", "entropy_upper")
    return by_region(request, found, bounds=bounds, base=base)


def gini_of(request: Request) -> Outcome:
    """gini: the locational Gini of each activity.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> gini_of(Request(jobs, "region", *[None] * 5, Choices())).table["locational_gini"].round(9).tolist()
    [0.25, 0.25]
    """
    return _by_activity(locational_gini(request.table, region_totals=request.region_totals))


def hoover_of(request: Request) -> Outcome:
    """hoover: per cent of an activity that would have to move.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "I55": [10, 30]}, index=["AT33", "ITH1"]))
    >>> hoover_of(Request(jobs, "region", *[None] * 5, Choices())).table["hoover"].tolist()
    [25.0, 25.0]
    """
    population = request.choices.population
    people = None if population is None else by_row(read_numbers(population, "population"), request.table)
    return _by_activity(hoover(request.table, population=request.region_totals if people is None else people))


def shift_share_of(request: Request) -> Outcome:
    """shift-share: what reference, activity and region account for in a change.

    Raises:
        BenchmarkInputError: the matrix or the reference has one year.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> rows = pd.MultiIndex.from_product([["AT33"], [2013, 2014]], names=["region", "year"])
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 33], "I55": [10, 15]}, index=rows))
    >>> found = shift_share_of(Request(jobs, "region", *[None] * 5, Choices())).table
    >>> found[["change", "national_share", "industry_mix", "regional_shift"]].values.tolist()
    [[3.0, 6.0, -3.0, 0.0], [5.0, 2.0, 3.0, 0.0]]
    """
    choices = request.choices
    years, _ = request.table.periods
    if years.name != YEAR:
        raise BenchmarkInputError(
            "the matrix has one year", where="shift-share", todo="Pass a matrix with years, or two matrices."
        )
    first = int(years.min()) if choices.first_year is None else choices.first_year
    last = int(years.max()) if choices.last_year is None else choices.last_year
    reference = request.reference
    if isinstance(reference, pd.Series):
        raise BenchmarkInputError(
            "it has no years", where="reference", todo="Pass totals of the first and the last year."
        )
    totals, variant = request.reference_total, choices.variant or "classic"
    found = shift_share(
        request.table,
        first_year=first,
        last_year=last,
        variant=variant,
        reference=reference,
        reference_totals=totals if isinstance(totals, pd.Series) else None,
        region_totals=request.region_totals,
    )
    written = sum_by_region(found) if choices.by_region else found
    return Outcome(
        written.rename(columns={"region": request.region_heading}),
        {"first_year": first, "last_year": last, "variant": variant, **states_of(written["state"])},
    )


def _matrix_outcome(request: Request, found: ActivityTable, **summary: Any) -> Outcome:
    """A number per cell: a column per activity, or with `long` a row per cell with its state.

    In the wide form a confidential cell is `:c`, one that totals leave open is `undetermined`, others are
    empty.
    """
    summary |= states_of(pd.Series(_words(request, found).to_numpy().ravel()))
    rows = _row_labels(request)
    if request.choices.long:
        labels = rows.loc[np.repeat(np.arange(len(rows)), found.values.shape[1])].reset_index(drop=True)
        long = labels.assign(
            activity=np.tile(found.values.columns, len(rows)),
            value=found.values.to_numpy().ravel(),
            state=_words(request, found).to_numpy().ravel(),
        )
        return Outcome(long, summary)
    words = _words(request, found)
    marks = words.map(lambda word: {**_WORDS, "undetermined": "undetermined"}.get(word, ""))
    table = pd.concat([rows, found.values.reset_index(drop=True)], axis=1)
    texts = pd.concat([rows.map(lambda _: ""), marks.reset_index(drop=True)], axis=1)
    return Outcome(table, summary, words=texts)


def by_region(
    request: Request, found: pd.DataFrame, *, bounds: tuple[str, ...] = ("lower", "upper"), **summary: Any
) -> Outcome:
    """Figures of each row.

    Args:
        found: a row for each of the table, with the column state. bounds: its columns that may be internal.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30]}, index=["AT33"]))
    >>> found = pd.DataFrame({"share": [np.nan], "lower": [0.1], "upper": [0.5], "state": ["confidential"]})
    >>> by_region(Request(jobs, "region", *[None] * 5, Choices(public=True)), found).table.values.tolist()
    [['AT33', nan, nan, nan, 'confidential']]
    """
    table = pd.concat([_row_labels(request), found.reset_index(drop=True)], axis=1)
    return _bounded(request, table, bounds, **summary)


def grand_total_note(request: Request) -> dict[str, str]:
    """For the summary: the grand total is not known, and which option says what is meant; else nothing.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, None]}, index=["AT33", "ITH1"]))
    >>> list(grand_total_note(Request(jobs, "region", *[None] * 5, Choices())))
    ['grand_total']
    >>> grand_total_note(Request(jobs, "region", *[None] * 3, 45.0, None, Choices()))
    {}
    """
    whole, _ = grand_total(request.table, request.reference, request.reference_total)
    if not np.isnan(whole).any():
        return {}
    return {"grand_total": f"not known, a cell is hidden or missing. {KNOWN_TOTAL}"}


def states_of(states: pd.Series) -> Mapping[str, Any]:
    """How many figures there are, and how many are not, by reason.

    >>> states_of(pd.Series(["reported", "confidential", "reported"]))
    {'states': {'confidential': 1, 'reported': 2}}
    """
    counts = states.value_counts().sort_index()
    return {"states": {str(state): int(count) for state, count in counts.items()}}


def _bounded(request: Request, table: pd.DataFrame, bounds: tuple[str, ...], **summary: Any) -> Outcome:
    """Bounds beside a state other than reported are internal; with `public` they stay out."""
    hidden = table["state"] != "reported"
    internal = bool(table.loc[hidden, list(bounds)].notna().any(axis=None))
    if request.choices.public and internal:
        table = table.assign(**{name: table[name].mask(hidden) for name in bounds})
        internal = False
    visible = "internal" if internal else "public"
    return Outcome(table, {**summary, "bounds": visible, **states_of(table["state"])}, internal=internal)


def _by_activity(found: pd.DataFrame) -> Outcome:
    names = list(found.index.names) if isinstance(found.index, pd.MultiIndex) else ["activity"]
    table = found.reset_index(names=["activity", *names[1:]])
    return Outcome(table, states_of(table["state"]))


def _quotients(request: Request) -> ActivityTable:
    return quotients(request.table, **totals_given(request))


def totals_given(request: Request) -> dict[str, Any]:
    """The totals that were passed, as the methods of `quotients` take them.

    >>> from alp_pipeline.benchmark.on_files.request import Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30]}, index=["AT33"]))
    >>> totals_given(Request(jobs, "region", *[None] * 3, 45.0, None, Choices()))
    {'reference': None, 'reference_total': 45.0, 'region_totals': None}
    """
    return {
        "reference": request.reference,
        "reference_total": request.reference_total,
        "region_totals": request.region_totals,
    }


def _row_labels(request: Request) -> pd.DataFrame:
    index = request.table.values.index
    frame = index.to_frame(index=False)
    return frame.set_axis([request.region_heading, *list(index.names)[1:]], axis=1)


def _words(request: Request, found: ActivityTable) -> pd.DataFrame:
    """States of figures: a published cell whose totals hide something is undetermined, not confidential."""
    open_totals = (found.states == "confidential") & (request.table.states != "confidential")
    return found.states.mask(open_totals, "undetermined")
