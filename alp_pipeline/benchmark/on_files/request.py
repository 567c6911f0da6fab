"""What a method is given: the matrix, what stands beside it, and the choices of whoever asks.

Belongs here: every choice with its default, reading the files that choices name. Does not: the methods.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums, published_sums
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.on_files.margins import with_margins
from alp_pipeline.benchmark.on_files.matrix_file import MatrixFile, read_matrix
from alp_pipeline.benchmark.on_files.side_files import (
    Reference,
    by_row,
    read_groups,
    read_numbers,
    read_reference,
    require_no_totals,
    require_one_level,
    require_room,
    split_groups,
    take_total_column,
    take_total_row,
)
from alp_pipeline.benchmark.stars import StarScheme

PUBLISHED = "published"


@dataclass(frozen=True)
class Choices:
    """The choices, each with the default that holds when nobody makes it.

    Attributes:
        sheet, year: of the matrix's file.
        groups: `nace` or a file; columns that are groups are their published totals.
        rounding: the unit to which numbers were rounded when published, for bounds.
        total_column, total_row: the column of the regions' totals, the row of the reference's.
        reference: a file, or `published`: the sums of the published cells.
        region_totals: a file by region.
        long: a row per cell instead of a column per activity.
        public: no bounds of anything confidential.
        base: of logarithms; None for the method's own.
        against: `reference` or `uniform` (theil).
        weighting, among_published: of weighted quotients.
        interval, confidence, persons_per_draw: of quotient intervals, `bounds` or `sampling`.
        population: a file by region (hoover).
        first_year, last_year, by_region: of shift-share.
        variant: of shift-share (classic) or of volatility (growth_rates).
        threshold, minimum_size, unknown: presence; unknown cells are `refuse`d or lines dropped by a rule.
        measure, diagonal, nearest: of relatedness and density.
        anchor: a file by region (complexity).
        origin: of the complexity outlook.
        neighbours: a file of pairs; missing: what a gap does to pooled quotients.
        permutations, seed, alternative: of Moran's test.
        scheme: the rows of a strength scheme, or their file.
        rounds: of the method of reflections.
        years_min: how many growth rates volatility needs.
        peak_years, fall_years, until: the downturn of recovery, "first-last" and a year.
        dimensions: a file of variables' dimensions; countries: `nuts` or a file, to leave own peers out.
        peers, directions: files of peers and of indicators' directions; peers_min: peers with a number.
        report: the regions to write; all when empty.
    """

    sheet: str | None = None
    year: int | None = None
    groups: str | None = None
    rounding: float = 1.0
    total_column: str | None = None
    total_row: str | None = None
    reference: str | None = None
    region_totals: Path | None = None
    long: bool = False
    public: bool = False
    base: float | None = None
    against: str = "reference"
    weighting: str = "log_standardised"
    among_published: bool = False
    interval: str = "bounds"
    confidence: float = 0.95
    persons_per_draw: float = 1.0
    population: Path | None = None
    first_year: int | None = None
    last_year: int | None = None
    variant: str | None = None
    by_region: bool = False
    threshold: float = 1.0
    minimum_size: float = 0.0
    unknown: str = "refuse"
    measure: str = "proximity"
    diagonal: float = 0.0
    nearest: int | None = None
    anchor: Path | None = None
    origin: str = "eigenvector"
    neighbours: Path | None = None
    missing: str = "propagate"
    permutations: int = 999
    seed: int = 0
    alternative: str = "two_sided"
    scheme: StarScheme | Path | None = None
    rounds: int = 2
    years_min: int = 5
    peak_years: str | None = None
    fall_years: str | None = None
    until: int | None = None
    dimensions: Path | None = None
    countries: str | None = None
    peers: Path | None = None
    directions: Path | None = None
    peers_min: int = 5
    report: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """A matrix ready for a method.

    Attributes:
        table: the regions' activities, without columns and rows that are totals.
        region_heading: what the file calls its regions.
        groups: the group of each activity, where asked for.
        published: totals of groups that stood in the matrix, None without.
        reference, reference_total, region_totals: as the methods of `benchmark` take them; None: the table's.
        choices: all of them.
        absent: regions that the file has, but not in the year asked for: they are in no total.
    """

    table: ActivityTable
    region_heading: str
    groups: dict[Hashable, Hashable] | None
    published: PublishedTotals | None
    reference: pd.Series | pd.DataFrame | None
    reference_total: float | pd.Series | None
    region_totals: pd.Series | None
    choices: Choices
    absent: tuple[str, ...] = ()


def read_request(
    matrices: tuple[Path, ...], choices: Choices, *, default_groups: str | None = None
) -> Request:
    """Read the matrix (or two, of two years) and what the choices name beside it.

    Args:
        matrices: one file, or the first and the last year's.
        choices: what was asked for.
        default_groups: the groups taken when none are named, None for none.

    Raises:
        BenchmarkInputError: whatever is wrong with a file, by its name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "jobs.csv"
    ...     _ = file.write_text("geo,C10,I55,all\\nAT33,30,10,45\\nITH1,10,30,50\\n", encoding="utf-8")
    ...     request = read_request((file,), Choices(total_column="all", reference="published"))
    >>> request.region_heading, request.table.values.columns.tolist(), request.region_totals.tolist()
    ('geo', ['C10', 'I55'], [45.0, 50.0])
    >>> request.reference.tolist(), request.reference_total
    ([40.0, 40.0], 80.0)
    """
    read = [read_matrix(path, sheet=choices.sheet, year=choices.year) for path in matrices]
    table = read[0].table if len(read) == 1 else _two_years(read, matrices, choices)
    reference: Reference | None = None
    region_totals = None
    if choices.total_row is not None:
        table, reference = take_total_row(table, choices.total_row)
    if choices.total_column is not None:
        table, region_totals = take_total_column(table, choices.total_column)
        reference = reference and reference.with_total(choices.total_column)
    groups, published = None, None
    if (option := choices.groups or default_groups) is not None:
        groups = read_groups(option, table.values.columns)
        table, published = split_groups(table, groups, choices.rounding)
    require_no_totals(table)
    if choices.region_totals is not None:
        region_totals = by_row(read_numbers(choices.region_totals, "region totals"), table)
    if region_totals is not None:
        require_room(table, region_totals, choices.rounding)
    if choices.reference == PUBLISHED:
        reference = _published(table)
    elif choices.reference is not None:
        reference = read_reference(Path(choices.reference))
    if published is not None:
        published = with_margins(published, table, reference, region_totals)
    if reference is not None:
        reference = reference.without(
            sorted(set((groups or {}).values()) - set(table.values.columns), key=str)
        )
        require_one_level(reference)
    return Request(
        table=table,
        region_heading=read[0].region_heading,
        groups=groups,
        published=published,
        reference=None if reference is None else reference.by_activity,
        reference_total=None if reference is None else reference.total,
        region_totals=region_totals,
        choices=choices,
        absent=read[0].absent,
    )


def _published(table: ActivityTable) -> Reference:
    """The published cells as the reference, all of them together as its total: that is what was declared."""
    sums = published_sums(table)
    if isinstance(sums, pd.Series):
        return Reference(sums, float(exact_sums(sums.to_numpy()[None, :])[0]))
    return Reference(sums, pd.Series(exact_sums(sums.to_numpy()), index=sums.index))


def _two_years(files: list[MatrixFile], paths: tuple[Path, ...], choices: Choices) -> ActivityTable:
    """One table of two years from two of one; counted 1 and 2 where nobody says which years they are."""
    if paths[0].resolve() == paths[1].resolve():
        _refuse("both matrices are the same file", "Pass the first and the last year's.", paths[0].name)
    said = (choices.first_year, choices.last_year)
    years = []
    for file, path, asked, option in zip(files, paths, said, ("--first-year", "--last-year"), strict=True):
        if len(file.years) > 1:
            todo = "Pass one matrix of all years, or two of one year each."
            _refuse("a matrix has several years already", todo, path.name)
        if file.years and asked not in (None, file.years[0]):
            _refuse(f"its year is {file.years[0]}", f"{option} says {asked}: correct one.", path.name)
        years.append(file.years[0] if file.years else asked)
    if years == [None, None]:
        years = [1, 2]
    first, last = years
    if first is None or last is None:
        place = 0 if first is None else 1
        option = ("--first-year", "--last-year")[place]
        _refuse("nobody says which year it is", f"Pass {option}.", paths[place].name)
    if first >= last:
        todo = "Pass the matrix of the first year first."
        _refuse(f"the first matrix is of {first}, the last of {last}", todo, paths[0].name)
    tables = [file.table for file in files]
    parts = []
    for frames in zip(*((t.values, t.states, t.flags) for t in tables), strict=True):
        keyed = [
            frame.set_axis(pd.MultiIndex.from_product([frame.index, [year]], names=["region", YEAR]))
            for frame, year in zip(frames, (first, last), strict=True)
        ]
        parts.append(pd.concat(keyed))
    values, states, flags = parts
    return ActivityTable.of(values, states=states.fillna("not_available"), flags=flags.fillna(""))


def _refuse(what: str, todo: str, where: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
