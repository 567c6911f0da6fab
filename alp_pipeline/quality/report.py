"""The validation report: what was checked in a release, what was found, what stands in quarantine.

Belongs here: reading a release's operational tables and putting them on one HTML page that needs nothing
else: no script, no font, no picture from anywhere. Does not: evaluating rules, publishing.

Nothing on the page is cut without saying so: a sample states the total and the query that gives all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.durable import write_text
from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.quality.gate import summarise

if TYPE_CHECKING:
    import duckdb

SHOWN_QUARANTINED = 15
"""Quarantined cells that the page shows per dataset."""
SHOWN_DOCUMENTS = 12
"""Documents that the page shows per dataset, newest first."""

Row = dict[str, Any]
_WORST = ("not_evaluated", "failed", "waived", "passed")


_KEPT_OUT = ("kept out", "suspect", "refused")
"""Outcomes of documents that are not in use."""


@dataclass(frozen=True)
class RuleLine:
    """One rule over all documents of a dataset."""

    rule_id: str
    severity: str
    outcome: str
    """The worst of all documents."""
    evaluated: int
    """How often it was evaluated: once per document."""
    failures: int
    checked: int
    failed: int
    details: tuple[str, ...]

    @property
    def is_silent(self) -> bool:
        return self.outcome == "passed" and not self.failed and not self.details


@dataclass(frozen=True)
class DatasetPage:
    """Everything that the page says of one dataset."""

    entry: Row
    documents: list[Row]
    document_count: int
    kept_out: int
    cells: int
    states: list[tuple[str, int]]
    rules: list[RuleLine]
    summary: Mapping[str, Mapping[str, int]]
    quarantined: int
    quarantine: list[Row]
    quarantined_by_rule: list[Row]

    @property
    def telling_rules(self) -> list[RuleLine]:
        """Rules with something to say; the others are named in one line."""
        return [line for line in self.rules if not line.is_silent]

    @property
    def silent_rules(self) -> list[RuleLine]:
        return [line for line in self.rules if line.is_silent]


def write_validation_report(
    connection: duckdb.DuckDBPyConnection, path: Path, *, release_id: str = ""
) -> None:
    """Write the validation report of a release as one self-contained HTML file.

    Args:
        connection: to the release's DuckDB file; only read. Needs `dim_dataset`, `dim_document`,
            `fct_observation`, `ops_validation`, `ops_quarantine` and `ops_outcome`.
        path: the HTML file; replaced whole.
        release_id: the release's name, for the page's head.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("alp_pipeline.quality"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "words": _words, "moment": _moment, "share": _share}
    template = environment.get_template("validation_report.html.j2")
    write_text(path, template.render(**_content(connection), release_id=release_id))


def _content(connection: duckdb.DuckDBPyConnection) -> Row:
    """What the template shows, by name."""
    entries = _rows(connection, "SELECT * FROM dim_dataset ORDER BY dataset_id")
    outcomes = _rows(connection, "SELECT * FROM ops_validation ORDER BY scope, subject, rule_id")
    datasets = [_dataset(connection, entry, outcomes) for entry in entries]
    known = {entry["dataset_id"] for entry in entries}
    tables = [outcome for outcome in outcomes if outcome["scope"] not in known]
    others = _rows(
        connection,
        """SELECT source_id, dataset_code, document_format, standing, count(*) AS documents
           FROM dim_document
           WHERE dataset_id IS NULL OR standing IN ('format not yet read', 'metadata of its dataset')
           GROUP BY ALL ORDER BY ALL""",
    )
    return {
        "datasets": datasets,
        "tables": _tables(tables),
        "others": others,
        "problems": sorted((o for o in outcomes if o["outcome"] != "passed"), key=_gravity),
        "titles": {entry["dataset_id"]: entry["title"] for entry in entries},
        "totals": _totals(datasets, outcomes),
        "gate": _summary(tables),
        "states": CELL_STATES,
        "is_synthetic": any(entry["is_synthetic"] for entry in entries),
        "shown_quarantined": SHOWN_QUARANTINED,
    }


def _dataset(connection: duckdb.DuckDBPyConnection, entry: Row, outcomes: Iterable[Row]) -> DatasetPage:
    own = [entry["dataset_id"]]
    documents = _rows(
        connection,
        """SELECT d.*, o.outcome, o.detail FROM dim_document d
           LEFT JOIN ops_outcome o ON o.dataset_id = d.dataset_id AND o.document_id = d.document_id
                AND o.step = 'intake'
           WHERE d.dataset_id = ? AND d.standing <> 'metadata of its dataset'
           ORDER BY coalesce(d.published_at, d.seen_at) DESC NULLS LAST, d.document_id""",
        own,
    )
    counted = _rows(
        connection,
        "SELECT cell_state, count(*) AS cells FROM fct_observation WHERE dataset_id = ? GROUP BY 1",
        own,
    )
    cells = {row["cell_state"]: row["cells"] for row in counted}
    quarantine = "FROM ops_quarantine WHERE dataset_id = ?"
    total = _rows(connection, f"SELECT count(*) AS n {quarantine}", own)[0]["n"]
    about = [outcome for outcome in outcomes if outcome["scope"] == entry["dataset_id"]]
    return DatasetPage(
        entry=entry,
        documents=documents[:SHOWN_DOCUMENTS],
        document_count=len(documents),
        kept_out=sum(document["outcome"] in _KEPT_OUT for document in documents),
        cells=sum(cells.values()),
        states=[(state, cells[state]) for state in CELL_STATES if cells.get(state)],
        rules=_rule_lines(about, [document["document_id"] for document in documents]),
        summary=_summary(about),
        quarantined=total,
        quarantine=_rows(
            connection,
            f"SELECT * {quarantine} ORDER BY document_id, row_number LIMIT {SHOWN_QUARANTINED}",
            own,
        ),
        quarantined_by_rule=_rows(
            connection, f"SELECT rule_ids, count(*) AS cells {quarantine} GROUP BY 1 ORDER BY 2 DESC, 1", own
        ),
    )


def _rule_lines(outcomes: Iterable[Row], newest_first: list[str]) -> list[RuleLine]:
    """The rules of a dataset, worst first, each over all its documents."""
    order = {document: place for place, document in enumerate(newest_first)}
    by_rule: dict[tuple[str, str], list[Row]] = {}
    for outcome in sorted(outcomes, key=lambda o: order.get(o["subject"], len(order))):
        by_rule.setdefault((outcome["rule_id"], outcome["severity"]), []).append(outcome)
    lines = []
    for (rule_id, severity), found in by_rule.items():
        telling = [o for o in found if o["outcome"] != "passed" or o["failed_count"]]
        said = [_said(o, len(found) > 1) for o in telling] or [_said(o, len(found) > 1) for o in found[:1]]
        lines.append(
            RuleLine(
                rule_id=rule_id,
                severity=severity,
                outcome=min((o["outcome"] for o in found), key=_WORST.index),
                evaluated=len(found),
                failures=sum(o["outcome"] != "passed" for o in found),
                checked=sum(o["checked_count"] or 0 for o in found),
                failed=sum(o["failed_count"] or 0 for o in found),
                details=tuple(filter(None, said)),
            )
        )
    return sorted(lines, key=lambda line: (_WORST.index(line.outcome), line.failed == 0, line.rule_id))


def _said(outcome: Row, name_document: bool) -> str:
    if not outcome["detail"] or not name_document or not outcome["subject"]:
        return str(outcome["detail"])
    return f"document {outcome['subject'][:8]}: {outcome['detail']}"


def _tables(outcomes: Iterable[Row]) -> list[Row]:
    """Per warehouse table the count of its rules by outcome."""
    by_scope: dict[str, list[Row]] = {}
    for outcome in outcomes:
        by_scope.setdefault(outcome["scope"], []).append(outcome)
    return [
        {
            "name": scope,
            "rules": len(found),
            "rows": next((o["checked_count"] for o in found if o["rule_id"] == "key_unique"), None),
            **{verdict: sum(o["outcome"] == verdict for o in found) for verdict in _WORST},
        }
        for scope, found in by_scope.items()
    ]


def _totals(datasets: Iterable[DatasetPage], outcomes: Iterable[Row]) -> Row:
    pages = list(datasets)
    summary = _summary(outcomes)
    both = {key: summary["critical"][key] + summary["warning"][key] for key in summary["critical"]}
    return {
        "datasets": len(pages),
        "without_data": sum(not page.cells for page in pages),
        "documents": sum(page.document_count for page in pages),
        "kept_out": sum(page.kept_out for page in pages),
        "cells": sum(page.cells for page in pages),
        "quarantined": sum(page.quarantined for page in pages),
        **both,
    }


def _summary(outcomes: Iterable[Row]) -> dict[str, dict[str, int]]:
    return summarise(
        RuleOutcome(
            o["rule_id"],
            o["scope"],
            o["subject"],
            o["severity"],
            o["outcome"],
            o["checked_count"] or 0,
            o["failed_count"] or 0,
        )
        for o in outcomes
    )


def _gravity(outcome: Row) -> tuple[bool, int, str, str, str]:
    return (
        outcome["severity"] != "critical",
        _WORST.index(outcome["outcome"]),
        outcome["scope"],
        outcome["subject"],
        outcome["rule_id"],
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Iterable[Any] = ()) -> list[Row]:
    cursor = connection.execute(query, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _count(number: int | None) -> str:
    """A count with separators; a dash where it is not known.

    >>> _count(1561816), _count(None)
    ('1,561,816', '–')
    """
    return "–" if number is None else f"{number:,}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _moment(moment: Any) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _share(part: int, whole: int) -> str:
    """A share in percent that never rounds something to nothing or part to all.

    >>> _share(1, 1_561_816), _share(1_561_815, 1_561_816), _share(1, 4), _share(0, 9)
    ('< 0.1 %', '> 99.9 %', '25.0 %', '0 %')
    """
    if not part or not whole:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %"
