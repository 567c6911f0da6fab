"""What an analysis may assume of a frame of units × codes: numbers, one row per unit, one order.

Belongs here: the check and the order of rows. Does not: any statistic, what a cell without a number means
(units), the long form of cells (benchmark.cells).
"""

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError


def labelled_numbers(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The frame as float64, its rows in the order of their labels.

    Sums run over rows; in one fixed order they give the same result to the last bit, whatever the order in
    which the units came.

    Args:
        frame: units × codes, any order; NaN (or None) where there is no number.
        where: how an error names the frame.

    Raises:
        BenchmarkInputError: a label appears twice, a cell is infinite or not a number.

    >>> labelled_numbers(pd.DataFrame({"LPI": [3, None]}, index=["CH", "AT"]), "scores")["LPI"].to_dict()
    {'AT': nan, 'CH': 3.0}
    """
    for axis, name in ((frame.index, "unit"), (frame.columns, "column")):
        if axis.has_duplicates:
            raise BenchmarkInputError(
                f"the {name} {axis[axis.duplicated()][0]} appears more than once",
                where=where,
                todo="Pass every label once.",
            )
    for code, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column) and not column.isna().all():
            raise BenchmarkInputError(
                f"the column {code} holds text", where=where, todo="Pass columns of numbers only."
            )
    array = frame.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    if np.isinf(array).any():
        row, column_number = (int(place) for place in np.argwhere(np.isinf(array))[0])
        raise BenchmarkInputError(
            f"{frame.index[row]} × {frame.columns[column_number]} is infinite",
            where=where,
            todo="Pass finite numbers, and NaN where there is none.",
        )
    numbers = pd.DataFrame(array, index=frame.index, columns=frame.columns)
    # By their text, because labels need not be of one type to be told apart.
    return numbers.sort_index(key=lambda labels: labels.map(str), kind="stable")


def require_codes(frame: pd.DataFrame, codes: tuple[str, ...], where: str) -> None:
    """Refuse a frame that lacks one of the codes.

    Raises:
        BenchmarkInputError: naming the first one.

    >>> require_codes(pd.DataFrame(columns=["LPI"]), ("LPI",), "scores")
    """
    absent = [code for code in codes if code not in frame.columns]
    if absent:
        raise BenchmarkInputError(
            f"the column {absent[0]} is absent",
            where=where,
            todo=f"Pass the columns {', '.join(map(str, codes))}.",
        )
