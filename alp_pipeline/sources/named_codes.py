"""The codes that an entry and its indicators name, held against those that the live table lists.

Belongs here: whose codes are which column's, what the reading maps would make of them. Does not: columns and
periods (verifying), reading documents (observations).

Two spellings meet here. The publisher's: `filters`, PxWeb's `select`, the SDMX `key` and the left side of
`layout.codes`. The catalogue's, behind the maps of the layout: what indicators select, `default_codes`,
value rules.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from alp_pipeline.catalog.access import PxWebAccess, SdmxAccess
from alp_pipeline.catalog.models import DatasetEntry, IndicatorEntry, NestingRule, ValueRule
from alp_pipeline.observations.code_maps import CodeMap, code_maps
from alp_pipeline.observations.placement import single_blanks
from alp_pipeline.sources.family import Description

TIME_NAMES: Final = frozenset({"time", "time_period"})
FREQUENCY: Final = {"annual": "A", "quarterly": "Q", "monthly": "M"}
_SWISS: Final = re.compile(r"CH0[1-7][0-9]?")
_LIECHTENSTEIN: Final = re.compile(r"LI0{2,3}")
_MOST_SHOWN: Final = 12


class Named(NamedTuple):
    """Codes of one dimension and the field of the entry that names them."""

    dimension: str
    codes: tuple[str, ...]
    field: str


@dataclass(frozen=True)
class LiveColumn:
    """A column of the live table that holds a dimension.

    Args:
        listed: its codes as published, () where the service lists none.
        asked: those of them that the entry asks for.
        ours: the same in the catalogue's words, without what the layout sets aside.
        unknown: asked for, but nothing says what they are here.
    """

    name: str
    listed: tuple[str, ...]
    asked: tuple[str, ...]
    ours: frozenset[str]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class CodesFound:
    """What came of it.

    Args:
        differences: a code that is named and not there, or is there and unknown.
        unchecked: columns of which the entry names codes and the service lists none.
        remarks: worth telling, no difference.
        swiss_regions, liechtenstein: whether geo has such a code; None where its codes are not listed.
    """

    differences: tuple[str, ...]
    unchecked: tuple[str, ...]
    remarks: tuple[str, ...]
    swiss_regions: bool | None
    liechtenstein: bool | None


def hold_codes(dataset: DatasetEntry, live: Description, indicators: Sequence[IndicatorEntry]) -> CodesFound:
    """Every code that the entry or an indicator names, against the live table.

    Args:
        indicators: those that read the dataset.

    Raises:
        AlpError: a code table of the layout that cannot be read.
    """
    published = [*_published(dataset, live)]
    ours = [*_selected_by(dataset, indicators), *_defaults(dataset)]
    columns = _columns(dataset, live, published)
    listed = {name: column for name, column in columns.items() if column.listed}
    differences = [
        *_key_problems(dataset, live),
        *_absent(published, {name: column.listed for name, column in listed.items()}, columns),
        *_unknown(columns),
        *_nothing_kept(columns),
        *_absent(ours, {name: column.ours for name, column in listed.items()}, columns),
        *_absent(ours, _single_codes(dataset, columns), columns),
        *_frequency(dataset, columns),
    ]
    rules = [*_rules(dataset)]
    lost, remarks = _held_rules(rules, columns)
    mapped = {*dataset.layout.code_table, *dataset.layout.codes} if dataset.layout else set()
    named = {name.dimension for name in (*published, *ours, *rules)} | mapped
    unchecked = tuple(column.name for name, column in columns.items() if name in named and not column.listed)
    geo = columns.get("geo")
    codes = {*geo.ours, *geo.listed} if geo else {code for code in (_constants(dataset).get("geo"),) if code}
    return CodesFound(
        tuple(dict.fromkeys([*differences, *lost])),
        unchecked,
        tuple(remarks),
        any(map(_SWISS.fullmatch, codes)) if codes else None,
        any(map(_LIECHTENSTEIN.fullmatch, codes)) if codes else None,
    )


def dimension_of(dataset: DatasetEntry, column: str) -> str:
    """The dimension that a column of the live table holds, `time` for the period; '' for another column."""
    layout = dataset.layout
    if layout is not None and layout.columns:
        named = {single_blanks(name): dimension for name, dimension in layout.columns.items()}
        return named.get(single_blanks(column), "")
    aliases = dataset.shape().dimension_aliases
    name = aliases.get(column) or aliases.get(column.lower()) or column.lower()
    return "time" if name in TIME_NAMES else name


# -- what is named --------------------------------------------------------------------------------------


def _published(dataset: DatasetEntry, live: Description) -> Iterator[Named]:
    yield from (Named(name, codes, "filters") for name, codes in dataset.filters.items())
    access = dataset.access
    if isinstance(access, PxWebAccess):
        for variable, values in access.select.items():
            if values != ("*",):
                yield Named(access.variables[variable], values, "access.select")
    if isinstance(access, SdmxAccess):
        for column, codes in zip(_key_columns(dataset, live), _key(access), strict=False):
            if codes:
                yield Named(dimension_of(dataset, column), codes, "access.key")
    for name, known in dataset.layout.codes.items() if dataset.layout else ():
        # '' is an empty cell, which no list of codes holds.
        yield Named(name, tuple(code for code in known if code), "layout.codes")


def _selected_by(dataset: DatasetEntry, indicators: Iterable[IndicatorEntry]) -> Iterator[Named]:
    for indicator in indicators:
        for term in indicator.terms.values():
            if term.dataset == dataset.id:
                for name, code in term.select.items():
                    yield Named(name, (code,), f"the indicator {indicator.id}")


def _defaults(dataset: DatasetEntry) -> Iterator[Named]:
    """Without freq, which every entry has: `_frequency` asks for the cadence's."""
    for name, code in dataset.default_codes.items():
        if name != "freq":
            yield Named(name, (code,), "default_codes")


def _rules(dataset: DatasetEntry) -> Iterator[Named]:
    rules: tuple[ValueRule | NestingRule, ...] = (*dataset.value_rules, *dataset.nesting_rules)
    for rule in rules:
        for name, codes in rule.select.items():
            yield Named(name, codes, f"the rule {rule.id}")


def _key(access: SdmxAccess) -> list[tuple[str, ...]]:
    """The codes at each position of the key, () for all."""
    if access.key in ("", "all"):
        return []
    return [tuple(code for code in part.split("+") if code) for part in access.key.split(".")]


def _key_columns(dataset: DatasetEntry, live: Description) -> list[str]:
    return [name for name in live.columns if dimension_of(dataset, name) != "time"]


def _constants(dataset: DatasetEntry) -> Mapping[str, str]:
    return dataset.layout.constants if dataset.layout else {}


# -- against what is there ------------------------------------------------------------------------------


def _columns(dataset: DatasetEntry, live: Description, published: Sequence[Named]) -> dict[str, LiveColumn]:
    """Dimension (and `time`) → its column, the codes read as a document's would be."""
    layout = dataset.layout.for_readers() if dataset.layout else None
    maps = code_maps(layout)
    if layout is not None:
        # A table of rows: codes that stay as they are must still be codes.
        maps = {name: CodeMap(name) for name in layout.columns.values()} | maps
    asked = {n.dimension: set(n.codes) for n in published if n.field != "layout.codes"}
    found = {}
    for column, listed in live.columns.items():
        name = dimension_of(dataset, column)
        if not name:
            continue
        wanted = tuple(code for code in listed if name not in asked or code in asked[name])
        known = maps.get(name)
        read = [(code, known.read(code.strip())) for code in wanted] if known else []
        ours = {one.code for _, one in read if one.is_kept and one.problem is None} if known else set(wanted)
        unknown = tuple(code for code, one in read if one.problem is not None)
        found[name] = LiveColumn(column, tuple(listed), wanted, frozenset(ours), unknown)
    return found


def _single_codes(dataset: DatasetEntry, columns: Mapping[str, LiveColumn]) -> dict[str, tuple[str, ...]]:
    """Dimensions that the table lacks, with the one code that its documents are read with."""
    usual = {**dataset.default_codes, **_constants(dataset)}
    return {name: (code,) for name, code in usual.items() if name not in columns}


def _absent(
    named: Sequence[Named],
    present: Mapping[str, Collection[str]],
    columns: Mapping[str, LiveColumn],
) -> Iterator[str]:
    for dimension, codes, field in named:
        lacking = [code for code in codes if code not in present.get(dimension, codes)]
        if lacking:
            column = columns[dimension].name if dimension in columns else dimension
            yield f"{column}: the table has no code {shown(lacking)}, named by {field}"


def _unknown(columns: Mapping[str, LiveColumn]) -> Iterator[str]:
    for name, column in columns.items():
        if column.unknown:
            yield (
                f"{column.name}: the layout does not say what the table's codes {shown(column.unknown)} are: "
                f"add them to its codes or code table, or name {name} in drop_unmapped"
            )


def _held_rules(rules: Sequence[Named], columns: Mapping[str, LiveColumn]) -> tuple[list[str], list[str]]:
    """A rule may name codes of several vintages; one that no code of today meets judges nothing."""
    lost, remarks = [], []
    for dimension, codes, field in rules:
        column = columns.get(dimension)
        if column is None or not column.listed:
            continue
        lacking = [code for code in codes if code not in column.ours]
        if len(lacking) == len(codes):
            lost.append(f"{column.name}: the table has none of the codes of {field}: {shown(lacking)}")
        elif lacking:
            remarks.append(f"{column.name}: {field} names {shown(lacking)} too, which the table has not")
    return lost, remarks


def _key_problems(dataset: DatasetEntry, live: Description) -> Iterator[str]:
    if isinstance(dataset.access, SdmxAccess) and (parts := _key(dataset.access)):
        columns = _key_columns(dataset, live)
        if len(parts) != len(columns):
            yield (
                f"access.key has {len(parts)} positions, the table {len(columns)} dimensions: "
                f"{', '.join(columns)}"
            )


def _frequency(dataset: DatasetEntry, columns: Mapping[str, LiveColumn]) -> Iterator[str]:
    column, cadence = columns.get("freq"), dataset.cadence.value
    wanted = FREQUENCY.get(cadence)
    usual = _single_codes(dataset, columns).get("freq", ("",))
    if column and column.listed and wanted and wanted not in column.ours:
        yield f"{column.name}: the entry is {cadence}, the table has {shown(sorted(column.ours))}"
    if column is None and wanted and wanted not in usual:
        yield f"freq: the entry is {cadence}, and its default or constant {shown(usual)}"


def _nothing_kept(columns: Mapping[str, LiveColumn]) -> Iterator[str]:
    for column in columns.values():
        if column.asked and not column.ours and not column.unknown:
            yield f"{column.name}: the table has none of the codes that the entry keeps"


def shown(codes: Sequence[str]) -> str:
    """The first codes, and how many more.

    >>> shown(["A", ""]), shown([str(number) for number in range(14)])[-14:]
    ("A, ''", ' 11 and 2 more')
    """
    text = ", ".join(code or "''" for code in codes[:_MOST_SHOWN])
    return text + (f" and {len(codes) - _MOST_SHOWN} more" if len(codes) > _MOST_SHOWN else "")
