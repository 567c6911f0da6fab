"""Related and unrelated variety: how much of a region's diversity lies within groups, how much between them.

Belongs here: the split of a row's entropy by groups of activities. Does not: the entropy itself
(concentration), which groups (the caller: NACE sections, a file).
"""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import ActivityTable, exact_sums, figure_states, first_state
from alp_pipeline.benchmark.cells import (
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.concentration import as_table, entropy, entropy_terms, log_unit
from alp_pipeline.benchmark.disclosure import Published, hidden_remainders
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.shares import shares_of


@checked
def variety(
    table: ActivityTable | pd.DataFrame,
    groups: Mapping[Hashable, Hashable],
    *,
    base: float = 2.0,
    published: Published | None = None,
) -> pd.DataFrame:
    """Unrelated variety UV (between groups) and related variety RV (within them): UV + RV = entropy.

    UV_r = -Σ_g P_rg log P_rg with P_rg the share of group g; RV_r = Σ_g P_rg H_rg with
    H_rg = -Σ_{i∈g} (p_ri / P_rg) log (p_ri / P_rg).

    Args:
        table, published: see `concentration.herfindahl`.
        groups: the group of every activity of the table, e.g. a division's NACE section.
        base: of all three logarithms; 2 as in Frenken et al.

    Returns:
        Indexed as the table: unrelated_variety, unrelated_state; related_variety, related_lower,
        related_upper; entropy, entropy_lower, entropy_upper; state, note (of related variety and entropy).
        Unrelated variety needs the groups' totals alone: where `published` gives them it is a figure also in
        rows with hidden cells, and says nothing of these.

    Raises:
        BenchmarkInputError: an activity has no group; see `concentration.entropy`.

    Source: Frenken, Van Oort & Verburg (2007), Regional Studies 41(5).

    >>> table = pd.DataFrame({"C10": [1], "C28": [1], "I55": [2]}, index=["A"])
    >>> found = variety(table, {"C10": "C", "C28": "C", "I55": "I"})
    >>> found[["unrelated_variety", "related_variety", "entropy"]].values.tolist()
    [[1.0, 0.5, 1.5]]
    """
    known = as_table(table)
    member = _member(known, groups)
    unit = log_unit(base)
    total = entropy(known, base=base, published=published)
    shares = shares_of(known)
    inside = [member == group for group in range(member.max() + 1)]
    related = exact_sums(np.stack([_within(shares.p[:, mask], unit) for mask in inside], axis=1))
    between, between_state = _between(known, published, inside, unit)
    figure = (total["state"] == "reported").to_numpy()
    related = np.where(figure, related + 0.0, np.nan)
    bounded = ~figure & total["lower"].notna().to_numpy()
    return pd.DataFrame(
        {
            "unrelated_variety": between,
            "unrelated_state": figure_states(between_state),
            "related_variety": related,
            "related_lower": np.where(bounded, np.maximum(total["lower"] - between, 0.0), related),
            "related_upper": np.where(bounded, np.maximum(total["upper"] - between, 0.0), related),
            "entropy": total["entropy"],
            "entropy_lower": total["lower"],
            "entropy_upper": total["upper"],
            "state": total["state"],
            "note": total["note"],
        },
        index=known.values.index,
    )


def _within(p: FloatArray, unit: float) -> FloatArray:
    """P_g H_g of one group in every row."""
    whole = exact_sums(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(whole[:, None] > 0, p / whole[:, None], 0.0)
    return whole * exact_sums(entropy_terms(inner, unit))


def _between(
    table: ActivityTable,
    published: Published | None,
    inside: list[BoolArray],
    unit: float,
) -> tuple[FloatArray, IntArray]:
    """Entropy of the groups' shares, from published totals where a group's cells are not all published."""
    sums = np.stack([exact_sums(table.x[:, mask]) for mask in inside], axis=1)
    gaps = table.gaps
    incomplete = np.stack([gaps[:, mask].any(axis=1) for mask in inside], axis=1)
    sums = np.where(incomplete, np.nan, sums)
    if published is not None:
        sums = np.where(incomplete, _given_totals(table, published, inside), sums)
    between = shares_of(ActivityTable.of(pd.DataFrame(sums, index=table.values.index)))
    value = exact_sums(entropy_terms(between.p, unit))
    # A gap among the groups' totals is that of the row's cells; a row of zeros has no shares at all.
    state = np.where(between.hindrance == NOT_AVAILABLE, first_state(table.state), between.hindrance)
    return np.where(state == REPORTED, value + 0.0, np.nan), state


def _given_totals(table: ActivityTable, published: Published, inside: list[BoolArray]) -> FloatArray:
    """Published totals of the groups, NaN where no published total is of just these activities."""
    found = hidden_remainders(table, published)
    given = np.full((len(table.values), len(inside)), np.nan)
    for place, mask in enumerate(inside):
        for group in range(len(found.groups)):
            if np.array_equal(found.member == group, mask):
                given[:, place] = found.total[:, group]
    return given


def _member(table: ActivityTable, groups: Mapping[Hashable, Hashable]) -> IntArray:
    without = [activity for activity in table.values.columns if groups.get(activity) is None]
    if without:
        raise BenchmarkInputError(
            f"the activity {without[0]} has no group",
            where="groups",
            todo="Give every activity of the table a group; one of its own will do.",
        )
    of = [str(groups[activity]) for activity in table.values.columns]
    place = {name: number for number, name in enumerate(sorted(set(of)))}
    return np.array([place[name] for name in of], dtype=np.int64)
