"""The framework of an index: its indicators, what they add up to, their directions and weights.

Belongs here: the framework table, its checks, the questions the steps ask of it.
Does not: the data (units), what a step does with a weight or a direction.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.composite.files import TableFile, named_after, read_table_file
from alp_pipeline.benchmark.composite.framework_table import COLUMNS, NUMBERS, checked_table
from alp_pipeline.benchmark.inputs import checked


@dataclass(frozen=True, eq=False)
class Framework:
    """Indicators and the tree of aggregates above them; frozen, built by `Framework.of`.

    Level 1 are the indicators, level 2 the aggregates of indicators and so on; a parent is exactly one level
    above its children. `depth` is the number of levels. Codes are in the order of the table; nothing that is
    computed depends on it except the order of results.
    """

    _table: pd.DataFrame

    @classmethod
    @checked
    def of(cls, table: pd.DataFrame) -> "Framework":
        """Check a framework table.

        Args:
            table: one row per code, in any order. Columns, in upper or lower case: code, label, level,
                parent, direction, weight, unit, target, denominator, type; or COINr's iCode, iName, Level,
                Parent, Direction, Weight, Unit, Target, Denominator, Type. Needed: code, level, parent, type.
                type is one of Indicator, Aggregate, Group, Denominator. direction is 1 or -1 and must be
                given for every indicator; weight >= 0, 1 for all where there is no such column; a level's
                weights matter only relative to the others under the same parent. Other columns are ignored.

        Raises:
            BenchmarkInputError: a column is missing; a code is empty or appears twice; a level, direction,
                weight, target or type is not one; a parent is absent or not one level up; an aggregate has
                no children; all children of an aggregate weigh nothing; a denominator is not in the table.

        >>> framework = Framework.of(pd.DataFrame({
        ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
        ...     "direction": [1, -1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
        >>> framework.indicators, framework.depth, framework.directions.tolist()
        (('jobs', 'wages'), 2, [1.0, -1.0])
        """
        return cls(checked_table(table))

    @property
    def table(self) -> pd.DataFrame:
        """One row per code: code, label, level, parent, direction, weight, unit, target, denominator, type.

        A copy. `type` is indicator, aggregate, group or denominator; level is missing for the last two;
        parent, unit and denominator are None where there is none.
        """
        return self._table.copy()

    @cached_property
    def depth(self) -> int:
        """The number of levels, indicators included."""
        return int(self._table["level"].max())

    @property
    def indicators(self) -> tuple[str, ...]:
        """The codes of the indicators in the order of the table."""
        return self.codes(1)

    def codes(self, level: int) -> tuple[str, ...]:
        """The codes of a level in the order of the table."""
        return self._by_level[self._known_level(level)]

    @property
    def aggregates(self) -> tuple[str, ...]:
        """The codes of all aggregates, level by level from the bottom."""
        return tuple(code for level in range(2, self.depth + 1) for code in self.codes(level))

    @property
    def group_codes(self) -> tuple[str, ...]:
        """The codes of the columns that hold groups of units."""
        return self._typed("group")

    @property
    def denominator_codes(self) -> tuple[str, ...]:
        """The codes of the columns that indicators may be divided by."""
        return self._typed("denominator")

    def level(self, code: str) -> int:
        """The level of an indicator or aggregate."""
        return int(self._row(code)["level"])

    def label(self, code: str) -> str:
        """The label of a code; the code itself where the table gives none."""
        if code not in self._labels:
            raise self._stranger(code, self._labels)
        return self._labels[code]

    def parent(self, code: str) -> str | None:
        """The aggregate that an indicator or aggregate belongs to; None at the top."""
        parent = self._row(code)["parent"]
        return None if pd.isna(parent) else str(parent)

    def children(self, code: str) -> tuple[str, ...]:
        """What an aggregate is made of, one level down, in the order of the table; () for an indicator."""
        level = self.level(code)
        return () if level == 1 else tuple(c for c in self.codes(level - 1) if self.parent(c) == code)

    def indicators_of(self, code: str) -> tuple[str, ...]:
        """The indicators below a code (itself for an indicator), in the order of the tree."""
        children = self.children(code)
        if not children:
            return (self._known(code),)
        return tuple(found for child in children for found in self.indicators_of(child))

    @cached_property
    def directions(self) -> FloatArray:
        """+1 or -1 for each indicator: -1 where a smaller number is the better one."""
        return self._column(1, "direction")

    @cached_property
    def targets(self) -> FloatArray:
        """The target of each indicator in its unit, NaN where it has none."""
        return self._column(1, "target")

    def weights(self, level: int) -> FloatArray:
        """The weight of each code of a level as the table gives it, not normalised."""
        return self._column(self._known_level(level), "weight")

    def membership(self, level: int) -> IntArray:
        """For each code of a level the position of its parent in `codes(level + 1)`."""
        above = {code: place for place, code in enumerate(self.codes(level + 1))}
        return np.array([above[str(self.parent(code))] for code in self.codes(level)], dtype=np.int64)

    @cached_property
    def denominator_of(self) -> Mapping[str, str]:
        """The denominator of each indicator that has one."""
        rows = self._table[self._table["type"].eq("indicator") & self._table["denominator"].notna()]
        return dict(zip(rows["code"].astype(str), rows["denominator"].astype(str), strict=True))

    def with_weights(self, weights: Mapping[str, float]) -> "Framework":
        """The same framework with other weights for some codes.

        Raises:
            BenchmarkInputError: a code is not in the framework, a weight is negative or not finite, or all
                children of an aggregate would weigh nothing.
        """
        table = self.table
        for code, weight in weights.items():
            table.loc[table["code"] == self._known(code), "weight"] = weight
        return Framework.of(table)

    def without(self, codes: Collection[str]) -> "Framework":
        """The framework without some indicators or aggregates, and without what is left childless.

        An aggregate goes with everything below it.

        Raises:
            BenchmarkInputError: a code is not in the framework, or nothing would be left.
        """
        gone = {found for code in codes for found in self.indicators_of(code)}
        kept = [code for code in self.indicators if code not in gone]
        if not kept:
            raise BenchmarkInputError(
                "no indicator is left", where="framework", todo="Leave out fewer indicators."
            )
        for level in range(1, self.depth):
            members = set(kept)
            parents = {self.parent(code) for code in self.codes(level) if code in members}
            kept += [code for code in self.codes(level + 1) if code in parents]
        stays = self._table["code"].isin([*kept, *self.group_codes, *self.denominator_codes])
        return Framework.of(self._table[stays])

    @cached_property
    def _rows(self) -> dict[str, dict[Hashable, Any]]:
        levelled = self._table[self._table["level"].notna()]
        return {str(row["code"]): row for row in levelled.to_dict("records")}

    @cached_property
    def _labels(self) -> dict[str, str]:
        return dict(zip(self._table["code"], self._table["label"], strict=True))

    @cached_property
    def _by_level(self) -> dict[int, tuple[str, ...]]:
        return {
            level: tuple(code for code, row in self._rows.items() if row["level"] == level)
            for level in range(1, self.depth + 1)
        }

    def _typed(self, kind: str) -> tuple[str, ...]:
        return tuple(self._table.loc[self._table["type"] == kind, "code"].astype(str))

    def _column(self, level: int, name: str) -> FloatArray:
        numbers = [float(self._rows[code][name]) for code in self._by_level[level]]
        array = np.array(numbers, dtype=np.float64)
        array.flags.writeable = False
        return array

    def _row(self, code: str) -> dict[Hashable, Any]:
        return self._rows[self._known(code)]

    def _known(self, code: str) -> str:
        if code not in self._rows:
            raise self._stranger(code, self._rows)
        return code

    def _known_level(self, level: int) -> int:
        if level not in self._by_level:
            raise BenchmarkInputError(
                f"there is no level {level!r}", where="framework", todo=f"Use 1 to {self.depth}."
            )
        return level

    @staticmethod
    def _stranger(code: str, known: Iterable[str]) -> BenchmarkInputError:
        return BenchmarkInputError(
            f"{code!r} is not in the framework", where="framework", todo=f"Use one of {', '.join(known)}."
        )


def read_framework(path: Path | str, *, sheet: str | None = None) -> Framework:
    """The framework in a CSV, XLSX or Parquet file; see `Framework.of` for its columns.

    Raises:
        BenchmarkInputError: see `files.read_table` and `Framework.of`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "iMeta.csv"
    ...     _ = file.write_text("iCode,Level,Parent,Direction,Type\\nLPI,1,,1,Indicator\\n")
    ...     read_framework(file).indicators
    ('LPI',)
    """
    table = framework_file(path, sheet=sheet).table
    with named_after(path, "framework"):
        return Framework.of(table)


def framework_file(path: Path | str, *, sheet: str | None = None) -> TableFile:
    """The framework table in a file, and what was read otherwise than it stands there.

    Raises:
        BenchmarkInputError: see `files.read_table_file` and `TableFile.numbers_in`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "iMeta.csv"
    ...     _ = file.write_text("iCode;Level;Parent;Direction;Weight;Type\\nLPI;1;;1;0,5;Indicator\\n")
    ...     framework_file(file).remarks
    ('iMeta.csv: numbers of Weight have no plain decimal point: 0,5 was read as 0.5',)
    """
    return read_table_file(path, sheet=sheet).numbers_in(NUMBERS, path)


__all__ = ["COLUMNS", "Framework", "framework_file", "read_framework"]
