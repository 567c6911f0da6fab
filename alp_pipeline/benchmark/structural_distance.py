"""Structural distance between regions: variables made comparable, weighed, and their squared differences.

Belongs here: transformation, outliers, min-max, weights by dimension, the distance with its contributions,
what a missing number does to it. Does not: who is nearest and how stable that is (reference_regions), which
variables describe structure (catalogue), one value per region out of a series (reference_year).

After Navarro, Gibaja, Franco, Murciego, Gianelle, Hegyi, Kleibrink (2014), S3 Working Paper 03/2014,
JRC89819: regions are compared on conditions that cannot be changed in the short term, never on performance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.moments import skewness
from alp_pipeline.benchmark.inputs import checked

TRANSFORMATIONS = ("none", "log", "sqrt")
WEIGHTINGS = ("equal", "pca")


@dataclass(frozen=True)
class StructuralDimension:
    """One dimension of structure: its weight among the dimensions, its variables, their weights within.

    `variables` names each variable's transformation (none, log, sqrt). `weighting` is `equal`, or `pca`: in
    proportion to the communality of each variable, the part of its variance that the principal components
    with an eigenvalue of one or more hold, so that what the dimension has in common weighs most.
    """

    dimension_id: str
    weight: float
    variables: Mapping[str, str]
    weighting: str = "equal"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight >= 0):
            _refuse(self.dimension_id, f"has the weight {self.weight}", "Give a finite weight, zero or more.")
        if self.weighting not in WEIGHTINGS:
            _refuse(
                self.dimension_id,
                f"has the weighting {self.weighting!r}",
                f"Use one of {', '.join(WEIGHTINGS)}.",
            )
        if not self.variables:
            _refuse(self.dimension_id, "has no variable", "Name its variables, or leave the dimension out.")
        for name, how in self.variables.items():
            if how not in TRANSFORMATIONS:
                _refuse(
                    self.dimension_id,
                    f"has the transformation {how!r} of {name}",
                    f"Use one of {', '.join(TRANSFORMATIONS)}.",
                )


@dataclass(frozen=True)
class StructuralProfile:
    """Regions described by comparable variables.

    Attributes:
        scaled: regions × variables, in [0, 1], NaN where there is no number; both sorted by label.
        weights: by variable, summing to one.
        dimension_of: by variable, its dimension.
        imputed: same shape as `scaled`: the number is not an observation of the region and the year meant.
        treatment: by variable: dimension_id, weight, transformation, regions (with a number),
            outliers_low and outliers_high (pulled in), low and high (after the transformation: what 0 and 1
            stand for), skewness_before (as passed in) and skewness_after (of the scaled; sample skewness).
    """

    scaled: pd.DataFrame
    weights: pd.Series
    dimension_of: pd.Series
    imputed: pd.DataFrame
    treatment: pd.DataFrame

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions, sorted."""
        return tuple(sorted(set(self.dimension_of)))


@dataclass(frozen=True)
class StructuralDistance:
    """Distances between all pairs of regions, taken apart.

    Attributes:
        regions: sorted codes, the order of the last two axes of every array.
        dimensions: sorted, the order of the first axis.
        dimension_weights: (dimensions,) summing to one.
        contributions: (dimensions, regions, regions): what each dimension adds to the distance; NaN where
            the pair's coverage is below the minimum. `math.fsum` over dimensions is the distance, exactly.
        distance: (regions, regions) in [0, 1], symmetric, zero on the diagonal, NaN below the coverage.
        covered: (dimensions, regions, regions): the weight of the variables that both regions have.
        coverage: (regions, regions) in [0, 1]: the share of all weight that the distance rests on.
        imputed: (regions, regions): the share of all weight of which at least one side is imputed.
        coverage_min: the smallest share for which a distance is given.
    """

    regions: tuple[str, ...]
    dimensions: tuple[str, ...]
    dimension_weights: FloatArray
    contributions: FloatArray
    distance: FloatArray
    covered: FloatArray
    coverage: FloatArray
    imputed: FloatArray
    coverage_min: float
    _raw: FloatArray = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """The distances with their labels."""
        return pd.DataFrame(self.distance, index=list(self.regions), columns=list(self.regions))

    def without(self, dimension: str) -> FloatArray:
        """The distances over all other dimensions, rescaled to their weight; the same coverage rule."""
        keep = [at for at, name in enumerate(self.dimensions) if name != dimension]
        if len(keep) == len(self.dimensions):
            _refuse(
                "without", f"there is no dimension {dimension!r}", f"Use one of {', '.join(self.dimensions)}."
            )
        whole = math.fsum(self.dimension_weights[keep])
        if whole == 0:
            return np.full(self.distance.shape, np.nan)
        coverage = _summed(self.covered[keep]) / whole
        return _summed(_rescaled(self._raw[keep] / whole, coverage, self.coverage_min))


@checked
def structural_profile(
    variables: pd.DataFrame,
    dimensions: Sequence[StructuralDimension],
    *,
    outlier_sd: float = 3.0,
    imputed: pd.DataFrame | None = None,
) -> StructuralProfile:
    """Make variables comparable: transform, pull outliers in, min-max to [0, 1], weigh.

    Asymmetry is reduced first, by the transformation that the variable's dimension names. A value further
    than `outlier_sd` sample standard deviations (divisor n - 1) from the mean is then replaced by the nearest
    one that is not, unless that would leave all regions equal. What is left is scaled by
    z = (x - min) / (max - min) over all regions that have a number. A variable without weight takes no part
    at all.

    Args:
        variables: regions × variables (any unit), NaN where there is no number; further columns are ignored.
        dimensions: the dimensions with weights, variables and transformations.
        outlier_sd: how far from the mean a value may lie, one or more; infinity leaves all where they are.
        imputed: same labels, true where a number is not an observation; none is when omitted.

    Raises:
        BenchmarkInputError: a variable is absent, in two dimensions, constant, infinite, not numeric, without
            two numbers, or not positive under a logarithm (negative under a root); a label stands twice;
            no dimension has weight; a PCA has fewer complete regions than it needs. The first is named.

    Source: min-max: Nardo et al. (2008), OECD/JRC Handbook; outliers by mean ± 3 standard deviations:
    European Innovation Scoreboard, technical annex 2008; weights from a PCA: Handbook, section 6.1.

    >>> table = pd.DataFrame({"density": [100.0, 1000.0, 10.0], "old": [20.0, 25.0, None]},
    ...                      index=["AT33", "ITC4", "SE33"])
    >>> people = StructuralDimension("people", 1, {"density": "log", "old": "none"})
    >>> structural_profile(table, [people]).scaled.round(2).to_numpy().tolist()
    [[0.5, 0.0], [1.0, 1.0], [0.0, nan]]
    """
    for one in dimensions:
        if not isinstance(one, StructuralDimension):
            _refuse("dimensions", f"holds {one!r}", "Pass StructuralDimension objects.")
    weighed = [one for one in dimensions if one.weight > 0]
    _require_dimensions(dimensions, weighed)
    table = _table(variables, weighed)
    if not outlier_sd >= 1:
        _refuse("outlier_sd", f"is {outlier_sd}", "Give the number of standard deviations, one or more.")
    scaled, notes = {}, []
    for name in table.columns:
        one = next(one for one in weighed if name in one.variables)
        scaled[name], note = _treated(table[name], one.variables[name], outlier_sd)
        notes.append({"variable": name, "dimension_id": one.dimension_id, **note})
    frame = pd.DataFrame(scaled, index=table.index)
    weights = _weights(frame, weighed)
    treatment = pd.DataFrame(notes).set_index("variable")
    treatment.insert(1, "weight", weights)
    return StructuralProfile(frame, weights, treatment["dimension_id"], _marks(imputed, frame), treatment)


@checked
def structural_distance(profile: StructuralProfile, *, coverage_min: float = 0.75) -> StructuralDistance:
    """Structural distance between all pairs of regions: d(i, j) = Σ_k w_k (x_ik - x_jk)².

    A missing number is never a zero: the sum runs over the variables that both regions have and is divided
    by the share of all weight that they carry (Gower 1971), so that pairs stay comparable. The share is
    reported for each pair; where it is below `coverage_min` there is no distance.

    Args:
        profile: regions × variables in [0, 1] with weights (`structural_profile`).
        coverage_min: the smallest share of weight, above 0 and at most 1.

    Raises:
        BenchmarkInputError: `coverage_min` is not a share above zero.

    Source: Navarro et al. (2014), JRC89819; Gower (1971), Biometrics 27(4), for missing variables.

    >>> table = pd.DataFrame({"density": [10.0, 20, 40], "old": [20.0, 30, 25]}, index=["A", "B", "C"])
    >>> people = StructuralDimension("people", 1, {"density": "none", "old": "none"})
    >>> structural_distance(structural_profile(table, [people])).frame().round(3).to_numpy().tolist()
    [[0.0, 0.556, 0.625], [0.556, 0.0, 0.347], [0.625, 0.347, 0.0]]
    """
    if not 0 < coverage_min <= 1:
        _refuse("coverage_min", f"is {coverage_min}", "Give a share above 0, at most 1.")
    names, regions = profile.dimensions, tuple(profile.scaled.index)
    shape = (len(names), len(regions), len(regions))
    raw, covered, full = np.zeros(shape), np.zeros(shape), np.zeros(len(names))
    imputed = np.zeros(shape[1:])
    for variable in profile.scaled.columns:  # sorted: the sums are the same whatever order came in
        at, weight = names.index(profile.dimension_of[variable]), float(profile.weights[variable])
        x, mark = profile.scaled[variable].to_numpy(), profile.imputed[variable].to_numpy()
        difference = x[:, None] - x[None, :]
        both = ~np.isnan(difference)
        raw[at] += weight * np.where(both, difference, 0.0) ** 2
        covered[at] += np.where(both, weight, 0.0)
        imputed += np.where(both & (mark[:, None] | mark[None, :]), weight, 0.0)
        full[at] += weight
    coverage = _summed(covered) / math.fsum(full)  # of the same terms: exactly one for a complete pair
    contributions = _rescaled(raw, coverage, coverage_min)
    return StructuralDistance(
        regions, names, full, contributions, _summed(contributions), covered, coverage, imputed,
        coverage_min, raw,
    )  # fmt: skip


def _rescaled(raw: FloatArray, coverage: FloatArray, coverage_min: float) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        # Shares are sums of decimal weights: half of them may come out as 0.49999999999999994.
        return np.where(coverage >= coverage_min - 1e-12, raw / coverage, np.nan)


def _summed(contributions: FloatArray) -> FloatArray:
    """The exactly rounded sum over the first axis, so that the parts add up to the last bit."""
    rows = contributions.reshape(contributions.shape[0], -1).T.tolist()
    return np.array([math.fsum(row) for row in rows]).reshape(contributions.shape[1:])


def _treated(values: pd.Series, how: str, outlier_sd: float) -> tuple[FloatArray, dict[str, object]]:
    x = _transformed(values, how)
    known = x[~np.isnan(x)]
    if known.size < 2 or known.min() == known.max():
        what = "has one value for all" if known.size > 1 else f"has a number for {known.size} region(s)"
        _refuse(str(values.name), what, "It cannot tell regions apart: leave it out, and say that it is.")
    mean = math.fsum(known) / known.size
    spread = math.sqrt(math.fsum((known - mean) ** 2) / (known.size - 1))
    inside = known[np.abs(known - mean) <= outlier_sd * spread]
    if inside.min() == inside.max():
        inside = known  # all but a few are equal: these few are what there is to compare
    low, high = float(inside.min()), float(inside.max())
    scaled = (np.clip(x, low, high) - low) / (high - low)
    skew = skewness(np.column_stack([values.to_numpy(dtype=np.float64), scaled]))
    note = {
        "transformation": how,
        "regions": int(known.size),
        "outliers_low": int((known < low).sum()),
        "outliers_high": int((known > high).sum()),
        "low": low,
        "high": high,
        "skewness_before": float(skew[0]),
        "skewness_after": float(skew[1]),
    }
    return scaled, note


def _transformed(values: pd.Series, how: str) -> FloatArray:
    x = values.to_numpy(dtype=np.float64)
    outside = {"none": np.zeros(x.shape, dtype=bool), "log": x <= 0, "sqrt": x < 0}[how]
    wrong = np.flatnonzero(np.isinf(x) | outside)
    if wrong.size:
        where = f"{values.index[int(wrong[0])]} × {values.name}"
        _refuse(
            where,
            f"holds {x[wrong[0]]} (transformation: {how})",
            "Pass finite numbers that it is defined for.",
        )
    if how == "log":
        x = np.log(x)
    elif how == "sqrt":
        x = np.sqrt(x)
    return x


def _weights(scaled: pd.DataFrame, dimensions: Sequence[StructuralDimension]) -> pd.Series:
    whole = math.fsum(one.weight for one in dimensions)
    found = {}
    for one in dimensions:
        names = sorted(one.variables)
        within = _communalities(scaled[names], one) if one.weighting == "pca" else np.ones(len(names))
        share = one.weight / whole / math.fsum(within)
        found.update({name: float(part * share) for name, part in zip(names, within, strict=True)})
    return pd.Series(found, name="weight").reindex(scaled.columns)


def _communalities(scaled: pd.DataFrame, dimension: StructuralDimension) -> FloatArray:
    """Each variable's variance within the components whose eigenvalue is one or more (Kaiser's rule)."""
    complete = scaled.dropna()
    if len(complete) <= scaled.shape[1] or (complete.nunique() < 2).any():
        _refuse(
            dimension.dimension_id,
            f"has {len(complete)} regions with all of {', '.join(scaled.columns)}",
            "A PCA needs more complete regions than variables, and variables that vary: use equal weights.",
        )
    correlation = np.atleast_2d(np.corrcoef(complete.to_numpy(), rowvar=False))
    values, vectors = np.linalg.eigh(correlation)
    kept = values >= 1 - 1e-9  # uncorrelated variables have eigenvalues of one, give or take rounding
    found: FloatArray = ((vectors[:, kept] ** 2) * values[kept]).sum(axis=1)
    return found


def _table(variables: pd.DataFrame, dimensions: Sequence[StructuralDimension]) -> pd.DataFrame:
    """The weighed variables as numbers, both axes in the order of their labels."""
    for axis, what in ((variables.index, "region"), (variables.columns, "variable")):
        if axis.has_duplicates:
            twice = axis[axis.duplicated()][0]
            _refuse(
                "variables", f"holds the {what} {twice} twice", "Pass one row per region, one column each."
            )
    names = sorted(name for one in dimensions for name in one.variables)
    absent = [name for name in names if name not in variables.columns]
    if absent:
        _refuse("variables", f"has no column {absent[0]}", "Pass every variable of every dimension.")
    if len(variables) < 2:
        _refuse("variables", f"has {len(variables)} region(s)", "A distance needs at least two.")
    try:
        numbers = variables[names].astype("float64")
    except (TypeError, ValueError) as error:
        raise BenchmarkInputError(
            f"has what is not a number: {error}", where="variables", todo="Pass numbers and NaN."
        ) from error
    return numbers.sort_index()


def _require_dimensions(
    dimensions: Sequence[StructuralDimension], weighed: Sequence[StructuralDimension]
) -> None:
    if not weighed:
        _refuse("dimensions", "none has a weight", "Give at least one a weight above zero.")
    for what, names in (
        ("dimension", [one.dimension_id for one in dimensions]),
        ("variable", [name for one in dimensions for name in one.variables]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            _refuse("dimensions", f"name the {what} {twice[0]} twice", "Name each once.")


def _marks(imputed: pd.DataFrame | None, scaled: pd.DataFrame) -> pd.DataFrame:
    if imputed is None:
        return pd.DataFrame(False, index=scaled.index, columns=scaled.columns)
    marks: npt.NDArray[np.bool_] = imputed.reindex(index=scaled.index, columns=scaled.columns).to_numpy() == 1
    has_number: BoolArray = scaled.notna().to_numpy()
    return pd.DataFrame(marks & has_number, index=scaled.index, columns=scaled.columns)


def _refuse(where: str, what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
