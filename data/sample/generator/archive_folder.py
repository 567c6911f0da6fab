"""The sample as a folder that can be imported: documents, manifest, sidecar, README.

Belongs here: which table goes into which document of which format and time, and the faults of whole
documents. Does not: the tables, the formats, the faults of single cells (sbs).
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator import accounts, enterprises, formats, residents, sbs
from generator.tables import Table
from generator.territory import REGIONS

LICENCE = "CC0-1.0 (invented numbers)"
COLUMNS = ("path", "source", "dataset", "format", "accessed_on_or_commit_date", "licence", "sha256", "bytes")


@dataclass(frozen=True)
class Document:
    """One file. `published`: what the document itself tells, UTC; `seen`: the date in the manifest."""

    path: str
    dataset: str
    format: str
    published: str
    seen: str
    cells: int
    note: str
    content: bytes

    @property
    def manifest_row(self) -> tuple[str, ...]:
        digest = hashlib.sha256(self.content).hexdigest()
        return (
            self.path,
            "eurostat",
            self.dataset,
            self.format,
            self.seen,
            LICENCE,
            digest,
            str(len(self.content)),
        )


def documents() -> list[Document]:
    """Every document of the sample, in the order of paths."""
    old, new = ("tsv-2017", formats.bulk_tsv), ("tsv", formats.modern_tsv)
    found = [
        _packed(
            sbs.table("first"), old, "2016-10-14T09:30:00Z", "2016-10-17", "first vintage, 2014 provisional"
        ),
        _packed(
            sbs.table("final"),
            old,
            "2017-07-20T09:30:00Z",
            "2017-07-24",
            f"second vintage, with 2015; {len(sbs.FAULTS)} faulty cells",
        ),
        _packed(
            accounts.output_by_region(),
            old,
            "2017-03-06T10:00:00Z",
            "2017-03-08",
            "codes of NUTS 2013; extra-regio",
        ),
        _packed(accounts.household_income(), old, "2017-03-06T10:00:00Z", "2017-03-08", "codes of NUTS 2013"),
        _packed(residents.employed(), old, "2022-05-05T09:00:00Z", "2022-05-09", ""),
        _packed(residents.employed_by_sector(), old, "2022-05-05T09:00:00Z", "2022-05-09", ""),
        _packed(residents.unemployed(), old, "2022-05-05T09:00:00Z", "2022-05-09", ""),
        _packed(
            residents.population(), new, "2023-07-03T09:00:00Z", "2023-07-05", "totals to NUTS 3; CH and LI"
        ),
        _packed(enterprises.demography(), new, "2023-10-12T09:00:00Z", "2023-10-16", ""),
        _packed(
            accounts.output_by_small_region(), new, "2024-02-20T10:00:00Z", "2024-02-22", "to NUTS 3; CH"
        ),
        _packed(_pre_cut_view(), new, "2024-02-20T10:00:00Z", "2024-02-22", "no catalogue entry reads it"),
        _learning(),
        _without_work_or_learning(),
        _without_reader(),
        _truncated(),
    ]
    return sorted(found, key=lambda document: document.path)


def _packed(
    table: Table, layout: tuple[str, Callable[[Table], bytes]], packed_at: str, seen: str, note: str
) -> Document:
    name, written = layout
    content = formats.gzipped(written(table), packed_at)
    path = _path(table, packed_at, "tsv.gz")
    return Document(path, table.code, name, packed_at, seen, table.cell_count, note, content)


def _path(table: Table, published: str, ending: str) -> str:
    return f"eurostat/{table.code}.{published[:10]}.{ending}"


def _learning() -> Document:
    table, published = residents.learning(), "2025-03-13T10:00:00Z"
    content = formats.sdmx_csv(table, last_update="13/03/25 11:00:00")
    return Document(
        _path(table, published, "csv.gz"),
        table.code,
        "sdmx-csv-1",
        published,
        "2025-03-14",
        table.cell_count,
        "a row for every cell",
        formats.gzipped(content, "2025-03-14T07:20:00Z"),
    )


def _without_work_or_learning() -> Document:
    table, published = residents.without_work_or_learning(), "2025-04-24T09:00:00Z"
    label = "Invented: young people neither in employment nor in education and training"
    content = formats.json_stat(table, label=label, updated="2025-04-24T11:00:00+0200")
    path = _path(table, published, "json")
    note = "sparse values, statuses by position"
    return Document(path, table.code, "json-stat-2", published, "2025-04-25", table.cell_count, note, content)


def _pre_cut_view() -> Table:
    """A table that is archived and not catalogued: one of the source's rolling views."""
    whole = accounts.output_by_small_region()
    table = Table("tgs00003", whole.dimensions, whole.periods[-5:])
    for (unit, code), cells in whole.rows.items():
        if unit == "MIO_EUR" and code in REGIONS:
            table.add((unit, code), cells[-5:])
    return table


def _without_reader() -> Document:
    """A document of a catalogued dataset in a format that nothing here reads."""
    whole = accounts.output_by_small_region()
    table = Table(whole.code, whole.dimensions, whole.periods)
    for code in ("AT33", "ITC4"):
        table.add(("MIO_EUR", code), whole.rows["MIO_EUR", code])
    prepared = "2024-02-21T08:15:00Z"
    content = formats.sdmx_ml(table, prepared=prepared)
    path = _path(table, prepared, "xml")
    note = "fault: a format without a reader"
    return Document(path, table.code, "sdmx-ml-3.0", "", "2024-02-21", table.cell_count, note, content)


def _truncated() -> Document:
    """The newest vintage of a dataset, broken off on its way: the one before it has to stay in use."""
    table, packed_at = accounts.output_by_region(last_year=2016), "2018-03-05T10:00:00Z"
    whole = formats.gzipped(formats.bulk_tsv(table), packed_at)
    path = _path(table, packed_at, "tsv.gz")
    note = "fault: broken off after three fifths"
    return Document(
        path, table.code, "tsv-2017", packed_at, "2018-03-07", 0, note, whole[: len(whole) * 3 // 5]
    )


def write(folder: Path) -> list[Document]:
    """Write the sample into `folder`, over an older sample there."""
    written = documents()
    for document in written:
        file = folder / document.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(document.content)
    _remove_others(folder, {document.path for document in written})
    _write_text(folder / "manifest.csv", _manifest(written))
    _write_text(folder / "archive_kind.json", json.dumps({"kind": "synthetic"}) + "\n")
    _write_text(folder / "README.md", _readme(written))
    return written


def _remove_others(folder: Path, kept: set[str]) -> None:
    for file in sorted((folder / "eurostat").iterdir()):
        if file.relative_to(folder).as_posix() not in kept:
            file.unlink()


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _manifest(written: list[Document]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(document.manifest_row for document in written)
    return text.getvalue()


def _readme(written: list[Document]) -> str:
    table = ["| document | format | cells | published (UTC) | seen | note |", "|---|---|---|---|---|---|"]
    for one in written:
        name = one.path.removeprefix("eurostat/")
        told = one.published.replace("T", " ").replace(":00Z", "") or "-"
        table.append(f"| `{name}` | {one.format} | {one.cells or '-'} | {told} | {one.seen} | {one.note} |")
    faults = ["| series | year | stands there | rule | why |", "|---|---|---|---|---|"]
    for (activity, indicator, code, year), (text, rule, why) in sbs.FAULTS.items():
        faults.append(f"| {activity}, {indicator}, {code} | {year} | `{text}` | `{rule}` | {why} |")
    (region, division), opened_year = sbs.opened_by_mistake()
    return _README.format(
        documents="\n".join(table),
        faults="\n".join(faults),
        fault_count=len(sbs.FAULTS),
        cells=f"{sum(one.cells for one in written):,}",
        opened=f"{division} in {region}, {opened_year}",
    )


_README = """# All numbers in this folder are invented; no statistical office published any of them

A small synthetic archive in the sources' own formats with real codes, so that the whole pipeline can be
tried without a network. Regions, activities, flags and file layouts are real. Sizes, wages, rates,
specialities, revisions and hidden cells are made by `generate.py` from hand-written round figures and a
seed; where they agree with the world it is common sense (beds in the mountains) or chance. Never cite them.

`archive_kind.json` marks the folder as synthetic; a data folder that holds real documents refuses it, and
the other way round.

    alp archive import data/sample            # into a data folder of its own (ALP_DATA_DIR)
    python data/sample/generate.py            # writes manifest, documents and this file anew

## Documents

{cells} cells in all. The publisher's time stands in the gzip header, in `LAST UPDATE` or in `updated`.

{documents}

## What is wrong on purpose

1. {fault_count} cells of the second vintage of `sbs_r_nuts06_r2` break a row rule. They are far below the
   share that the dataset allows, so these rows go to quarantine and the rest goes on.

{faults}

2. `nama_10r_2gdp.2018-03-05.tsv.gz` breaks off in the middle. The intake gate keeps it out; the vintage of
   2017-03-06 stays in use.
3. `nama_10r_3gdp.2024-02-21.xml` is SDMX-ML 3.0, which nothing here reads; `tgs00003` is a table that no
   catalogue entry reads. Both are archived and listed as such.

Nothing else is wrong. In particular no published sum of `sbs_r_nuts06_r2` has exactly one hidden member
(divisions in a section, groups in G45, regions in a country of which all are shown).

## What else is there to be seen

- Two vintages of `sbs_r_nuts06_r2`: a year more, `p` removed with changed values, a Dutch revision (`r`),
  and one suppression added: {opened} was open in the first vintage and is hidden in the second.
- Codes of another time: SBS follows NUTS 2013 (`FR43` for `FRC2`), has ITD1 to ITD5 up to 2010, and up to
  2012 SI01 and SI02, which are cut in another way than SI03 and SI04.
- Ragged edge: France and Italy are a year late; the United Kingdom ends with 2020.
- No Swiss and no Liechtenstein cell in SBS; Swiss codes without values in business demography and income.
- `0`, `0n` (of ATZZ), empty cells, padded numbers, `: c`, `:c`, `:bc`, `: cd`, `: u`, `: z` and `: m`.

Compressed bytes depend on the zlib build. A generator run elsewhere may therefore write other `.gz` files
with the same content, and another manifest with them; the tests compare what is inside.
"""
