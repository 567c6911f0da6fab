"""Which cells of a PxWeb table are asked for, in which queries, and whether just these came.

Belongs here: a table's variables, the selection of an entry, splitting it, what a part asks for, comparing
an answer with it. Does not: any request (pxweb), what a cell says (observations.jsonstat).

A variable that a query leaves out is *summed* when the table allows its elimination, a plausible wrong total:
so entry and table must name the same variables. Queries are split only along time or variables that can be
eliminated, the only ones of which the service promises that single values mean the same alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alp_pipeline.catalog.access import PxWebAccess
from alp_pipeline.sources.errors import AnswerIncomplete, NotData, QueryRefused, StructureChanged

RETRY: Final = "The next refresh asks again; the last vintage stays in use."
_LOOK: Final = "Look at the table with `alp sources verify` and correct the entry's access."

Selection = Mapping[str, tuple[str, ...]]
"""Variable → the values asked for."""


@dataclass(frozen=True)
class Variable:
    """A variable of a table.

    Args:
        code: its name in queries, blanks and Č, Š, Ž included.
        values: the codes of its values, in the table's order.
        is_splittable: whether it is time or can be eliminated.
        is_time: whether the table says that it is time.
        periods: of its values, in their order, where all of them are periods; else ().
    """

    code: str
    values: tuple[str, ...]
    is_splittable: bool = False
    is_time: bool = False
    periods: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Variable":
        """From a table's metadata.

        Raises: KeyError, TypeError, for what is no variable.

        >>> numbered = {"code": "Jahr", "values": ["0", "1"], "valueTexts": ["2022", "2023"], "time": True}
        >>> Variable.of(numbered).periods
        ('2022', '2023')
        """
        from alp_pipeline.observations.periods import normalised_period, time_headings

        values = tuple(given["values"])
        if not values or not all(isinstance(value, str) for value in (given["code"], *values)):
            raise TypeError(f"the variable {given['code']} has no values")
        # Some tables number their years: then only the texts are periods.
        spelled = time_headings(values, [str(text) for text in given.get("valueTexts") or ()])
        found = tuple(filter(None, map(normalised_period, spelled)))
        periods = found if len(found) == len(set(found)) == len(values) else ()
        is_time = given.get("time") is True
        return cls(given["code"], values, is_time or given.get("elimination") is True, is_time, periods)


def cells(part: Selection) -> int:
    """How many cells a selection has."""
    return math.prod(len(values) for values in part.values())


def wanted(access: PxWebAccess, variables: Sequence[Variable], *, where: str) -> list[Selection]:
    """What the entry asks for, once entry and table name the same variables.

    Returns: one selection, or several when the periods asked for have holes: an extent claims every period
        between its ends. Periods ascend.

    Raises:
        StructureChanged: naming every difference.
    """
    own = {variable.code: variable for variable in variables}
    unnamed = [code for code in own if code not in access.select]
    lacking = [code for code in access.select if code not in own]
    differences = [f"the entry does not name {', '.join(unnamed)}, which would be summed"] if unnamed else []
    differences += [f"the table lacks {', '.join(lacking)}"] if lacking else []
    for code in access.select:
        unknown = [v for v in access.select[code] if code in own and v not in (*own[code].values, "*")]
        differences += [f"{code} has no value {', '.join(unknown[:10])}"] if unknown else []
        if code in own and access.variables[code] == "time" and not own[code].periods:
            differences.append(f"the values of {code} are no periods ({', '.join(own[code].values[:3])} …)")
    if differences:
        raise StructureChanged(
            f"the table is not the one of the entry: {'; '.join(differences)}", where=where, todo=_LOOK
        )
    whole = {c: own[c].values if access.select[c] == ("*",) else access.select[c] for c in own}
    (time,) = (variable for variable in variables if access.variables[variable.code] == "time")
    runs: list[list[str]] = [[]]
    for _, value in sorted(zip(time.periods, time.values, strict=True)):
        if value in whole[time.code]:
            runs[-1].append(value)
        elif runs[-1]:
            runs.append([])
    return [{**whole, time.code: tuple(run)} for run in runs if run]


def split(part: Selection, variables: Sequence[Variable], limit: int, *, where: str) -> list[Selection]:
    """The part cut into queries of at most `limit` cells, along time first, which keeps extents simple.

    Raises:
        QueryRefused: the variables that cannot be split have more cells than the limit together.

    >>> year = Variable("Leto", ("2021", "2022", "2023"), is_splittable=True, is_time=True)
    >>> sex = Variable("Spol", ("1", "2"))
    >>> whole = {"Leto": year.values, "Spol": sex.values}
    >>> [part["Leto"] for part in split(whole, [year, sex], 4, where="x")]
    [('2021', '2022'), ('2023',)]
    """
    count = cells(part)
    if count <= limit:
        return [part]
    for variable in sorted(variables, key=lambda v: not v.is_time):
        values = part[variable.code]
        if not variable.is_splittable or len(values) == 1:
            continue
        at_once = max(1, limit // (count // len(values)))
        pieces = [values[at : at + at_once] for at in range(0, len(values), at_once)]
        return [
            smaller
            for piece in pieces
            for smaller in split({**part, variable.code: piece}, variables, limit, where=where)
        ]
    raise QueryRefused(
        f"the smallest query has {count:,} cells, the service allows {limit:,}, and what is left "
        "is neither time nor can it be eliminated, so that it must not be split",
        where=where,
        todo="Narrow the entry's access.select.",
    )


def query(part: Selection, variables: Sequence[Variable]) -> dict[str, Any]:
    """The body that asks for a part: every variable by name, `all` where all its values are wanted.

    >>> area = Variable("KOHEZIJSKA REGIJA", ("0", "1"))
    >>> query({"KOHEZIJSKA REGIJA": ("1",)}, [area])["query"]
    [{'code': 'KOHEZIJSKA REGIJA', 'selection': {'filter': 'item', 'values': ['1']}}]
    >>> query({"KOHEZIJSKA REGIJA": ("0", "1")}, [area])["query"][0]["selection"]
    {'filter': 'all', 'values': ['*']}
    """
    parts = []
    for variable in variables:
        values = part[variable.code]
        is_whole = set(values) == set(variable.values)
        selection = (
            {"filter": "all", "values": ["*"]} if is_whole else {"filter": "item", "values": [*values]}
        )
        parts.append({"code": variable.code, "selection": selection})
    return {"query": parts, "response": {"format": "json-stat2"}}


def asked(
    part: Selection, access: PxWebAccess, variables: Sequence[Variable]
) -> tuple[dict[str, tuple[str, ...]], tuple[str | None, str | None] | None]:
    """What a part asks for: dimension → the table's codes, where not all of them; first and last period."""
    dims: dict[str, tuple[str, ...]] = {}
    periods: tuple[str | None, str | None] | None = None
    for variable in variables:
        values = part[variable.code]
        if set(values) == set(variable.values):
            continue
        if access.variables[variable.code] == "time":
            own = zip(variable.periods, variable.values, strict=True)
            covered = [period for period, value in own if value in values]
            periods = (min(covered), max(covered))
        else:
            dims[access.variables[variable.code]] = values
    return dims, periods


def refuse_other_cells(found: Any, part: Selection, *, where: str) -> None:
    """Pass only a JSON-stat dataset of exactly the cells that were asked for.

    Raises:
        NotData: something else.
        StructureChanged: other dimensions.
        AnswerIncomplete: other codes, or fewer values than cells.
    """
    names = found.get("id") if isinstance(found, dict) else None
    if not isinstance(names, list) or "value" not in found or "dimension" not in found:
        raise NotData("the answer is no JSON-stat dataset", where=where, todo=RETRY)
    if set(names) != set(part):
        apart = ", ".join(sorted(set(names) ^ set(part)))
        raise StructureChanged(
            f"the answer has other dimensions than were asked for: {apart}", where=where, todo=_LOOK
        )
    for code, values in part.items():
        came = _codes(found["dimension"], code)
        if came != set(values):
            apart = ", ".join(sorted(came ^ set(values))[:10])
            raise AnswerIncomplete(
                f"{code} came with {len(came)} values instead of {len(values)}; differing: {apart}",
                where=where,
                todo=RETRY,
            )
    values, count = found["value"], cells(part)
    # An object holds the cells that have a value, a list every cell.
    is_whole = isinstance(values, dict) or (isinstance(values, list) and len(values) == count)
    if found.get("size") != [len(part[name]) for name in names] or not is_whole:
        held = len(values) if isinstance(values, list | dict) else 0
        raise AnswerIncomplete(
            f"it has {held:,} values for {count:,} cells asked for", where=where, todo=RETRY
        )


def _codes(dimensions: Any, code: str) -> set[str]:
    try:
        return set(dimensions[code]["category"]["index"])
    except (KeyError, TypeError):
        return set()
