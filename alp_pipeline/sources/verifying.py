"""Holding a catalogue entry against the live table, and writing the entry that a person may commit.

Belongs here: columns, periods, the words, the entry. Does not: codes (named_codes), asking (the families),
deciding: an entry becomes `verified` when a person commits it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from alp_pipeline.catalog.access import Layout
from alp_pipeline.catalog.models import PACKAGE_ORIGIN, DatasetEntry, IndicatorEntry
from alp_pipeline.errors import AlpError
from alp_pipeline.observations.periods import normalised_period, period_in_form
from alp_pipeline.observations.placement import placed, single_blanks, spelling
from alp_pipeline.sources.family import Description
from alp_pipeline.sources.named_codes import FREQUENCY, CodesFound, dimension_of, hold_codes

_FORMS: Final = {"A": "years", "S": "half-years", "Q": "quarters", "M": "months", "W": "weeks", "D": "days"}
_SITE_FILE: Final = "datasets.yaml"


@dataclass(frozen=True)
class Verification:
    """What came of looking at one table.

    Args:
        agrees: nothing differs, and everything that the entry names could be looked at.
        differences: between entry and table.
        unchecked: what the entry says and the service does not tell: a person must look.
        remarks: worth knowing, no difference.
        swiss_regions, liechtenstein: whether there are such codes; None where geo lists no codes.
        latest_period: the newest, as the observation table spells it.
        entry: as YAML, `verified: true` where it agrees; else it keeps its notes.
        origin: of the entry that was looked at.
        is_fixed: the package's own entry, verified: a site's cannot take its place.
    """

    dataset_id: str
    description: Description
    agrees: bool
    differences: tuple[str, ...]
    unchecked: tuple[str, ...]
    remarks: tuple[str, ...]
    swiss_regions: bool | None
    liechtenstein: bool | None
    latest_period: str | None
    entry: str
    origin: str
    is_fixed: bool

    def file(self, site_catalog: Path) -> str | None:
        """The file of the site that the entry is to be put into; None where no site may."""
        if self.is_fixed:
            return None
        return str(site_catalog / (_SITE_FILE if self.origin == PACKAGE_ORIGIN else self.origin))


def verify(
    dataset: DatasetEntry, live: Description, indicators: Sequence[IndicatorEntry] = ()
) -> Verification:
    """Compare an entry with the live table: columns, every code that it names, the latest period.

    Args:
        indicators: those that read the dataset; the codes that they select must be there.

    Raises:
        AlpError: a code table of the layout that cannot be read.
    """
    codes = hold_codes(dataset, live, indicators)
    latest = _latest_period(dataset, live)
    differences = (*_of_columns(dataset, live), *codes.differences, *_of_period(dataset, live, latest))
    unchecked = _unchecked(dataset, live, codes, latest)
    agrees = not differences and not unchecked
    return Verification(
        dataset_id=dataset.id,
        description=live,
        agrees=agrees,
        differences=differences,
        unchecked=unchecked,
        remarks=codes.remarks,
        swiss_regions=codes.swiss_regions,
        liechtenstein=codes.liechtenstein,
        latest_period=latest,
        entry=_entry(dataset, live, indicators, latest, agrees=agrees, differs=bool(differences)),
        origin=dataset.origin,
        is_fixed=dataset.origin == PACKAGE_ORIGIN and dataset.verified,
    )


def _unchecked(
    dataset: DatasetEntry, live: Description, codes: CodesFound, latest: str | None
) -> tuple[str, ...]:
    said = [f"codes of {column} could not be checked: the service lists none" for column in codes.unchecked]
    if dataset.latest_expected_period and not (latest or live.latest_period):
        said.append("the latest period could not be checked: the service tells none")
    return tuple(said)


# -- columns --------------------------------------------------------------------------------------------


def _of_columns(dataset: DatasetEntry, live: Description) -> list[str]:
    if dataset.layout is not None and dataset.layout.columns:
        return _of_layout(dataset, dataset.layout, live)
    exact = dataset.access.family == "pxweb"
    expected = set(dataset.access.variables) if dataset.access.family == "pxweb" else set(dataset.dimensions)
    names = {(name if exact else dimension_of(dataset, name)): name for name in live.columns}
    optional = set() if dataset.access.family == "eurostat" else set(dataset.default_codes)
    missing, extra = expected - set(names) - optional, set(names) - expected - {"time"}
    said = [f"the table has no column {name}" for name in sorted(missing)]
    return said + [f"the entry does not know the table's column {names[name]}" for name in sorted(extra)]


def _of_layout(dataset: DatasetEntry, layout: Layout, live: Description) -> list[str]:
    """The readers' own rule, so that a table that agrees here is one that they place."""
    try:
        placed(dataset.shape(), layout.for_readers(), list(live.columns), where=dataset.id)
    except AlpError as error:
        return [error.what]
    return []


# -- periods --------------------------------------------------------------------------------------------


def _spelled(dataset: DatasetEntry) -> Callable[[str], str | None]:
    """How the readers of the dataset spell a published period."""
    if dataset.layout is None or not dataset.layout.columns:
        return normalised_period
    return spelling(dataset.shape(), dataset.layout.for_readers())


def _latest_period(dataset: DatasetEntry, live: Description) -> str | None:
    """The newest period as the observation table spells it; None where there is none or it is no period."""
    layout, spelled = dataset.layout, _spelled(dataset)
    if layout is not None and layout.columns and layout.value is None:
        kept = [single_blanks(name) for name in live.columns if name not in (*layout.columns, *layout.ignore)]
        return max(filter(None, map(spelled, kept)), default=None)
    told = live.latest_period or ""
    period = spelled(told) or normalised_period(told)
    wanted = FREQUENCY.get(dataset.cadence.value)
    if period and wanted and dataset.access.family == "sdmx" and _form(period) == "D":
        # The end of the time range that an SDMX constraint tells: a day, whatever the frequency.
        return period_in_form(period, "%Y-%m-%d", wanted)
    return period


def _form(period: str) -> str:
    """The letter of a period's frequency.

    >>> [_form(period) for period in ("2024", "2024-S1", "2024-Q1", "2024-01", "2024-W01", "2024-01-31")]
    ['A', 'S', 'Q', 'M', 'W', 'D']
    """
    part = period[5:]
    return part[0] if part[:1].isalpha() else {0: "A", 2: "M"}.get(len(part), "D")


def _has_form(dataset: DatasetEntry, live: Description, latest: str) -> bool:
    """Whether a period is of the entry's cadence. A table of several frequencies need not end with it."""
    wanted = FREQUENCY.get(dataset.cadence.value, _form(latest))
    offered = next(
        (codes for name, codes in live.columns.items() if dimension_of(dataset, name) == "freq"), ()
    )
    return _form(latest) == wanted or (len(offered) > 1 and wanted in offered)


def _of_period(dataset: DatasetEntry, live: Description, latest: str | None) -> list[str]:
    expected = dataset.latest_expected_period
    if latest is None:
        told = live.latest_period
        return [f"its latest period is {told!r}, which the readers do not take for a period"] if told else []
    if not _has_form(dataset, live, latest):
        return [f"its periods are {_FORMS[_form(latest)]} ({latest}), the entry is {dataset.cadence.value}"]
    if expected and latest < expected:
        return [f"its latest period is {latest}, the entry expects {expected}: a dead series?"]
    return []


# -- the entry and the words ----------------------------------------------------------------------------


def _entry(
    dataset: DatasetEntry,
    live: Description,
    indicators: Sequence[IndicatorEntry],
    latest: str | None,
    *,
    agrees: bool,
    differs: bool,
) -> str:
    import yaml

    body: dict[str, Any] = dataset.model_dump(mode="json", exclude_defaults=True, exclude={"origin"})
    access = dataset.access.model_dump(mode="json", exclude_defaults=True)
    body["access"] = {"family": dataset.access.family, **access}
    body["dimensions"] = _dimensions(dataset, live, indicators)
    if latest and _has_form(dataset, live, latest):
        body["latest_expected_period"] = latest
    body["verified"] = agrees or (dataset.verified and not differs)
    # What is to be verified may be the licence, which no service tells: only a person takes that off.
    notes = [note for note in dataset.notes if not (agrees and note.lower().startswith("assumed:"))]
    body["notes"] = notes
    body = {name: body[name] for name in DatasetEntry.model_fields if name in body}
    return yaml.safe_dump([body], sort_keys=False, allow_unicode=True, width=110)


def _dimensions(dataset: DatasetEntry, live: Description, indicators: Sequence[IndicatorEntry]) -> list[str]:
    """Eurostat's table in its own order; the entry's where the other would make the catalogue unreadable."""
    own = list(dataset.dimensions)
    found = [name for name in (dimension_of(dataset, column) for column in live.columns) if name != "time"]
    if dataset.access.family != "eurostat" or not found:
        return own
    found = found if "freq" in found else ["freq", *found]
    open_to_terms = {"freq", "geo"}
    for term in (term for indicator in indicators for term in indicator.terms.values()):
        closed = set(found) - open_to_terms - ({dataset.activity_dimension} if term.by_activity else set())
        if term.dataset == dataset.id and set(term.select) - open_to_terms != closed:
            return own
    try:
        DatasetEntry.model_validate(dataset.model_dump(mode="json") | {"dimensions": found})
    except ValidationError:
        return own
    return found


def as_text(verifications: Sequence[Verification], site_catalog: Path) -> str:
    """What was found, then the entries to commit and the files to put them into."""
    return "\n\n".join(_block(found, site_catalog) for found in verifications)


def _block(found: Verification, site_catalog: Path) -> str:
    judged = "differs from" if found.differences else "could not be checked in full against"
    judged = "agrees with" if found.agrees else judged
    lines = [f"{found.dataset_id}: {judged} the live table"]
    lines += [f"  - {text}" for text in (*found.differences, *found.unchecked)]
    lines += [f"  (no difference: {remark})" for remark in found.remarks]
    told = found.latest_period or found.description.latest_period or "unknown"
    lines.append(f"  latest period {told}")
    lines.append(f"  Swiss regions: {_yes(found.swiss_regions)}, Liechtenstein: {_yes(found.liechtenstein)}")
    file = found.file(site_catalog)
    if file is None and found.agrees:
        lines.append("  nothing to commit: the package's entry is verified")
    elif file is None:
        lines.append(f"  a verified entry of the package, to be corrected there:\n{found.entry.rstrip()}")
    else:
        whose = "the package's entry" if found.origin == PACKAGE_ORIGIN else "the entry there"
        lines.append(f"  to commit, into {file}; it takes the place of {whose}:\n{found.entry.rstrip()}")
    return "\n".join(lines)


def _yes(answer: bool | None) -> str:
    return "unknown" if answer is None else "yes" if answer else "no"
