"""Asset checks: one per asset and severity, each naming its rules in a table.

Belongs here: turning rule outcomes into check results. Does not: evaluating rules (quality).

None of them blocks: the intake gate keeps documents out inside the stage, and the release gate refuses by
failing its own step. A rule that was not evaluated is a failure.
"""

from collections.abc import Sequence

import dagster as dg

from alp_pipeline.build.outcome import RuleOutcome, Severity

SEVERITIES: dict[Severity, dg.AssetCheckSeverity] = {
    "critical": dg.AssetCheckSeverity.ERROR,
    "warning": dg.AssetCheckSeverity.WARN,
}
_SHOWN = 200
"""Rows of the rule table; failures come first, and the number of rules is always told."""


def check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks that an asset declares; every run gives each of them a result."""
    texts = {
        "critical": "Rules that gate: a document that breaks one is kept out, a build is not released.",
        "warning": "Rules that inform; nothing stops for them.",
    }
    return [
        dg.AssetCheckSpec(name=severity, asset=key, description=texts[severity]) for severity in SEVERITIES
    ]


def check_results(key: dg.AssetKey, outcomes: Sequence[RuleOutcome]) -> list[dg.AssetCheckResult]:
    """One result per severity, with counts and the rules as a table."""
    return [
        _result(key, severity, [o for o in outcomes if o.severity == severity]) for severity in SEVERITIES
    ]


def _result(key: dg.AssetKey, severity: Severity, outcomes: Sequence[RuleOutcome]) -> dg.AssetCheckResult:
    failures = [outcome for outcome in outcomes if outcome.is_failure]
    ordered = sorted(outcomes, key=lambda o: (not o.is_failure, o.scope, o.subject, o.rule_id))
    said = "; ".join(f"{o.rule_id}: {o.detail or o.outcome}" for o in failures[:5])
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=severity,
        passed=not failures,
        severity=SEVERITIES[severity],
        description=said or f"{len(outcomes)} rules passed",
        metadata={
            "rules": len(outcomes),
            "failed": sum(o.outcome == "failed" for o in outcomes),
            "waived": sum(o.outcome == "waived" for o in outcomes),
            "not evaluated": sum(o.outcome == "not_evaluated" for o in outcomes),
            "outcomes": dg.MetadataValue.table(
                [
                    dg.TableRecord(
                        {
                            "rule": o.rule_id,
                            "scope": o.scope,
                            "subject": o.subject,
                            "outcome": o.outcome,
                            "checked": o.checked,
                            "failed": o.failed,
                            "detail": o.detail,
                        }
                    )
                    for o in ordered[:_SHOWN]
                ],
                schema=_TABLE,
            ),
        },
    )


_TABLE = dg.TableSchema(
    columns=[
        dg.TableColumn(name, kind)
        for name, kind in (
            ("rule", "string"),
            ("scope", "string"),
            ("subject", "string"),
            ("outcome", "string"),
            ("checked", "int"),
            ("failed", "int"),
            ("detail", "string"),
        )
    ]
)
