"""Documents of the sample as texts, read without the package under test.

Belongs here: unpacking and splitting TSV. Does not: what a cell means, beyond number and letters.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
Key = tuple[str, ...]


def manifest() -> list[dict[str, str]]:
    with (SAMPLE / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def series(name: str) -> dict[Key, dict[int, str]]:
    """Codes of a series (without freq) → year → the published text, blanks around it removed."""
    found: dict[Key, dict[int, str]] = {}
    header, *lines = gzip.decompress((SAMPLE / "eurostat" / name).read_bytes()).decode().splitlines()
    corner, *years = header.split("\t")
    has_freq = corner.startswith("freq,")
    for line in lines:
        key, *cells = line.split("\t")
        codes = tuple(key.split(","))[has_freq:]
        assert codes not in found, codes
        found[codes] = {int(year): text.strip() for year, text in zip(years, cells, strict=True)}
    return found


def number(text: str) -> float | None:
    """The published number, None where there is none or where it is not one."""
    found = re.fullmatch(r"(-?[0-9.]+)n?( [a-z]+)?", text)
    return float(found[1]) if found else None


def is_hidden(text: str) -> bool:
    return re.fullmatch(r": ?[a-z]*c[a-z]*", text) is not None


def cells(name: str) -> Iterator[tuple[Key, int, str]]:
    for key, by_year in series(name).items():
        for year, text in by_year.items():
            yield key, year, text
