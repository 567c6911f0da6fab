"""Functions that draw in the long tail of an indicator: logarithms, Box-Cox, square root.

Belongs here: the functions, their parameters as fitted to a column, the estimate of Box-Cox's power.
Does not: which indicator is transformed and when (treatment).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray

TRANSFORMS: Final = ("log_ct", "log", "log_gii", "boxcox", "sqrt")
POWERS: Final = (-5.0, 5.0)
"""Between these Box-Cox's power is sought. Powers in use are −2 to 2 (Tukey's ladder); a likeliest one far
beyond is the sign of a column whose range is small against its least number, which the shift makes 1: it
would measure the indicator's unit."""
_MIRROR_GAP: Final = 0.01


@dataclass(frozen=True)
class Transform:
    """One function of TRANSFORMS with its parameters for each of some columns.

    With m and M the column's smallest and greatest number:

    - `log_ct`: ln(x − m + 0.01 (M − m)), COINr's log_CT.
    - `log`: ln x.
    - `log_gii`: ln((M − 1)(x − m)/(M − m) + 1), of the Global Innovation Index. (COINr's function of this
      name returns x as it was.) For M <= 1 it would turn the indicator round or not exist: NaN.
    - `boxcox`: ((y^λ − 1)/λ, ln y for λ = 0), Box & Cox (1964); y = x − m + 1 with `shift` (COINr), else x.
    - `sqrt`: √x.

    All are increasing. Outside a function's domain the result is NaN.

    A reflected column is mirrored, transformed and mirrored back, x → −f(M + c − x), for a tail that points
    to the small numbers (Tabachnick & Fidell, Using Multivariate Statistics, ch. 4: "reflect and square
    root", "reflect and logarithm"). c is the least of the mirrored numbers: 0.01 (M − m) for `log`, `sqrt`
    and `boxcox` without shift, so that they exist for any column, log's is `log_ct` of the mirror image, and
    an indicator's unit changes nothing (textbooks take c = 1, much or nothing depending on the unit); m
    for the functions that shift a column themselves, for which c makes no difference (`log_ct`, `boxcox`),
    and for `log_gii`, whose strength hangs on M.
    """

    name: str
    low: FloatArray
    high: FloatArray
    power: FloatArray
    reflected: BoolArray
    shift: bool

    @classmethod
    def fitted(
        cls, name: str, columns: FloatArray, *, power: float | None, shift: bool, reflected: BoolArray
    ) -> "Transform":
        """The function for these columns (columns, units); `power` None estimates Box-Cox's λ.

        >>> ladder = np.array([[1.0, 10.0, 100.0]])
        >>> log = Transform.fitted("log", ladder, power=None, shift=True, reflected=np.array([False]))
        >>> log(ladder).round(3).tolist()
        [[0.0, 2.303, 4.605]]
        """
        low, high = np.fmin.reduce(columns, axis=-1), np.fmax.reduce(columns, axis=-1)
        powers = np.full(low.shape, np.nan if power is None else power)
        if name == "boxcox" and power is None:
            fitted = cls(name, low, high, powers, reflected, shift)
            mirrored = fitted._mirrored(columns)
            powers = boxcox_power(mirrored - low[:, None] + 1.0 if shift else mirrored)
        return cls(name, low, high, powers, reflected, shift)

    def __call__(self, columns: FloatArray) -> FloatArray:
        """The function of every number of (columns, units), those it was fitted to or others."""
        low, high = self.low[:, None], self.high[:, None]
        x = self._mirrored(columns)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = self._plain(x, low, high)
        y = np.where(np.isfinite(y), y, np.nan)
        return np.where(self.reflected[:, None], -y, y)

    def taken(self, chosen: BoolArray) -> "Transform":
        """The same function for some of its columns."""
        low, high, power = self.low[chosen], self.high[chosen], self.power[chosen]
        return replace(self, low=low, high=high, power=power, reflected=self.reflected[chosen])

    def _mirrored(self, columns: FloatArray) -> FloatArray:
        """The reflected columns as their mirror image, the others as they are."""
        shifts_itself = self.name in ("log_ct", "log_gii") or (self.name == "boxcox" and self.shift)
        least = self.low if shifts_itself else _MIRROR_GAP * (self.high - self.low)
        return np.where(self.reflected[:, None], (self.high + least)[:, None] - columns, columns)

    def _plain(self, x: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        if self.name == "log_ct":
            return np.log(x - low + 0.01 * (high - low))
        if self.name == "log":
            return np.log(x)
        if self.name == "log_gii":
            return np.where(high > 1.0, np.log((high - 1.0) * (x - low) / (high - low) + 1.0), np.nan)
        if self.name == "sqrt":
            return np.sqrt(x)
        logarithm = np.log(x - low + 1.0 if self.shift else x)
        power = self.power[:, None]
        # expm1 keeps its digits where the power is nearly zero, where y^λ − 1 has none left.
        return np.where(power == 0.0, logarithm, np.expm1(power * logarithm) / power)


def boxcox_power(columns: FloatArray) -> FloatArray:
    """The power λ of Box-Cox that maximises the likelihood of normality, for each column.

    With the geometric mean g, the profile likelihood is greatest where the variance of
    ((x/g)^λ − 1)/λ is smallest (Box & Cox 1964, Journal of the Royal Statistical Society B 26(2)). The
    best of the whole powers from −5 to 5 brackets the place where the derivative of the variance's
    logarithm vanishes, which is then found by regula falsi to about 1e-9.

    Args:
        columns: (columns, units) of positive numbers; NaN cells are left out.

    Returns:
        (columns,); NaN where a number is not positive or all are equal.

    The logarithm of a geometric ladder is as even as it gets:

    >>> abs(boxcox_power(np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])).round(6)).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(columns)
    known = ~np.isnan(y)
    y[~known] = 0.0
    n = known.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        y = np.where(known, y - (y.sum(axis=-1) / n)[:, None], 0.0)
        possible = ~(columns <= 0).any(axis=-1) & (np.abs(y).max(axis=-1, initial=0.0) > 0)
    y, known = y[possible], known[possible]
    grid = np.arange(POWERS[0], POWERS[1] + 1.0)
    spreads = [_spread(y, known, np.full(len(y), power))[0] for power in grid]
    best = grid[np.argmin(spreads, axis=0)]
    left, right = np.maximum(best - 1.0, POWERS[0]), np.minimum(best + 1.0, POWERS[1])
    powers = np.full(columns.shape[0], np.nan)
    powers[possible] = _level_place(y, known, left, right)
    return powers


def _level_place(y: FloatArray, known: BoolArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Where the slope of the spread vanishes between left and right (the Illinois form of regula falsi).

    Where it does not change its sign the smallest spread is at an end, and the search goes there.
    """
    at_left, at_right = _spread(y, known, left)[1], _spread(y, known, right)[1]
    falling, rising = at_right < 0, at_left > 0
    middle = (left + right) / 2
    before = falling
    for round_ in range(14):
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = (left * at_right - right * at_left) / (at_right - at_left)
        middle = np.where((middle >= left) & (middle <= right), middle, (left + right) / 2)
        slope = _spread(y, known, middle)[1]
        below = slope < 0
        # An end that stays for the second time weighs half: otherwise it would stay for good.
        again = np.where(below == before, 0.5, 1.0) if round_ else np.ones_like(slope)
        at_left, at_right = (
            np.where(below, slope, at_left * again),
            np.where(below, at_right * again, slope),
        )
        left, right, before = np.where(below, middle, left), np.where(below, right, middle), below
    return np.where(falling, right, np.where(rising, left, middle))


def _spread(y: FloatArray, known: BoolArray, power: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logarithm of the variance of z = (e^{λy} − 1)/λ, and half its derivative by λ."""
    exponent = power[:, None]
    tiny = np.flatnonzero(np.abs(power) < 1e-4)
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.exp(exponent * y)
        z = (grown - 1.0) / exponent
        slope = (y * grown - z) / exponent
    if tiny.size:  # near zero the quotients have no digits left; their series have
        small, square = exponent[tiny], y[tiny] * y[tiny]
        z[tiny] = y[tiny] + small * square / 2
        slope[tiny] = square / 2 + small * square * y[tiny] / 3
    n = known.sum(axis=-1)
    z[~known] = 0.0
    z = np.where(known, z - (z.sum(axis=-1) / n)[:, None], 0.0)
    variance = np.einsum("cu,cu->c", z, z)
    return np.log(variance), np.einsum("cu,cu->c", z, slope) / variance
