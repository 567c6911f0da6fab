"""Quoting for the SQL that this project writes: names, texts, files.

Belongs here: turning a value into SQL text that means exactly it. Does not: statements.
"""

from pathlib import Path

QUIET = "SET enable_progress_bar = false"
"""To be said on every DuckDB connection: its bar goes to standard output, between the lines of `--json`."""


def identifier(name: str) -> str:
    """A column or table name, quoted for SQL.

    >>> print(identifier('a "long" name'))
    "a ""long"" name"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text value, quoted for SQL.

    >>> literal("l'aria")
    "'l''aria'"
    """
    return "'" + text.replace("'", "''") + "'"


def parquet(*files: Path) -> str:
    """The FROM item that reads Parquet files, one after the other.

    DuckDB takes `*`, `?` and `[` in a path for a pattern; a data folder may be named so all the same.

    >>> parquet(Path("l'aria/a.parquet"))
    "read_parquet(['l''aria/a.parquet'])"
    """
    return f"read_parquet([{', '.join(literal(_plain(file)) for file in files)}])"


def _plain(file: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file))
