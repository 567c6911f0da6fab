"""What a method gives back, and the file that it becomes.

Belongs here: the table with its summary, CSV, Parquet and XLSX with full precision, written whole.
Does not: what is in it (the methods).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.durable import replacing

_EPOCH = datetime(2000, 1, 1)  # a workbook's bytes are a function of its table: no time of writing


@dataclass(frozen=True)
class Outcome:
    """The result of a method.

    Attributes:
        table: what is written; plain columns, no index.
        summary: what a program is told: counts, choices, what was left out.
        words: for a matrix of numbers, the text to write in the place of a number that is not there, same
            shape and labels as `table`; "" leaves the cell empty. Parquet keeps its columns numeric and
            writes none of it.
        internal: bounds of what is confidential are in it.
    """

    table: pd.DataFrame
    summary: Mapping[str, Any] = field(default_factory=dict)
    words: pd.DataFrame | None = None
    internal: bool = False


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Write a result by the suffix of its file: .csv, .parquet or .xlsx; whole or not at all.

    In CSV and Parquet a number is written so that reading it gives the same number to the last bit; a
    workbook keeps sixteen significant digits.

    Raises:
        BenchmarkInputError: another suffix.

    >>> import tempfile
    >>> numbers = pd.DataFrame({"geo": ["AT33", "ITH1"], "C10": [0.1, None]})
    >>> words = pd.DataFrame({"geo": ["", ""], "C10": ["", ":c"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_outcome(Outcome(numbers, words=words), Path(folder) / "lq.csv")
    ...     (Path(folder) / "lq.csv").read_text(encoding="utf-8").splitlines()
    ['geo,C10', 'AT33,0.1', 'ITH1,:c']
    """
    writers: dict[str, Callable[[Outcome, Path], None]] = {
        ".csv": _write_csv,
        ".parquet": _write_parquet,
        ".xlsx": _write_xlsx,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BenchmarkInputError(
            f"a file ending in {path.suffix!r} is not written",
            where=path.name,
            todo=f"Use one of {', '.join(writers)}.",
        )
    with replacing(path) as temporary:
        writer(outcome, temporary)


def require_writable(path: Path) -> None:
    """Refuse a suffix that is not written before anything is computed.

    Raises:
        BenchmarkInputError: see `write_outcome`.

    >>> require_writable(Path("lq.xlsx"))
    >>> require_writable(Path("lq.pdf"))
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...lq.pdf: a file ending in '.pdf' is not written...
    """
    if path.suffix.lower() not in (".csv", ".parquet", ".xlsx"):
        write_outcome(Outcome(pd.DataFrame()), path)


def _write_csv(outcome: Outcome, path: Path) -> None:
    _worded(outcome).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _write_parquet(outcome: Outcome, path: Path) -> None:
    table = outcome.table
    table.set_axis([str(name) for name in table.columns], axis=1).to_parquet(path, index=False)


def _write_xlsx(outcome: Outcome, path: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(path, {"in_memory": True, "nan_inf_to_errors": False})
    book.set_properties({"created": _EPOCH})
    sheet = book.add_worksheet("result")
    table = _worded(outcome)
    sheet.write_row(0, 0, [str(name) for name in table.columns])
    for column, name in enumerate(table.columns):
        for row, cell in enumerate(table[name], start=1):
            if cell is None or cell is pd.NA or cell != cell:
                continue
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif abs(cell) == float("inf"):
                sheet.write_string(row, column, "inf" if cell > 0 else "-inf")
            else:
                sheet.write_number(row, column, cell)
    book.close()


def _worded(outcome: Outcome) -> pd.DataFrame:
    if outcome.words is None:
        return outcome.table
    numbers = outcome.table.astype(object)
    return numbers.where(outcome.table.notna(), outcome.words.where(outcome.words != "", None))
