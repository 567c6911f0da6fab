"""What an audit says of uncertainty follows from the draws, and hidden bounds stay hidden."""

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.composite.audit.findings import Section, Thresholds
from alp_pipeline.benchmark.composite.audit.robustness import uncertainty_section
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.sobol import SobolIndices

LIMITS = Thresholds()


def run(**units: tuple[object, ...]) -> UncertaintyResult:
    """A run of five draws; per unit: state, nominal, low, high, assumed share."""
    table = pd.DataFrame.from_dict(
        units,
        orient="index",
        columns=["state", "rank_nominal", "rank_low", "rank_high", "rank_assumed_share"],
    )
    nominal = table["rank_nominal"].astype("Float64")
    summary = table.assign(
        rank_nominal=nominal.astype("Int64"),
        is_nominal_outside=((nominal < table["rank_low"]) | (nominal > table["rank_high"])).astype("boolean"),
        draws_ranked=5,
    )
    empty = pd.DataFrame(index=summary.index)
    draws = pd.DataFrame(0.0, index=range(5), columns=summary.index)
    configuration = pd.DataFrame({"factor": ["weights"]})
    return UncertaintyResult(summary, empty, empty, empty, configuration, {}, draws, draws)


def factors(variance: float = 2.0, half: float = np.nan, **shares: tuple[float, float]) -> SobolIndices:
    """Indices with intervals of `half` on either side."""
    table = pd.DataFrame.from_dict(shares, orient="index", columns=["first_order", "total"])
    for name in ("first_order", "total"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - half, table[name] + half
    return SobolIndices(table, 1.0, variance, 100, 400, 0, 0.95)


def said(section: Section, rule: str) -> list[str]:
    return [one.text for one in section.findings if one.rule == rule]


FOUR = {
    "A": ("determined", 1, 1.0, 1.0, 0.0),
    "B": ("determined", 2, 2.0, 2.5, 0.5),
    "C": ("determined", 3, 2.0, 4.0, 1.0),
    "D": ("determined", 4, 2.5, 3.5, 0.5),
}


def test_wide_intervals_and_ranks_outside_their_own_are_named():
    section = uncertainty_section(run(**FOUR), None, LIMITS)
    # widths 0, 0.5, 2 and 1; a quarter of four units is one place
    assert said(section, "spread") == [
        "Over 5 draws half of the 4 ranked units have a rank interval of 0.8 places or less."
    ]
    assert said(section, "wide_ranks") == [
        "Units whose rank varies by more than 1 places (25 % of those ranked): C (2.0)."
    ]
    assert said(section, "nominal_outside") == [
        "Units whose rank by the recipe lies outside the interval of its own uncertainty: D."
    ]
    assert said(section, "assumed") == [
        "On average 50 % of the width of a rank interval rests on declared assumptions about the data, "
        "not on estimates."
    ]
    assert said(section, "no_sensitivity")


def test_an_assumed_share_that_was_not_computed_is_not_called_zero():
    unknown = {name: (*values[:4], np.nan) for name, values in FOUR.items()}
    section = uncertainty_section(run(**unknown), None, LIMITS)
    assert said(section, "assumed") == []
    assert [one.severity for one in section.findings if one.rule == "assumed_unknown"] == ["not_evaluated"]


def test_intervals_that_rest_on_hidden_bounds_are_shown_only_on_request():
    units = FOUR | {"H": ("interval", None, 1.0, 5.0, 1.0)}
    closed = uncertainty_section(run(**units), None, LIMITS).tables["ranks"].set_index("index").loc["H"]
    assert closed["state"] == "interval"
    assert closed.drop("state").isna().all()
    opened = uncertainty_section(run(**units), None, LIMITS, bounds=True).tables["ranks"].set_index("index")
    assert opened.loc["H", ["rank_low", "rank_high"]].tolist() == [1.0, 5.0]


def test_what_was_not_computed_is_said_not_to_be():
    section = uncertainty_section(None, None, LIMITS)
    assert [(one.rule, one.severity) for one in section.findings] == [
        ("no_uncertainty", "not_evaluated"),
        ("no_sensitivity", "not_evaluated"),
    ]


def test_the_decisive_factor_interactions_and_idle_factors_are_named_with_their_intervals():
    found = factors(half=0.02, weights=(0.5, 0.9), normalisation=(0.08, 0.12), inclusion=(-0.01, 0.01))
    section = uncertainty_section(None, found, LIMITS)
    assert said(section, "decisive") == [
        "weights decides most: 0.50 [0.48, 0.52] of the variance alone, 0.90 [0.88, 0.92] together with "
        "other choices."
    ]
    assert said(section, "interactions") == [
        "Choices that act through others, so that none can be judged alone (share of the variance alone, "
        "together with others): weights (0.50 [0.48, 0.52], 0.90 [0.88, 0.92])."
    ]
    assert said(section, "indifferent") == [
        "Choices that hardly change a rank (with their interval less than 5 % of the variance): inclusion."
    ]
    assert section.tables["sensitivity"]["factor"].tolist() == ["weights", "normalisation", "inclusion"]


def test_nothing_is_claimed_of_a_factor_that_its_intervals_do_not_bear_out():
    found = factors(half=0.25, weights=(0.45, 0.76), inclusion=(-0.03, 0.04))
    section = uncertainty_section(None, found, LIMITS)
    assert said(section, "interactions") == []  # [0.20, 0.70] and [0.51, 1.01] overlap
    assert said(section, "indifferent") == []  # up to 0.29
    assert said(section, "decisive")
    close = uncertainty_section(None, factors(half=0.1, one=(0.4, 0.5), other=(0.3, 0.45)), LIMITS)
    assert said(close, "decisive") == []
    assert said(close, "decisive_together") == [
        "Which choice decides most cannot be told apart, for their intervals overlap: one (0.50 [0.40, "
        "0.60]), other (0.45 [0.35, 0.55]) of the variance, together with other choices."
    ]


def test_a_share_below_zero_is_not_called_zero_and_without_intervals_nothing_is_called_interaction():
    section = uncertainty_section(None, factors(weights=(-0.03, 0.76)), LIMITS)
    assert said(section, "decisive") == [
        "weights decides most: -0.03 of the variance alone, 0.76 together with other choices."
    ]
    assert said(section, "interactions") == []


def test_choices_that_change_nothing_decide_nothing():
    section = uncertainty_section(None, factors(0.0, weights=(0.0, 0.0)), LIMITS)
    assert [one.rule for one in section.findings] == ["no_uncertainty", "no_variance"]
