"""Random numbers of a run: the same for a seed, whatever the number of workers and the order of factors.

Belongs here: one stream of random numbers per seed, purpose, factor and block of draws; what a draw of each
kind of factor is (a choice, a set of weights, indicators left out, errors of cells).
Does not: what a choice or an error does to the index (evaluate, data_draws).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.uncertainty.spec import InclusionFactor, WeightsFactor

Draws = dict[str, npt.NDArray[Any]]
"""By factor an array whose first axis are the draws of a block; see `DrawnFactor.distribution`."""

Drawn = Mapping[str, npt.NDArray[Any]]
"""The same, read only."""

CHOICE, EXPONENTIAL, UNIFORM, NORMAL, SUBSET = "choice", "exponential", "uniform", "normal", "subset"


@dataclass(frozen=True)
class DrawnFactor:
    """How one factor is drawn.

    `distribution`: `choice` (an integer 0 … size - 1, all equally likely), `exponential`, `uniform`, `normal`
    (`size` independent numbers), `subset` (`chosen` of `size` places, True where chosen; with `or_none` the
    empty set is one more choice beside the single places).
    """

    name: str
    distribution: str
    size: int
    chosen: int = 0
    or_none: bool = False


def block_draws(factors: Sequence[DrawnFactor], *, seed: int, purpose: str, block: int, draws: int) -> Draws:
    """The draws of one block, each factor from a stream of its own.

    A stream is fixed by (seed, purpose, name of the factor, block): leaving a factor out, or adding one, does
    not move the others, so that two runs that differ in one factor are paired draw by draw.

    >>> weights = DrawnFactor("weights", "exponential", 3)
    >>> choice = DrawnFactor("normalisation", "choice", 2)
    >>> one = block_draws([weights, choice], seed=1, purpose="monte_carlo", block=0, draws=4)
    >>> two = block_draws([choice], seed=1, purpose="monte_carlo", block=0, draws=4)
    >>> one["weights"].shape, (one["normalisation"] == two["normalisation"]).all()
    ((4, 3), np.True_)
    """
    return {
        factor.name: _drawn(factor, _stream(seed, purpose, factor.name, block), draws) for factor in factors
    }


def mixed(a: Drawn, b: Drawn, factor: str) -> Draws:
    """Rows of a Saltelli design's A with one factor from B.

    >>> mixed({"x": np.array([1]), "y": np.array([1])}, {"x": np.array([2]), "y": np.array([2])}, "y")
    {'x': array([1]), 'y': array([2])}
    """
    return {name: b[name] if name == factor else values for name, values in a.items()}


def drawn_weights(
    factor: WeightsFactor, drawn: FloatArray, weights: Sequence[FloatArray], families: Sequence[Families]
) -> list[FloatArray]:
    """The weights of every level in every draw.

    Args:
        factor: what is drawn. drawn: draws × the codes of the levels that the factor covers, side by side:
            exponential numbers (simplex) or uniform ones (noise).
        weights: of the codes of each level, the recipe's. families: of each level.

    Returns:
        For each level draws × codes; a level that the factor does not cover repeats the recipe's. Weights of
        one parent's children that were drawn on the simplex add up to 1.

    Source: Dirichlet(1, …, 1) as normalised exponentials, Devroye (1986), Non-Uniform Random Variate
    Generation, ch. XI.4; noise as in COINr's get_noisy_weights.

    >>> simplex = WeightsFactor(distribution="simplex")
    >>> drawn_weights(simplex, np.array([[1.0, 3.0]]), [np.ones(2)], [Families.of([0, 0])])
    [array([[0.25, 0.75]])]
    """
    found, used = [], 0
    for level, (given, siblings) in enumerate(zip(weights, families, strict=True), start=1):
        if level not in covered_levels(factor, len(weights)):
            found.append(np.broadcast_to(given, (len(drawn), given.size)))
            continue
        part = drawn[:, used : used + given.size]
        used += given.size
        if factor.distribution == "noise":
            found.append(given * (1 + _noise_size(factor, level) * (2 * part - 1)))
            continue
        found.append(part / siblings.to_children(siblings.sums(part)))
    return found


def covered_levels(factor: WeightsFactor, levels: int) -> tuple[int, ...]:
    """The levels whose weights a factor draws, of `levels` levels that have weights.

    >>> covered_levels(WeightsFactor(distribution="noise", size={1: 0.2}), 2)
    (1,)
    """
    if isinstance(factor.size, Mapping):
        return tuple(sorted(factor.size))
    return factor.levels if factor.levels is not None else tuple(range(1, levels + 1))


def _noise_size(factor: WeightsFactor, level: int) -> float:
    """The size of the noise on the weights of a level."""
    size = factor.size[level] if isinstance(factor.size, Mapping) else factor.size
    return 0.0 if size is None else size


def inclusion_draw(factor: InclusionFactor, indicators: int) -> DrawnFactor:
    """How the indicators to leave out are drawn, `indicators` being the number of candidates.

    >>> inclusion_draw(InclusionFactor(leave_out=2), 5).chosen
    2
    """
    return DrawnFactor(factor.factor, SUBSET, indicators, factor.leave_out, factor.or_none)


def _drawn(factor: DrawnFactor, stream: np.random.Generator, draws: int) -> npt.NDArray[Any]:
    shape = (draws, factor.size)
    if factor.distribution == CHOICE:
        # Cut over [0, 1), not over the range of the sample: all alternatives are equally likely.
        return np.floor(stream.random(draws) * factor.size).astype(np.int64)
    if factor.distribution == EXPONENTIAL:
        return stream.standard_exponential(shape)
    if factor.distribution == UNIFORM:
        return stream.random(shape)
    if factor.distribution == NORMAL:
        return stream.standard_normal(shape)
    places = np.arange(factor.size)
    if factor.or_none:
        left = np.floor(stream.random(draws) * (factor.size + 1))
        return np.asarray(left[:, None] == places)
    order = np.argsort(stream.random(shape), axis=1, kind="stable")
    subset = np.zeros(shape, dtype=np.bool_)
    np.put_along_axis(subset, order[:, : factor.chosen], True, axis=1)
    return subset


def _stream(seed: int, purpose: str, factor: str, block: int) -> np.random.Generator:
    words = np.frombuffer(hashlib.sha256(f"{purpose}\n{factor}".encode()).digest()[:16], dtype="<u4")
    key = (*(int(word) for word in words), block)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
