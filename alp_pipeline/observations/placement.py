"""Which column of a declared table is what: the layout held against a document's headings.

Belongs here: named, ignored, missing, unknown and double columns; headings that are periods. Does not: what
stands in the columns (declared_table, declared_cells, code_maps).

A heading is compared with its blanks made single ones, so that a line break or a non-breaking blank inside it
does not matter. A column that the layout neither names nor ignores is refused, because a new dimension that
nobody noticed would put several values under one key.

Where periods are headings, `*` ignores no heading that looks like one and is none (`2022p`, `2O21`): a year
would go missing without a word. Periods written in a form of the layout are looked for where a heading begins
as the form does, because such tables hold other columns of years beside the wanted ones.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alp_pipeline.observations.batches import checked_dimensions
from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.periods import normalised_headings, normalised_period, period_in_form
from alp_pipeline.observations.schema import DatasetShape, TableLayout

_ALL_OTHERS: Final = "*"
# A year with something beside it, or one with a letter in the place of a digit.
_LIKE_A_YEAR: Final = re.compile(
    r"(?<![0-9])(?:1[89]|2[01])[0-9]{2}"
    r"|(?<![0-9A-Za-z])(?:[lIiZz][0-9]{3}|[12](?:[A-Za-z][0-9]{2}|[0-9][A-Za-z][0-9]|[0-9]{2}[A-Za-z]))"
    r"(?![0-9A-Za-z])"
)


@dataclass(frozen=True)
class Placement:
    """Positions of the columns.

    Args:
        dimensions: dimension → its column.
        values: the columns of values; one in a table with a column of periods.
        periods: the period of each of them where periods are headings, else none.
        time: the column of the period, None where periods are headings.
        flags: the column of flags, where there is one.
    """

    dimensions: Mapping[str, int]
    values: tuple[int, ...]
    periods: tuple[str, ...]
    time: int | None
    flags: int | None


def placed(dataset: DatasetShape, layout: TableLayout, headings: Sequence[str], *, where: str) -> Placement:
    """The columns of a document.

    Raises:
        HeaderMismatch: naming columns that are missing, unknown or double, and dimensions that the layout
            forgets.
        DuplicatePeriod: two headings for one period.

    >>> shape = DatasetShape("x.y", ("freq", "geo"))
    >>> placed(shape, TableLayout({"AGS": "geo"}), ["2022", "AGS", "2021"], where="y")
    Placement(dimensions={'geo': 1}, values=(0, 2), periods=('2022', '2021'), time=None, flags=None)
    """
    names = [single_blanks(heading) for heading in headings]
    wanted = named_columns(layout)
    ignored = {single_blanks(name) for name in layout.ignore}
    spelled = spelling(dataset, layout)
    others = [at for at, name in enumerate(names) if name not in wanted and name not in ignored]
    periods_at = [at for at in others if layout.value is None and spelled(names[at]) is not None]
    unknown = [at for at in others if at not in periods_at]
    unsaid = "the layout does not say what is in"
    if _ALL_OTHERS in ignored:
        unsaid = "`*` does not cover what looks like a period and is not read as one:"
        unknown = [at for at in unknown if layout.value is None and _is_like_a_period(names[at], layout)]
    lacks = [name for name in wanted if name not in names]
    lacks += ["any column that is a period"] if layout.value is None and not periods_at else []
    differences = [
        f"{label} {', '.join(found)}"
        for label, found in (
            ("it lacks", lacks),
            ("it names twice", sorted({name for name in wanted if names.count(name) > 1})),
            (unsaid, [names[at] or f"column {at + 1}" for at in unknown]),
        )
        if found
    ]
    if differences:
        raise HeaderMismatch(
            f"its columns are not those of the catalogue's layout: {'; '.join(differences)}",
            where=where,
            todo="If the publisher changed the table, name the columns in the catalogue entry's layout, or "
            "ignore them there; otherwise the document belongs to another dataset.",
        )
    place = {name: names.index(name) for name in wanted}
    return Placement(
        dimensions=_dimensions(dataset, layout, place, where=where),
        values=tuple(periods_at) if layout.value is None else (place[single_blanks(layout.value)],),
        periods=normalised_headings([spelled(names[at]) or "" for at in periods_at], where=where),
        time=None if layout.time is None else place[single_blanks(layout.time)],
        flags=None if layout.flags is None else place[single_blanks(layout.flags)],
    )


def named_columns(layout: TableLayout) -> tuple[str, ...]:
    """The columns that must be there.

    >>> named_columns(TableLayout({"AGS": "geo"}, time="year", value="persons\\nemployed"))
    ('AGS', 'year', 'persons employed')
    """
    names = (*layout.columns, layout.time, layout.value, layout.flags)
    return tuple(single_blanks(name) for name in names if name is not None)


def spelling(dataset: DatasetShape, layout: TableLayout) -> Callable[[str], str | None]:
    """How a published period becomes one of ours, in the dataset's frequency where the layout has a form."""
    form = layout.period
    if form is None:
        return normalised_period
    freq = layout.constants.get("freq", dataset.default_codes.get("freq", "A"))
    return lambda text: period_in_form(text, form, freq)


def _is_like_a_period(heading: str, layout: TableLayout) -> bool:
    """Whether a heading that is no period may be meant as one.

    >>> wide, named = TableLayout({"AGS": "geo"}), TableLayout({"AGS": "geo"}, period="persons_%Y")
    >>> [_is_like_a_period(heading, wide) for heading in ("2022p", "2O21", "Q1 2021", "name", "B05")]
    [True, True, True, False, False]
    >>> [_is_like_a_period(heading, named) for heading in ("persons_2022p", "2022", "firms_2022")]
    [True, True, False]
    """
    if normalised_period(heading) is not None:
        return True
    before = single_blanks((layout.period or "").partition("%")[0]).casefold()
    return heading.casefold().startswith(before) and bool(_LIKE_A_YEAR.search(heading[len(before) :]))


def single_blanks(heading: str) -> str:
    """A heading without blanks at its ends, and with single ones inside."""
    return " ".join(heading.split())


def _dimensions(
    dataset: DatasetShape, layout: TableLayout, place: Mapping[str, int], *, where: str
) -> dict[str, int]:
    checked_dimensions(dataset, [*layout.columns.values(), *layout.constants], where=where)
    return {dimension: place[single_blanks(name)] for name, dimension in layout.columns.items()}
