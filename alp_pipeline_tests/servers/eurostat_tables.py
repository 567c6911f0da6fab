"""A TSV of Eurostat's as its services see it: dimensions, the codes that occur, the part behind a key.

Belongs here: what the loopback Eurostat computes from a file. Does not: answering (eurostat).
"""

import gzip
from functools import cached_property
from math import prod
from pathlib import Path


class Published:
    """One table: a file served in place, or bytes; gzip or plain."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source

    @property
    def content(self) -> bytes:
        return self._source if isinstance(self._source, bytes) else self._source.read_bytes()

    @property
    def packed(self) -> bytes:
        """As gzip; a file that is gzip is served byte for byte."""
        content = self.content
        return content if content.startswith(b"\x1f\x8b") else gzip.compress(content, mtime=0)

    @property
    def plain(self) -> bytes:
        content = self.content
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content

    @cached_property
    def _lines(self) -> list[tuple[list[str], str]]:
        """(codes, line) of every series."""
        lines = self.plain.decode().splitlines()[1:]
        return [(line.partition("\t")[0].strip().split(","), line) for line in lines if line]

    @cached_property
    def _heading(self) -> list[str]:
        return self.plain.partition(b"\n")[0].decode().rstrip("\r").split("\t")

    @property
    def dimensions(self) -> list[str]:
        return self._heading[0].partition("\\")[0].split(",")

    @property
    def periods(self) -> list[str]:
        return sorted(period.strip() for period in self._heading[1:] if period.strip())

    @cached_property
    def codes(self) -> dict[str, list[str]]:
        """Dimension → the codes that occur, in the order of their first line."""
        found: list[dict[str, None]] = [{} for _ in self.dimensions]
        for series, _ in self._lines:
            for seen, code in zip(found, series, strict=True):
                seen[code] = None
        return {name: list(seen) for name, seen in zip(self.dimensions, found, strict=True)}

    @property
    def observations(self) -> int:
        return len(self._lines) * len(self.periods)

    def periods_from(self, since: str | None) -> list[str]:
        return [period for period in self.periods if since is None or period >= since]

    def cost(self, wanted: dict[str, list[str]], since: str | None) -> int:
        """Positions per dimension, multiplied."""
        places = [len(wanted.get(name) or codes) for name, codes in self.codes.items()]
        return prod(places) * len(self.periods_from(since))

    def part(self, wanted: dict[str, list[str]], since: str | None) -> bytes | None:
        """The lines whose codes are wanted, the columns from a period on; None where nothing matches."""
        kept = set(self.periods_from(since))
        columns = [0] + [at for at, name in enumerate(self._heading) if at and name.strip() in kept]
        tests = [(at, set(wanted[name])) for at, name in enumerate(self.dimensions) if wanted.get(name)]
        chosen = [line for series, line in self._lines if all(series[at] in codes for at, codes in tests)]
        if not chosen or not kept:
            return None
        heading = "\t".join(self._heading[at] for at in columns)
        rows = ["\t".join(line.split("\t")[at] for at in columns) for line in chosen]
        return ("\n".join([heading, *rows]) + "\n").encode()
