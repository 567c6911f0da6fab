"""The summary paragraph: sentences made from cells, each with the documents it rests on.

Belongs here: which sentences a report opens with and when each is true. Does not: their words
(text/<language>.yaml), markup (page). A sentence that the cells do not carry is not written; what is not
known is said as plainly as what is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alp_pipeline.reports.charts import runs
from alp_pipeline.reports.model import REPORTED, Development, Reading, RegionReport, Scope
from alp_pipeline.reports.svg import STATES
from alp_pipeline.reports.wording import Wording

NAMED_ACTIVITIES = 3
EXTREME_RANKS = 5
# Below this many ranked units "among the five highest" says nothing.
RANKED_FOR_EXTREMES = 15


@dataclass(frozen=True)
class Sentence:
    """A sentence, the datasets behind it, and whether it tells what is not known."""

    text: str
    datasets: tuple[str, ...] = ()
    is_limit: bool = False


def summary(report: RegionReport, words: Wording) -> tuple[Sentence, ...]:
    """The sentences of the opening paragraph, in order."""
    if report.scope is None or report.year is None:
        no_benchmark = Sentence(words("summary.no_benchmark", region=report.region.label), (), True)
        return (no_benchmark, *_framework(report, words))
    found = [_known(report, report.scope, report.year, words)]
    if report.has_activity_data:
        found += _strongest(report, report.scope, words)
        found += _change(report, words)
    found += _framework(report, words)
    found += _limits(report, report.year, words)
    return tuple(found)


def _known(report: RegionReport, scope: Scope, year: int, words: Wording) -> Sentence:
    counts = report.state_counts.get(year, {})
    about = {"variable": words.word(scope.variable), "region": report.region.label}
    total = sum(counts.values())
    rest = state_list(counts, words)
    if not total:
        return Sentence(words("summary.no_rows", **about), report.benchmark_datasets, True)
    if not counts.get(REPORTED):
        text = words("summary.nothing", year=year, total=total, parts=rest, **about)
        return Sentence(text, report.benchmark_datasets, True)
    text = words(
        "summary.known",
        year=year,
        reported=words.number(counts[REPORTED]),
        total=words.number(total),
        rest=words("summary.known_rest", parts=rest) if rest else "",
        **about,
    )
    return Sentence(text, report.benchmark_datasets)


def state_list(counts: Mapping[str, int], words: Wording) -> str:
    """How many cells stand in each state other than reported: '2 are confidential and 1 is not available'."""
    return words.join(
        [words.counted(f"summary.state_part.{state}", n) for state in STATES if (n := counts.get(state, 0))]
    )


def _strongest(report: RegionReport, scope: Scope, words: Wording) -> list[Sentence]:
    named = report.ranked[:NAMED_ACTIVITIES]
    if not named:
        return [Sentence(words("summary.none_ranked"), report.benchmark_datasets, True)]
    items = [
        words(
            "summary.strongest_item",
            activity=standing.activity.label,
            quotient=words.quotient(standing.location_quotient.value or 0.0),
            rank=standing.rank,
            count=standing.ranked_count,
        )
        for standing in named
    ]
    text = words("summary.strongest", reference=scope.reference_label, list=words.join(items))
    found = [Sentence(text, report.benchmark_datasets)]
    hidden = sum(standing.reference_hidden_cells for standing in named)
    missing = sum(standing.reference_missing_cells for standing in named)
    if hidden or missing:
        counted = (("summary.reference_gaps_hidden", hidden), ("summary.reference_gaps_missing", missing))
        parts = words.join([words(key, n=words.number(n)) for key, n in counted if n])
        gaps = words("summary.reference_gaps", parts=parts)
        found.append(Sentence(gaps, report.benchmark_datasets, True))
    if any(standing.stars for standing in report.standings):
        certain, open_ = star_counts(report)
        settled = words.counted("summary.stars_open", open_) if open_ else words("summary.stars_settled")
        text = f"{words.counted('summary.stars', certain)}; {settled}."
        found.append(Sentence(text, report.benchmark_datasets))
    return found


def star_counts(report: RegionReport) -> tuple[int, int]:
    """Divisions that meet all criteria with certainty, and further ones that may."""
    judged = [standing.stars for standing in report.standings if standing.stars]
    used = [[v for v in (s.size, s.specialisation, s.focus) if v is not None] for s in judged]
    certain = sum(bool(verdicts) and set(verdicts) == {"yes"} for verdicts in used)
    possible = sum(bool(verdicts) and "no" not in verdicts for verdicts in used)
    return certain, possible - certain


def _change(report: RegionReport, words: Wording) -> list[Sentence]:
    """The longest-standing comparison of the strongest activity: within its last unbroken run of years."""
    if not report.developments:
        return []
    development = report.developments[0]
    activity = development.activity.label
    span = _last_run(development)
    if span is None:
        return [Sentence(words("summary.no_change", activity=activity), report.benchmark_datasets, True)]
    first, last = span
    before, after = development.cells[first].value or 0.0, development.cells[last].value or 0.0
    values = {"activity": activity, "first": first, "last": last, "to_value": words.number(after)}
    if before == after or not before:
        return (
            [Sentence(words("summary.same", **values), report.benchmark_datasets)] if before == after else []
        )
    text = words(
        "summary.change",
        direction=words("summary.rose" if after > before else "summary.fell"),
        change=words.percent(abs(100 * (after - before) / before)),
        from_value=words.number(before),
        **values,
    )
    return [Sentence(text, report.benchmark_datasets)]


def _last_run(development: Development) -> tuple[int, int] | None:
    long = [run for run in runs(development.cells) if len(run) > 1]
    return (long[-1][0], long[-1][-1]) if long else None


def _framework(report: RegionReport, words: Wording) -> list[Sentence]:
    readings = report.readings
    if not readings:
        return [Sentence(words("summary.framework_none"), (), True)]
    known = [reading for reading in readings if reading.own.is_reported]
    # That a large region has large totals is no news.
    relative = [reading for reading in known if not reading.indicator.is_extensive]
    wide = [reading for reading in relative if len(reading.values) >= RANKED_FOR_EXTREMES]
    top = [reading for reading in wide if (reading.rank or 0) <= EXTREME_RANKS]
    bottom = [reading for reading in wide if _rank_from_below(reading) <= EXTREME_RANKS]
    said = []
    if top:
        said.append(words("summary.framework_top", list=_labels(top, words)))
    if bottom:
        key = "summary.framework_bottom" if top else "summary.framework_bottom_only"
        said.append(words(key, list=_labels(bottom, words)))
    text = words(
        "summary.framework",
        n=len(readings),
        known=len(known),
        extremes=f"; {words.join(said)}" if said else "",
    )
    documents = {document for reading in known for document in reading.document_ids}
    datasets = tuple(s.dataset_id for s in report.sources if documents & {d.document_id for d in s.documents})
    return [Sentence(text, datasets)]


def _rank_from_below(reading: Reading) -> int:
    own = reading.own.value
    return 1 + sum(own is not None and value < own for value in reading.values.values())


def _labels(readings: Sequence[Reading], words: Wording) -> str:
    marks = {True: "", False: f", {words.word('to verify')}"}
    return words.join([f"{r.indicator.label} ({r.period}{marks[r.indicator.is_verified]})" for r in readings])


def _limits(report: RegionReport, year: int, words: Wording) -> list[Sentence]:
    found = []
    members = report.perimeter.members
    without = [m.label for m in members if not report.coverage.get(m.code, {}).get(REPORTED)]
    if report.newest_own_year and report.newest_own_year > year:
        text = words(
            "summary.newest",
            newest=report.newest_own_year,
            region=report.region.label,
            n=report.newest_covered_regions,
            total=len(members),
        )
        found.append(Sentence(text, report.benchmark_datasets, True))
    if without:
        values = {"n": len(without), "total": len(members), "year": year, "names": words.join(without)}
        values["variable"] = words.word(report.scope.variable) if report.scope else ""
        found.append(Sentence(words("summary.others", **values), report.benchmark_datasets, True))
    else:
        text = words("summary.others_none", total=len(members), year=year)
        found.append(Sentence(text, report.benchmark_datasets))
    return found
