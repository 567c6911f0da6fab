"""What a benchmark may assume about its frames: keys, states, one order.

Belongs here: the long form (region × activity × year, one row per cell), its checks, its order.
Does not: any formula; the parsing of flags (observations).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.errors import AlpError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

CELL_STATES = (
    "reported",
    "confidential",
    "not_applicable",
    "not_available",
    "not_yet_published",
    "lost_in_concordance",
)
REPORTED, CONFIDENTIAL, NOT_APPLICABLE, NOT_AVAILABLE = range(4)


class BenchmarkInputError(AlpError, ValueError):
    """A frame that a benchmark cannot be computed from; the message names the first offender."""


@dataclass(frozen=True)
class Cells:
    """Long cells in the order of their key (region, activity, year), keys and states also as integers.

    `region` and `activity` number the sorted codes in `region_codes` and `activity_codes`; `state` indexes
    CELL_STATES; `value` is NaN in every cell that is not reported, whatever the input held there.
    """

    region: IntArray
    activity: IntArray
    year: IntArray
    state: IntArray
    value: FloatArray
    obs_status: pd.Series
    region_codes: pd.Index
    activity_codes: pd.Index

    def keys(self) -> pd.DataFrame:
        """The key columns as text and numbers, one row per cell."""
        return pd.DataFrame(
            {
                "region_code": self.region_codes.take(self.region),
                "activity_code": self.activity_codes.take(self.activity),
                "year": self.year,
            }
        )


def ordered_cells(cells: pd.DataFrame) -> Cells:
    """Check long cells and put them in the order of their key.

    Args:
        cells: columns region_code, activity_code, year, value, cell_state and, optionally, obs_status
            (flag letters); one row per region × activity × year, in any order.

    Raises:
        BenchmarkInputError: a column is missing, a key twice or empty, a state unknown, a reported cell
            without a value, infinite or negative.

    >>> frame = pd.DataFrame({"region_code": ["B", "A"], "activity_code": "C28", "year": 2014,
    ...                       "value": [5.0, 7.0], "cell_state": ["confidential", "reported"]})
    >>> ordered_cells(frame).value.tolist()
    [7.0, nan]
    """
    require_columns(cells, ("region_code", "activity_code", "year", "value", "cell_state"), "cells")
    region, region_codes = _coded(cells["region_code"])
    activity, activity_codes = _coded(cells["activity_code"])
    year = whole_years(cells["year"], "cells")
    first_year, years = (int(year.min()), int(np.ptp(year)) + 1) if year.size else (0, 1)
    key = (region * len(activity_codes) + activity) * years + (year - first_year)
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(np.diff(key[order]) == 0)
    if twice.size:
        row = cells.iloc[int(order[twice[0]])]
        raise BenchmarkInputError(
            f"the cell {row['region_code']} × {row['activity_code']} × {row['year']} appears more than once",
            where="cells",
            todo="Pass one row per region, activity and year: select one indicator and one vintage.",
        )
    state = state_numbers(cells["cell_state"], "cells")[order]
    value = numbers_in(cells["value"], "cells")[order]
    value = np.where(state == REPORTED, value, np.nan)
    _require_numbers(value, state, cells, order)
    if "obs_status" in cells:
        flags = cells["obs_status"].iloc[order].astype("str").fillna("").reset_index(drop=True)
    else:
        flags = pd.Series("", index=range(len(cells)), dtype="str")
    return Cells(
        region[order], activity[order], year[order], state, value, flags, region_codes, activity_codes
    )


def numbers_in(column: pd.Series, where: str) -> FloatArray:
    """A column as float64, NaN for what is missing.

    Raises:
        BenchmarkInputError: something that is no number, by value.

    >>> numbers_in(pd.Series([3, None], name="value"), "cells").tolist()
    [3.0, nan]
    """
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        strange = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        what = repr(strange.iloc[0]) if len(strange) else "a cell"
        raise BenchmarkInputError(
            f"{what} is not a number" + (f" (column {column.name})" if column.name is not None else ""),
            where=where,
            todo="Pass numbers, and nothing where there is none.",
        ) from error


def require_columns(frame: pd.DataFrame, names: Iterable[str], where: str) -> None:
    """Refuse a frame that lacks one of the named columns.

    Raises:
        BenchmarkInputError: naming the first one.

    >>> require_columns(pd.DataFrame(columns=["year"]), ("year",), "cells")
    """
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise BenchmarkInputError(
            f"the column {absent[0]} is absent",
            where=where,
            todo=f"Pass the columns {', '.join(map(str, names))}.",
        )


def whole_years(years: pd.Series, where: str) -> IntArray:
    """Years as integers.

    Raises:
        BenchmarkInputError: anything else (a quarter, a null), by value.

    >>> whole_years(pd.Series(["2014"]), "cells").tolist()
    [2014]
    """
    numbers = pd.to_numeric(years, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(numbers == np.floor(numbers)))
    if wrong.size:
        raise BenchmarkInputError(
            f"{years.iloc[int(wrong[0])]!r} is not a year", where=where, todo="Pass annual cells only."
        )
    return numbers.astype(np.int64)


def state_numbers(states: pd.Series, where: str) -> IntArray:
    """Each state's position in CELL_STATES.

    Raises:
        BenchmarkInputError: an unknown state, by name.

    >>> state_numbers(pd.Series(["reported", "confidential"]), "cells").tolist()
    [0, 1]
    """
    numbers, names = pd.factorize(states)
    known = pd.Index(CELL_STATES).get_indexer(pd.Index(names))
    if (numbers < 0).any() or (known < 0).any():
        stranger = "an empty state" if (numbers < 0).any() else repr(str(names[int(np.argmin(known))]))
        raise BenchmarkInputError(
            f"{stranger} is not a cell state", where=where, todo=f"Use one of {', '.join(CELL_STATES)}."
        )
    return known[numbers].astype(np.int64)


def positions(wanted: IntArray, keys: IntArray, where: str) -> IntArray:
    """For each wanted key its row among `keys`, -1 where it has none.

    Raises:
        BenchmarkInputError: a key twice.

    >>> positions(np.array([7, 8]), np.array([9, 7]), "cells").tolist()
    [1, -1]
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    if (np.diff(ordered) == 0).any():
        raise BenchmarkInputError(
            "two rows share one key", where=where, todo="Pass one row per key: see the docstring for the key."
        )
    if not ordered.size:
        return np.full(wanted.shape, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(ordered, wanted), ordered.size - 1)
    return np.where(ordered[place] == wanted, order[place], -1)


def _coded(codes: pd.Series) -> tuple[IntArray, pd.Index]:
    numbers, names = pd.factorize(codes, sort=True)
    if (numbers < 0).any():
        raise BenchmarkInputError(
            f"row {int(np.argmin(numbers))} has no {codes.name}",
            where="cells",
            todo="Drop or complete the row.",
        )
    return numbers.astype(np.int64), pd.Index(names, dtype="str")


def _require_numbers(value: FloatArray, state: IntArray, cells: pd.DataFrame, order: IntArray) -> None:
    wrong = np.flatnonzero((state == REPORTED) & ~(np.isfinite(value) & (value >= 0)))
    if wrong.size:
        row = cells.iloc[int(order[wrong[0]])]
        raise BenchmarkInputError(
            f"the reported cell {row['region_code']} × {row['activity_code']} × {row['year']} "
            f"holds {row['value']}",
            where="cells",
            todo="A reported cell is a finite number, zero or more; give any other cell its state.",
        )
