"""An audit's tables as finished cells: names for codes, numbers as written, words for yes and no.

Belongs here: what each column's numbers look like. Does not: which tables are shown (audit_rows), layout.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.index.audit_rows import shown_columns
from alp_pipeline.reports.index.model import AuditCell, AuditFinding, IndexReport
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.model import Cell
from alp_pipeline.reports.wording import THIN, Wording

SHARES = {"availability", "zero_share", "explained_share", "weight_share", "importance_share"}
COUNTS = {"units", "available", "confidential", "missing", "points", "items", "cells", "level", "other_level"}
CODES = {"indicator", "code", "other_code", "target"}
WORDS = {"method", "then", "over", "what", "basis"}


@dataclass(frozen=True)
class Table:
    """A finished table: headings (words, whether numeric), rows of (label, cells)."""

    caption: str
    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Markup | str, tuple[Markup | str, ...]], ...]


def audit_table(
    report: IndexReport,
    words: Wording,
    mark: Marker,
    *,
    section: str,
    name: str,
    caption: str,
    first: str,
    columns: str,
) -> Table | None:
    """A table of the audit; None where the release has no row of it.

    Args:
        section, name: which one; a step's table is found without the stage before its name.
        caption, first, columns: keys of words: the caption, the heading of the row labels, a group with a
            heading for each column that is wanted.
    """
    rows = report.sections[section].table(name)
    headings = words.entry(columns)
    wanted = [column for column in shown_columns(section, name) if column in headings]
    if not rows:
        return None
    return Table(
        words(caption),
        ((words(first), False), *((headings[column], is_number(column)) for column in wanted)),
        tuple(
            (
                named(report, words, label),
                tuple(cell(report, words, mark, cells.get(column), column) for column in wanted),
            )
            for label, cells in rows
        ),
    )


def is_number(column: str) -> bool:
    """Whether a column's cells are numbers.

    >>> is_number("alpha"), is_number("basis")
    (True, False)
    """
    return column not in CODES | WORDS | {"component", "value", "expected"} and not column.startswith("is_")


def cell(
    report: IndexReport, words: Wording, mark: Marker, given: AuditCell | None, column: str
) -> Markup | str:
    """A cell as written; what is undefined is said to be."""
    if column == "expected" and (given is None or given.value is None):
        return words("index.links.sign.none")
    if given is None or (given.value is None and given.text in ("", "nan", "<NA>", "None")):
        address = given.address if given else ""
        return Markup('<span class="state" data-cell="{}">{}</span>').format(
            address, words("index.undefined")
        )
    if column == "expected":
        return words(f"index.links.sign.{'up' if (given.value or 0) > 0 else 'down'}")
    if given.value is not None:
        shown = Cell(given.value, "reported", "", given.address)
        return mark.figure(shown, lambda value: written(words, value, column))
    if column.startswith("is_"):
        return words("index.yes") if given.text == "True" else words("index.no")
    if column == "value":
        return parameters(report, words, given.text)
    return named(report, words, given.text)


def written(words: Wording, value: float, column: str) -> str:
    """A number of an audit table.

    >>> from alp_pipeline.reports.wording import wording
    >>> given = [(0.125, "weight_share"), (3.0, "items"), (-0.456, "alpha")]
    >>> [written(wording("en"), value, column) for value, column in given]
    ['12.5\\u202f%', '3', '\\u22120.46']
    """
    if column in SHARES:
        return words.percent(100 * value)
    if column == "other_year":
        return f"{value:.0f}"
    if column in COUNTS:
        return words.number(value)
    if column.startswith("value_"):
        return words.number(value, 0 if abs(value) >= 1000 else 2)
    if column == "p_value" and value < 0.001:
        return f"<{THIN}{words.number(0.001, 3)}"
    return words.number(value, 3 if column == "p_value" else 2)


def named(report: IndexReport, words: Wording, code: str) -> str:
    """A code as its name, a stage or a word of the vocabulary as such, else the code in plain letters."""
    if code in report.names:
        return report.names[code]
    vocabulary = words.entry("index.vocabulary")
    stage = re.sub(r"^\d+_", "", code)
    return str(vocabulary.get(code, vocabulary.get(stage, stage.replace("_", " "))))


def factor_name(report: IndexReport, words: Wording, factor: str) -> str:
    """A factor of the uncertainty in words, beginning with a capital."""
    said = named(report, words, factor)
    return said[:1].upper() + said[1:]


def parameters(report: IndexReport, words: Wording, text: str) -> str:
    """Parameters written as JSON, in words; one that is not set goes without a word."""
    try:
        loaded = json.loads(text)
    except ValueError:
        return text
    if not isinstance(loaded, dict):
        return str(loaded)
    return ", ".join(
        f"{name.replace('_', ' ')} {_plain(report, words, value)}"
        for name, value in loaded.items()
        if value is not None
    )


def _plain(report: IndexReport, words: Wording, value: Any) -> str:
    if isinstance(value, bool):
        return words("index.yes") if value else words("index.no")
    if isinstance(value, list):
        return "/".join(_plain(report, words, one) for one in value)
    return named(report, words, value) if isinstance(value, str) else str(value)


def findings(report: IndexReport, words: Wording, section: str) -> list[dict[str, Any]]:
    """A section's findings, warnings first, with names for the codes that they are about."""
    order = {"warning": 0, "not_evaluated": 1, "note": 2}
    given: Sequence[AuditFinding] = report.sections[section].findings
    return [
        {
            "severity": finding.severity,
            "word": words(f"index.severity.{finding.severity}"),
            "text": plain_sentence(report, words, finding),
        }
        for finding in sorted(given, key=lambda finding: order.get(finding.severity, 3))
    ]


def _short(report: IndexReport, words: Wording, code: str) -> str:
    """A code's name; a region keeps its code and its name ends where an enumeration would be torn."""
    if code in report.regions:
        return f"{code} {re.split(r'[,/]', report.names[code])[0]}".strip()
    return named(report, words, code)


def plain_sentence(report: IndexReport, words: Wording, finding: AuditFinding) -> str:
    """A finding with its codes as names; a code that has none stays."""
    known = {code: _short(report, words, code) for code in finding.about}
    # A sentence may name the index or a pillar that it is not about.
    known |= {
        code: report.names[code]
        for code in (report.recipe.recipe_id, *report.pillars)
        if code in report.names
    }
    longest_first = sorted(
        (code for code in known if code != known[code]), key=lambda code: (-len(code), code)
    )
    if not longest_first:
        return finding.text
    pattern = re.compile(r"(?<![\w])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w])")
    named_text = pattern.sub(lambda found: known[found.group()], finding.text)
    return named_text[:1].upper() + named_text[1:]
