"""A PxWeb table that evaluates queries: generated cells, elimination sums, json-stat2.

Belongs here: what a table holds and answers. Does not: calls, limits, statuses (servers.pxweb).
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class BadQuery(Exception):
    """What the service answers with 400."""


@dataclass(frozen=True)
class PxVariable:
    """A variable; `texts` are its values' labels, the codes when left out."""

    code: str
    values: tuple[str, ...]
    elimination: bool = False
    time: bool = False
    texts: tuple[str, ...] = ()

    def metadata(self) -> dict[str, Any]:
        """As a table's metadata write it: flags stand there only when they are true."""
        flags = {name: True for name in ("elimination", "time") if getattr(self, name)}
        texts = list(self.texts or self.values)
        return {
            "code": self.code,
            "text": self.code,
            "values": list(self.values),
            "valueTexts": texts,
            **flags,
        }

    def selected(self, selection: Mapping[str, Any]) -> tuple[int, ...]:
        """Positions of the values that a selection of the query names."""
        kind, values = selection["filter"], selection["values"]
        if kind == "all" and values == ["*"]:
            return tuple(range(len(self.values)))
        if kind == "item" and set(values) <= set(self.values):
            return tuple(at for at, value in enumerate(self.values) if value in values)
        raise BadQuery(f"{self.code}: {kind} {values}")


@dataclass(frozen=True)
class PxTable:
    """A table; the cell at positions (i, j, …) holds its number in the whole cube, from 1."""

    variables: tuple[PxVariable, ...]
    title: str = "Employment by region"
    updated: str | None = "2026-05-13T09:00:00Z"

    def metadata(self) -> dict[str, Any]:
        return {"title": self.title, "variables": [variable.metadata() for variable in self.variables]}

    def value(self, positions: Sequence[int]) -> int:
        number = 0
        for variable, position in zip(self.variables, positions, strict=True):
            number = number * len(variable.values) + position
        return number + 1

    def selected(self, query: Mapping[str, Any]) -> list[tuple[int, ...] | None]:
        """For each variable its selected positions, None where it is eliminated."""
        asked = {part["code"]: part["selection"] for part in query["query"]}
        if set(asked) - {variable.code for variable in self.variables}:
            raise BadQuery("unknown variable")
        chosen: list[tuple[int, ...] | None] = []
        for variable in self.variables:
            if variable.code in asked:
                chosen.append(variable.selected(asked[variable.code]))
            elif variable.elimination:
                chosen.append(None)
            else:
                raise BadQuery(f"{variable.code} is missing")
        return chosen

    def json_stat(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The answer: a variable that the query leaves out is summed over, and no word of it is said."""
        chosen = self.selected(query)
        kept = [(v, c) for v, c in zip(self.variables, chosen, strict=True) if c is not None]
        summed = [range(len(v.values)) for v, c in zip(self.variables, chosen, strict=True) if c is None]
        values = []
        for wanted in itertools.product(*(positions for _, positions in kept)):
            cell = 0
            for others in itertools.product(*summed):
                own, rest = iter(wanted), iter(others)
                cell += self.value([next(rest if c is None else own) for c in chosen])
            values.append(cell)
        answer: dict[str, Any] = {
            "class": "dataset",
            "label": self.title,
            "source": "Office",
            "updated": self.updated,
            "id": [variable.code for variable, _ in kept],
            "size": [len(positions) for _, positions in kept],
            "dimension": {variable.code: _dimension(variable, positions) for variable, positions in kept},
            "value": values,
            "role": {"time": [variable.code for variable, _ in kept if variable.time]},
            "version": "2.0",
        }
        if self.updated is None:
            del answer["updated"]
        return answer

    def cells_asked(self, query: Mapping[str, Any]) -> int:
        return math.prod(len(positions) for positions in self.selected(query) if positions is not None)


def _dimension(variable: PxVariable, positions: Sequence[int]) -> dict[str, Any]:
    texts = variable.texts or variable.values
    return {
        "label": variable.code,
        "category": {
            "index": {variable.values[at]: place for place, at in enumerate(positions)},
            "label": {variable.values[at]: texts[at] for at in positions},
        },
    }
