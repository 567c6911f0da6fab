"""From a rule to a Great Expectations expectation, and from a table's declaration to its rules.

Belongs here: the kinds of column rules, the expectation of each, the rules that follow from a declared
table. Does not: running them (`runner`), SQL (`frames`), rules over several rows or tables (`tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from alp_pipeline.build.outcome import Severity
from alp_pipeline.warehouse.columns import Rule, rules_of

if TYPE_CHECKING:
    from sqlalchemy import Table

Kind = Literal["present", "one_of", "range", "matches", "holds"]


@dataclass(frozen=True)
class ColumnRule:
    """A rule that every row of one column of a frame must keep. A null is only `present`'s business.

    >>> ColumnRule("sex_in_vocabulary", "sex", "one_of", ("F", "M", "T")).reason
    'sex is not one of F, M, T'
    """

    rule_id: str
    column: str
    kind: Kind
    """`present`: not null. `one_of`: among `value`. `range`: between `value`'s bounds, inclusive, None is
    open. `matches`: the whole text has the form of the regular expression `value`. `holds`: is true."""
    value: Any = None
    severity: Severity = "critical"
    text: str = ""
    """What is said of a row that breaks the rule, where the kind alone does not tell."""

    @property
    def reason(self) -> str:
        """What is said of a row that breaks the rule."""
        return self.text or f"{self.column} {_SAYS[self.kind](self.value)}"


_SAYS: Mapping[str, Callable[[Any], str]] = {
    "present": lambda _: "is empty",
    "one_of": lambda value: f"is not one of {', '.join(map(str, value))}",
    "range": lambda value: f"is outside {_bounds(value)}",
    "matches": lambda _: "does not have the required form",
    "holds": lambda _: "does not hold",
}


def _bounds(value: tuple[float | None, float | None]) -> str:
    low, high = (None if bound is None else f"{bound:g}" for bound in value)
    if low is None or high is None:
        return f"[{low} or more]" if high is None else f"[{high} or less]"
    return f"[{low} to {high}]"


def expectation(rule: ColumnRule) -> Any:
    """The Great Expectations expectation of a rule, with `meta={"rule": rule_id}` and its severity."""
    from great_expectations import expectations

    gxe: Any = expectations  # its names are re-exported in a way that a strict type checker refuses
    said: dict[str, Any] = {"column": rule.column, "meta": {"rule": rule.rule_id}, "severity": rule.severity}
    match rule.kind:
        case "present":
            return gxe.ExpectColumnValuesToNotBeNull(**said)
        case "one_of":
            return gxe.ExpectColumnValuesToBeInSet(value_set=list(rule.value), **said)
        case "range":
            low, high = rule.value
            return gxe.ExpectColumnValuesToBeBetween(min_value=low, max_value=high, **said)
        case "matches":
            return gxe.ExpectColumnValuesToMatchRegex(regex=f"^(?:{rule.value})$", **said)
        case "holds":
            return gxe.ExpectColumnValuesToBeInSet(value_set=[True], **said)


def suite(rules: Sequence[ColumnRule]) -> Any:
    """The Great Expectations suite of some rules."""
    import great_expectations as gx

    return gx.ExpectationSuite(name="rules", expectations=[expectation(rule) for rule in rules])


def declared_rules(table: Table) -> list[ColumnRule]:
    """The column rules that a table's declaration implies, without those on a value and its state.

    >>> from alp_pipeline.warehouse.tables import TABLES
    >>> [rule.rule_id for rule in declared_rules(TABLES["ops_outcome"])][:2]
    ['dataset_id_present', 'document_id_present']
    """
    return [_column_rule(column, rule) for column, rule in rules_of(table)]


def _column_rule(column: str, rule: Rule) -> ColumnRule:
    if rule.kind not in _SAYS or rule.severity not in ("critical", "warning"):
        raise ValueError(f"{rule.rule_id}: no rule kind {rule.kind!r} or no severity {rule.severity!r}")
    return ColumnRule(rule.rule_id, column, rule.kind, rule.value, rule.severity)  # type: ignore[arg-type]


def stated_values(table: Table) -> list[tuple[str, str]]:
    """(value column, state column) of every value that must be there exactly where its state is reported.

    >>> from alp_pipeline.warehouse.tables import TABLES
    >>> stated_values(TABLES["fct_indicator"])
    [('value', 'cell_state')]
    """
    return [(column.name, column.info["states"]) for column in table.columns if column.info["states"]]
