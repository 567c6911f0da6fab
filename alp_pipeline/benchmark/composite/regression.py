"""Least squares of one indicator on others, to estimate its missing cells, on stacks of tables.

Belongs here: the choice of predictors by correlation, the fitted values.
Does not: which cells are filled (imputation), regression as an analysis.
"""

import numpy as np

from alp_pipeline.benchmark.cells import FloatArray, IntArray


def most_correlated(values: FloatArray, places: IntArray, many: int) -> IntArray:
    """For each of some indicators the complete ones that it is most correlated with, the strongest first.

    Complete is an indicator with a number for every unit (in every draw). The correlation is Pearson's over
    the units in which the indicator has a number, by its absolute value; ties go to the column further left.

    Args:
        values: (..., units, indicators).
        places: the indicators in question, by column.
        many: predictors per indicator, as far as there are any.

    Returns:
        (..., len(places), many): columns; -1 where there is none.

    >>> pair = np.array([[1.0, 5.0, 2.0], [2.0, 1.0, 4.0], [np.nan, 2.0, 5.0], [4.0, 0.0, 8.0]])
    >>> most_correlated(pair, np.array([0]), 1).tolist()
    [[2]]
    """
    draws = values.reshape(-1, *values.shape[-2:])
    complete = np.flatnonzero(~np.isnan(draws).any(axis=(0, 1)))
    chosen = np.full((*values.shape[:-2], places.size, many), -1, dtype=np.int64)
    if not complete.size:
        return chosen
    x = values[..., complete]
    x = x - x.mean(axis=-2, keepdims=True)
    y = values[..., places]
    known = ~np.isnan(y)
    weight = np.swapaxes(known.astype(np.float64), -1, -2)
    with np.errstate(divide="ignore", invalid="ignore"):
        n = weight.sum(axis=-1, keepdims=True)
        y = np.where(known, y, 0.0)
        y = np.where(known, y - y.sum(axis=-2, keepdims=True) / np.swapaxes(n, -1, -2), 0.0)
        variance_x = weight @ (x * x) - (weight @ x) ** 2 / n
        variance_y = np.swapaxes((y * y).sum(axis=-2, keepdims=True), -1, -2)
        strength = np.abs(np.swapaxes(y, -1, -2) @ x) / np.sqrt(variance_x * variance_y)
    usable = np.isfinite(strength) & (variance_x > 1e-12 * (x * x).sum(axis=-2)[..., None, :])
    strength = np.where(usable & (complete != places[:, None]), strength, -1.0)
    order = np.argsort(-strength, axis=-1, kind="stable")[..., :many]
    found = np.take_along_axis(strength, order, axis=-1) >= 0
    chosen[..., : order.shape[-1]] = np.where(found, complete[order], -1)
    return chosen


def regressed(values: FloatArray, place: int, by: IntArray) -> FloatArray:
    """Fitted values of an indicator from ordinary least squares with an intercept, for every unit.

    Fitted over the units in which the indicator and all its predictors have numbers; collinear predictors
    share their slope (pseudo-inverse).

    Args:
        values: (..., units, indicators).
        place: the indicator, by column.
        by: its predictors by column, (predictors,) or (..., predictors); -1 is none.

    Returns:
        (..., units); NaN where a predictor has no number, and everywhere with fewer units than two more
        than there are predictors, without a predictor, or where none of them varies.

    >>> line = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [np.nan, 8.0]])
    >>> regressed(line, 0, np.array([1])).round(9).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    by = np.broadcast_to(by, (*values.shape[:-2], by.shape[-1]))
    none = by < 0
    x = np.take_along_axis(values, np.maximum(by, 0)[..., None, :], axis=-1)
    x = np.where(none[..., None, :], 0.0, x)
    y = values[..., place]
    used = ~(np.isnan(y) | np.isnan(x).any(axis=-1))
    n = used.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x = np.where(used[..., None], x, 0.0).sum(axis=-2) / n[..., None]
        mean_y = np.where(used, y, 0.0).sum(axis=-1) / n
        offset = x - mean_x[..., None, :]
        spread = np.sqrt(np.where(used[..., None], offset * offset, 0.0).sum(axis=-2))
    varies = spread > 1e-12 * np.abs(mean_x)
    offset = np.where(varies[..., None, :], offset, 0.0) / np.where(varies, spread, 1.0)[..., None, :]
    seen = np.where(used[..., None], offset, 0.0)
    left = np.where(used, y - mean_y[..., None], 0.0)[..., None]
    transposed = np.swapaxes(seen, -1, -2)
    slope = np.linalg.pinv(transposed @ seen, hermitian=True) @ (transposed @ left)
    fitted = mean_y[..., None] + (offset @ slope)[..., 0]
    predictors = (~none).sum(axis=-1)
    fine = (n >= predictors + 2) & varies.any(axis=-1)
    return np.where(fine[..., None] & ~np.isnan(x).any(axis=-1), fitted, np.nan)
