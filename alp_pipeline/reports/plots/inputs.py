"""What plots ask of the frames that they are given.

Belongs here: reading numbers and states, naming what a frame lacks. Does not: any geometry (geometry).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    import pandas as pd


class PlotInputError(AlpError):
    """A plot was given a frame that it cannot draw."""


def required(frame: "pd.DataFrame", columns: Iterable[str], where: str) -> "pd.DataFrame":
    """The frame in the order of its index, with the columns that a plot needs.

    Raises:
        PlotInputError: a column is absent, or a label appears twice.
    """
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise PlotInputError(
            f"the frame has no column {', '.join(absent)}",
            where=where,
            todo=f"Pass a frame with {', '.join(columns)}.",
        )
    labels_once(frame.index, where)
    return frame.sort_index(key=lambda labels: labels.astype(str))


def labels_once(labels: "pd.Index", where: str) -> None:
    """Raises PlotInputError, naming the first label that appears twice."""
    if labels.has_duplicates:
        raise PlotInputError(
            f"{labels[labels.duplicated()][0]} appears twice", where=where, todo="Give every label once."
        )


def number(value: object, where: str) -> float | None:
    """A finite number, or None where there is none.

    Raises:
        PlotInputError: it is infinite or no number.

    >>> number(float("nan"), "a cell"), number(3, "a cell")
    (None, 3.0)
    """
    import math

    import pandas as pd

    if value is None or value is pd.NA:
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise PlotInputError(f"{value!r} is no number", where=where, todo="Pass numbers or NaN.") from error
    if math.isinf(found):
        raise PlotInputError("the number is infinite", where=where, todo="Pass finite numbers or NaN.")
    return None if math.isnan(found) else found


def state_of(value: object, default: str) -> str:
    """A state's word; `default` where none is given.

    >>> state_of(float("nan"), "not_available"), state_of("confidential", "reported")
    ('not_available', 'confidential')
    """
    return value if isinstance(value, str) and value else default
