"""Budget allocation: experts divide points among the children of a parent.

Belongs here: checking and averaging what experts gave, what is left of it without some codes.
Does not: who is asked, other ways to weigh (weights).
"""

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.parameters import require_number
from alp_pipeline.benchmark.inputs import checked

WHERE = "weight, budget"


@checked
def budget_shares(
    points: Mapping[str, Mapping[str, Any]], framework: Framework, *, total: float = 100.0
) -> tuple[dict[str, float], pd.DataFrame]:
    """Mean share of each child over the experts.

    Every expert divides `total` points among all children of each parent asked about. A sum that misses the
    total by more than 1e-6 of it is refused, not rescaled: whoever gave it may have meant something else.

    Args:
        points: {expert: {code: points}}; the same codes for every expert, all children of their parents.
        framework: whose children they are.
        total: what the points of one expert for one parent add up to.

    Returns:
        Shares by code, which add up to 1 within a parent; and the table code, parent, experts, mean, sd
        (sample, NaN with one expert), min, max of the experts' shares: where they disagree.

    Raises:
        BenchmarkInputError: no experts; a code that is unknown, or that one of them left out; points that are
            negative or do not add up, naming the expert.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.6 (budget allocation process).

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1,
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> budget_shares({"A": {"jobs": 30, "wages": 70}, "B": {"jobs": 50, "wages": 50}}, framework)[0]
    {'jobs': 0.4, 'wages': 0.6}
    """
    require_number(total, name="total", where=WHERE, low=0)
    if (
        not isinstance(points, Mapping)
        or not points
        or not all(isinstance(p, Mapping) for p in points.values())
    ):
        _refuse("points are not given by expert and code", "Pass points = {expert: {code: points}}.")
    codes = sorted({str(code) for own in points.values() for code in own})
    for expert, own in points.items():
        absent = [code for code in codes if code not in own]
        if absent:
            _refuse(
                f"{expert} gives no points to {absent[0]}", "Let every expert divide all points; zero is one."
            )
    parents = _parents(codes, framework)
    experts = sorted(points)
    given = np.array([[_points(points[expert][code], expert, code) for code in codes] for expert in experts])
    for parent, children in parents.items():
        places = [codes.index(code) for code in children]
        sums = given[:, places].sum(axis=1)
        wrong = np.flatnonzero(~(np.abs(sums - total) <= 1e-6 * total))
        if wrong.size or not total > 0:
            who = experts[int(wrong[0])] if wrong.size else experts[0]
            _refuse(
                f"the points of {who} for {parent} add up to {sums[int(wrong[0]) if wrong.size else 0]:g}",
                f"They must add up to {total:g}: ask again, or set `total`.",
            )
    share = given / total
    table = pd.DataFrame(
        {
            "code": codes,
            "parent": [framework.parent(code) for code in codes],
            "experts": len(experts),
            "mean": share.mean(axis=0),
            "sd": share.std(axis=0, ddof=1) if len(experts) > 1 else np.nan,
            "min": share.min(axis=0),
            "max": share.max(axis=0),
        }
    )
    return dict(zip(codes, share.mean(axis=0).tolist(), strict=True)), table


def points_without(
    points: Mapping[str, Mapping[str, Any]], framework: Framework, codes: Collection[str]
) -> dict[str, dict[str, float]]:
    """What experts gave, without some codes: the points for these go to what is left of the same parent.

    Each expert's points for the children left keep their proportions and add up to what the expert gave to
    all children: the shares that follow are the expert's, given that the others do not count.

    Args:
        points: as of `budget_shares`.
        framework: with all codes.
        codes: those that go.

    Raises:
        BenchmarkInputError: an expert gave nothing to any of the children left.

    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b", "c", "index"], "level": [1, 1, 1, 2],
    ...     "parent": ["index"] * 3 + [None], "direction": 1, "type": ["Indicator"] * 3 + ["Aggregate"]}))
    >>> points_without({"Ada": {"a": 20, "b": 20, "c": 60}}, framework, ["c"])
    {'Ada': {'a': 50.0, 'b': 50.0}}
    """
    found: dict[str, dict[str, float]] = {}
    for expert, own in points.items():
        given = {code: _points(value, expert, code) for code, value in own.items()}
        parent = {code: framework.parent(code) for code in given}
        whole, left = dict.fromkeys(parent.values(), 0.0), dict.fromkeys(parent.values(), 0.0)
        for code, value in given.items():
            whole[parent[code]] += value
            left[parent[code]] += 0.0 if code in codes else value
        stays = [code for code in given if code not in codes]
        for code in stays:
            if not left[parent[code]] > 0:
                _refuse(
                    f"{expert} gives nothing to what is left of {parent[code]}",
                    "Ask again, or weigh otherwise, to see the index without it.",
                )
        found[expert] = {code: given[code] / left[parent[code]] * whole[parent[code]] for code in stays}
    return found


def _parents(codes: list[str], framework: Framework) -> dict[str, tuple[str, ...]]:
    """The parents asked about with their children, of which none may be forgotten."""
    found: dict[str, tuple[str, ...]] = {}
    for code in codes:
        parent = framework.parent(code)
        if parent is None:
            _refuse(f"{code} has no parent to divide points of", "Give points to codes below the top.")
        found[parent] = framework.children(parent)
    for parent, children in found.items():
        absent = [child for child in children if child not in codes]
        if absent:
            _refuse(f"nobody gives points to {absent[0]} of {parent}", "Ask about all children of a parent.")
    return found


def _points(value: object, expert: str, code: str) -> float:
    return require_number(value, name=f"what {expert} gives to {code}", where=WHERE, low=0)


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=WHERE, todo=todo)
