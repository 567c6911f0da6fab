"""Which ways of doing a step give scores on the scale of the recipe as it is.

Belongs here: what the scale of a score is, read off the parameters of the steps.
Does not: scores, and what is said of them (results).

A minimum-maximum score between 0 and 100 and a z-score are numbers of two kinds: an interval over both says
nothing. Ranks can be compared whatever the scale.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray
from alp_pipeline.benchmark.composite.aggregate import level_settings
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalisation import METHODS
from alp_pipeline.benchmark.composite.recipe import RecipeStep

_ENDS: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[float, float]]]] = {
    "minmax": lambda given: (given["low"], given["high"]),
    "percentile_rank": lambda given: (0.0, 1.0),
    "distance_to_maximum": lambda given: (0.0, 1.0),
}
"""Methods of normalisation whose scores run from one number to another."""

_MEANS: Final = ("arithmetic", "geometric", "harmonic", "generalised")
_IN_RAW_UNITS: Final = ("none", "scaled", "goalposts")


def on_nominal_scale(
    number: int, ways: Sequence[RecipeStep], steps: Sequence[RecipeStep], framework: Framework
) -> BoolArray:
    """Of each way of doing a step, whether its scores are on the scale that the recipe itself gives.

    Normalisation: the same method with the same parameters, or another one between the same two ends.
    Aggregation: means stay on the scale of what they average; every other method has one of its own.
    Denominators and treatments: any difference counts where normalisation leaves numbers in their units, and
    none where it does not. Other steps change no scale.

    Args:
        number: of the step among `steps`, the recipe's. ways: of doing it.

    >>> import pandas as pd
    >>> steps = [RecipeStep.model_validate(one) for one in (
    ...     {"step": "normalise", "method": "minmax", "high": 1}, {"step": "aggregate"})]
    >>> ways = [steps[0].changed(one) for one in ({"method": "zscore"}, {"method": "percentile_rank"})]
    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "I"], "level": [1, 2], "parent": ["I", None],
    ...                                        "direction": 1, "type": ["Indicator", "Aggregate"]}))
    >>> on_nominal_scale(0, ways, steps, framework).tolist()
    [False, True]
    """
    keeps_units = all(
        step.step != "normalise" or {own["method"] for own in _settings(step).values()} & {*_IN_RAW_UNITS}
        for step in steps
    )

    def scale(step: RecipeStep) -> object:
        if step.step == "normalise":
            return {code: _of_numbers(own) for code, own in _settings(step).items()}
        if step.step == "aggregate":
            own = {name: value for name, value in step.effective.items() if name != "reference_time"}
            plan = level_settings(framework, **own)
            return [None if level["method"] in _MEANS else level for level in plan]
        return step.effective if step.step in ("denominate", "treat") and keeps_units else None

    nominal = scale(steps[number])
    return np.array([scale(way) == nominal for way in ways], dtype=np.bool_)


def _settings(step: RecipeStep) -> dict[str | None, dict[str, Any]]:
    """Method and parameters of a normalisation: for all, and by indicator where it has its own."""
    given = step.effective
    own = {name: value for name, value in given.items() if name not in ("by_indicator", "reference_time")}
    found: dict[str | None, dict[str, Any]] = {None: own}
    for code, change in (given.get("by_indicator") or {}).items():
        method = change.get("method", own["method"])
        found[code] = {**(own if method == own["method"] else METHODS[method]), **change, "method": method}
    return found


def _of_numbers(settings: Mapping[str, Any]) -> object:
    ends = _ENDS.get(settings["method"])
    if ends is not None:
        low, high = ends(settings)
        return "between", float(low), float(high)
    return {name: value for name, value in settings.items() if name != "ties"}
