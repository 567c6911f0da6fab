"""docs/index.md, taken apart: its blocks by language, its sections and tables."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "index.md"


def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def blocks(language: str, within: str | None = None) -> list[str]:
    """The blocks of a language in the document or in a part of it, in order."""
    parts = (text() if within is None else within).split(f"```{language}\n")[1:]
    return [part.split("```", 1)[0] for part in parts]


def recipe_named(name: str) -> str:
    return next(block for block in blocks("yaml") if block.startswith(f"id: {name}\n"))


def section(heading: str) -> str:
    """What stands under a heading of any level, up to the next one."""
    return re.split(r"\n#+ ", re.split(rf"\n#+ {heading}\n", text(), maxsplit=1)[1], maxsplit=1)[0]


def tables(within: str) -> list[list[list[str]]]:
    """Its tables: rows of cells, the heading first."""
    found: list[list[list[str]]] = []
    before = ""
    for line in within.splitlines():
        if line.startswith("|") and not set(line) <= set("|-"):
            if not before.startswith("|"):
                found.append([])
            # A bar within a cell is escaped.
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        before = line
    return found


def quoted(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]*)`", cell)
