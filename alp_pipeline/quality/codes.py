"""Whether the codes of a document are codes that the publisher's own structure knows.

Belongs here: the comparison, per dimension. Does not: which structure was valid when (plan.structures),
reading one (observations.structure), codes that our reference tables lack (plan.dimensions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from alp_pipeline.build.outcome import RuleOutcome, Severity, Verdict
from alp_pipeline.observations.selection import code_of

if TYPE_CHECKING:
    import duckdb

_NAMED = 8
"""Unknown codes that the detail names per dimension."""


def codes_known(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    dimensions: Sequence[str],
    allowed: Mapping[str, frozenset[str]],
    *,
    rule_id: str,
    severity: Severity,
    scope: str,
    subject: str,
) -> RuleOutcome:
    """Compare a document's codes with those of a structure.

    Args:
        rows: SQL of the document's rows, canonical columns.
        dimensions: the dataset's.
        allowed: dimension → known codes, in the catalogue's names. A dimension that it does not name is not
            compared, and said; with none to compare the rule is not evaluated.

    Returns: checked and failed count distinct codes over all compared dimensions.
    """
    compared = [name for name in dimensions if name in allowed]
    if not compared:
        said = "the structure names none of the dataset's dimensions"
        return RuleOutcome(rule_id, scope, subject, severity, "not_evaluated", 0, 0, said)
    columns = ", ".join(f"list(DISTINCT {code_of(name)})" for name in compared)
    answer = connection.execute(f"SELECT {columns} FROM ({rows})").fetchone()
    assert answer is not None  # noqa: S101 - an aggregate has a row
    found = {
        name: {code for code in codes or () if code} for name, codes in zip(compared, answer, strict=True)
    }
    unknown = {name: sorted(codes - allowed[name]) for name, codes in found.items() if codes - allowed[name]}
    count = sum(map(len, unknown.values()))
    told = [f"{name}: {_listed(codes)}" for name, codes in unknown.items()]
    detail = f"unknown to the publisher's structure: {'; '.join(told)}" if unknown else ""
    if len(compared) < len(dimensions):
        left = ", ".join(name for name in dimensions if name not in allowed)
        detail = "; ".join(
            filter(None, (detail, f"not compared, for the structure does not list it: {left}"))
        )
    verdict: Verdict = "failed" if unknown else "passed"
    checked = sum(map(len, found.values()))
    return RuleOutcome(rule_id, scope, subject, severity, verdict, checked, count, detail)


def _listed(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more
