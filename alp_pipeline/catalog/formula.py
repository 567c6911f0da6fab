"""The formula language of indicators: term names, numbers, + - * / and parentheses.

Belongs here: parsing with a whitelist, the SQL of a formula, its value on plain numbers. Does not: which
terms exist and where their values come from (catalog.models, warehouse).

A missing term makes the result missing, and so does a division by zero: never an infinity, never a zero.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from alp_pipeline.errors import AlpError

LONGEST = 2000  # far below what would exhaust the parser's recursion
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class FormulaError(AlpError):
    """A formula that is not arithmetic over term names, or that lacks a term."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    `names` are the terms it uses, in the order of their first appearance.
    """

    text: str
    where: str
    names: tuple[str, ...]
    tree: ast.expr

    def sql(self, columns: Mapping[str, str]) -> str:
        """A DuckDB and PostgreSQL expression of type DOUBLE; NULL where a term is NULL or a divisor is 0.

        Args:
            columns: term name → SQL expression of it, e.g. a column; taken as it is.

        Raises:
            FormulaError: a term of the formula has no expression.

        >>> parse_formula("100 * a / (a + b)").sql({"a": "a.value", "b": "b.value"})
        '((100.0::DOUBLE PRECISION * a.value) / NULLIF((a.value + b.value), 0))'
        """
        self._require(columns)
        return _sql(self.tree, columns)

    def value(self, terms: Mapping[str, float | None]) -> float | None:
        """The value on plain numbers, by the same rules as `sql`.

        Raises:
            FormulaError: a term of the formula has no entry.

        >>> formula = parse_formula("a / b")
        >>> formula.value({"a": 1, "b": 4}), formula.value({"a": 1, "b": 0})
        (0.25, None)
        """
        self._require(terms)
        return _value(self.tree, terms)

    def _require(self, terms: Mapping[str, object]) -> None:
        missing = [name for name in self.names if name not in terms]
        if missing:
            raise FormulaError(
                f"the formula {self.text!r} names {', '.join(missing)}, which is not among its terms",
                where=self.where,
                todo="Add the term or correct the name.",
            )


def parse_formula(text: str, *, where: str = "formula") -> Formula:
    """Parse a formula, refusing everything that is not arithmetic over names.

    Raises:
        FormulaError: naming the position (1 is the first character) and what stands there.

    >>> parse_formula("100 * unemployed / (employed + unemployed)").names
    ('unemployed', 'employed')
    >>> parse_formula("1 + a ** 2")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    alp_pipeline.catalog.formula.FormulaError: ...position 5 of '1 + a ** 2': 'a ** 2' is not allowed. ...
    """
    if len(text) > LONGEST:
        _refuse(text[:40] + " …", where, LONGEST, f"longer than {LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Python gives no place for a formula that stops too early: it is the end.
        position = getattr(error, "offset", None) or len(text) + 1
        _refuse(text, where, position, f"no formula: {getattr(error, 'msg', error)}")
    names: dict[str, None] = {}
    _check(tree, text, where, names)
    if not names:
        _refuse(text, where, 1, "names no term")
    return Formula(text=text, where=where, names=tuple(names), tree=tree)


def _check(node: ast.expr, text: str, where: str, names: dict[str, None]) -> None:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left, text, where, names)
            _check(right, text, where, names)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand, text, where, names)
        case ast.Constant(value=int() | float() as value) if (
            not isinstance(value, bool) and abs(value) < 1e300
        ):
            pass
        case ast.Name(id=name):
            names.setdefault(name)
        case _:
            piece = ast.get_source_segment(text, node) or text
            _refuse(text, where, _position(text, node), f"{piece!r} is not allowed")


def _position(text: str, node: ast.expr) -> int:
    # ast counts UTF-8 bytes in a line; people count characters.
    line = text.splitlines()[node.lineno - 1]
    before = sum(len(row) + 1 for row in text.splitlines()[: node.lineno - 1])
    return before + len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1


def _refuse(text: str, where: str, position: int, what: str) -> NoReturn:
    raise FormulaError(
        f"position {position} of {text!r}: {what}",
        where=where,
        todo="A formula is made of term names, numbers, + - * / and parentheses.",
    )


def _sql(node: ast.expr, columns: Mapping[str, str]) -> str:
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"({_sql(left, columns)} / NULLIF({_sql(right, columns)}, 0))"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({_sql(left, columns)} {_OPERATORS[type(op)]} {_sql(right, columns)})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(- {_sql(operand, columns)})"
        case ast.UnaryOp(operand=operand):
            return _sql(operand, columns)
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as number):
            return f"{float(number)!r}::DOUBLE PRECISION"
        case _:
            raise AssertionError("parse_formula lets nothing else through")


def _value(node: ast.expr, terms: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _value(left, terms), _value(right, terms)
            return None if first is None or second is None else _apply(op, first, second)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, terms)
            return None if inner is None else -inner if isinstance(op, ast.USub) else inner
        case ast.Name(id=name):
            return terms[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case _:
            raise AssertionError("parse_formula lets nothing else through")


def _apply(op: ast.operator, first: float, second: float) -> float | None:
    if isinstance(op, ast.Div):
        return None if second == 0 else first / second
    if isinstance(op, ast.Add):
        return first + second
    return first - second if isinstance(op, ast.Sub) else first * second
