"""Holding a catalogue entry against the live table, and writing the entry that a person may commit.

Belongs here: the comparison and its words. Does not: asking (the families), deciding: an entry becomes
`verified` when a person commits it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.family import Description


@dataclass(frozen=True)
class Verification:
    """What came of looking at one table.

    Args:
        differences: between entry and table; none means that the entry may be marked verified.
        entry: the entry as YAML, with the table's dimensions and `verified: true` where nothing differs.
    """

    dataset_id: str
    description: Description
    differences: tuple[str, ...]
    entry: str


def verify(dataset: DatasetEntry, live: Description) -> Verification:
    """Compare an entry with the live table: dimensions, codes that the entry names, latest period."""
    differences = [*_of_columns(dataset, live), *_of_codes(dataset, live), *_of_period(dataset, live)]
    return Verification(dataset.id, live, tuple(differences), _entry(dataset, live, agreed=not differences))


def _expected(dataset: DatasetEntry) -> tuple[str, ...]:
    """The columns that the entry says the table has, in the table's own words."""
    if dataset.layout is not None and dataset.layout.columns:
        layout = dataset.layout
        single = (layout.time, layout.value, layout.flags)
        return (*layout.columns, *(name for name in single if name))
    if dataset.access.family == "pxweb":
        return tuple(dataset.access.variables)
    back = {here: there for there, here in dataset.dimension_aliases.items()}
    return tuple(back.get(name, name) for name in dataset.dimensions)


def _of_columns(dataset: DatasetEntry, live: Description) -> list[str]:
    expected = {name.lower() for name in _expected(dataset)} - {"time_period", "time"}
    found = {name.lower() for name in live.columns} - {"time_period", "time"}
    optional = {"freq"} if dataset.access.family != "eurostat" else set()
    ignored = {name.lower() for name in dataset.layout.ignore} if dataset.layout else set()
    missing, extra = expected - found - optional, found - expected - ignored
    if dataset.layout and "*" in dataset.layout.ignore:
        extra = set()
    said = [f"the table has no column {name}" for name in sorted(missing)]
    return said + [f"the entry does not know the table's column {name}" for name in sorted(extra)]


def _of_codes(dataset: DatasetEntry, live: Description) -> list[str]:
    listed = {name.lower(): set(codes) for name, codes in live.columns.items() if codes}
    said = []
    for dimension, codes in dataset.filters.items():
        absent = sorted(set(codes) - listed[dimension]) if dimension in listed else []
        if absent:
            said.append(f"{dimension}: the table has no code {', '.join(absent)}")
    return said


def _of_period(dataset: DatasetEntry, live: Description) -> list[str]:
    expected, found = dataset.latest_expected_period, live.latest_period
    if expected and found and found < expected:
        return [f"its latest period is {found}, the entry expects {expected}: a dead series?"]
    return []


def _entry(dataset: DatasetEntry, live: Description, *, agreed: bool) -> str:
    import yaml

    body: dict[str, Any] = dataset.model_dump(mode="json", exclude_defaults=True, exclude={"origin"})
    body["access"] = dataset.access.model_dump(mode="json", exclude_defaults=True) | {
        "family": dataset.access.family
    }
    if dataset.access.family == "eurostat" and live.columns:
        found = [name.lower() for name in live.columns if name.lower() not in ("time_period", "time")]
        body["dimensions"] = found if "freq" in found else ["freq", *found]
    if live.latest_period:
        body["latest_expected_period"] = live.latest_period
    body["verified"] = agreed
    assumed = ("assumed:", "to verify:")
    notes = [note for note in dataset.notes if not (agreed and note.lower().startswith(assumed))]
    body["notes"] = notes
    return yaml.safe_dump([body], sort_keys=False, allow_unicode=True, width=110)


def as_text(verifications: Sequence[Verification]) -> str:
    """What was found, then the entries to commit."""
    blocks = []
    for found in verifications:
        head = f"{found.dataset_id}: " + (
            "agrees with the live table" if not found.differences else "differs from the live table"
        )
        lines = [head, *(f"  - {difference}" for difference in found.differences)]
        lines.append(f"  latest period {found.description.latest_period or 'unknown'}")
        lines.append("  entry to commit (datasets.yaml):\n" + found.entry.rstrip())
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
