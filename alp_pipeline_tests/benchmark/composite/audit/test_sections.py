"""Each sentence of an audit follows from the table beside it, and a sound index is told that it is sound."""

import string

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.audit.data import (
    availability_section,
    framework_section,
    treatment_section,
)
from alp_pipeline.benchmark.composite.audit.findings import (
    SEVERITIES,
    Section,
    Thresholds,
    finding,
    sentences,
)
from alp_pipeline.benchmark.composite.audit.robustness import links_section
from alp_pipeline.benchmark.composite.audit.structure import coherence_section, weights_section
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.links import links
from alp_pipeline.benchmark.composite.units import UnitTable

LIMITS = Thresholds()
UNITS = [f"u{i:02d}" for i in range(30)]


def said(section: Section, rule: str) -> list[str]:
    return [one.text for one in section.findings if one.rule == rule]


def warned(section: Section) -> list[str]:
    return [one.rule for one in section.findings if one.severity == "warning"]


def table(framework: Framework, **columns: object) -> UnitTable:
    numbers = {code: np.arange(30.0) for code in framework.indicators} | columns
    return UnitTable.of(pd.DataFrame({"unit": UNITS, **numbers}), framework)


def availability(raw: UnitTable, framework: Framework, used: UnitTable | None = None) -> Section:
    used = raw if used is None else used
    return availability_section(raw, framework, used, used, LIMITS)


def test_every_rule_has_a_severity_and_a_sentence():
    for rule, sentence in sentences().items():
        assert sentence["severity"] in SEVERITIES, rule
        assert sentence["text"].strip(), rule


def test_a_sentence_gets_exactly_the_values_it_asks_for():
    text = sentences()["alpha_low"]["text"]
    asked = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    one = finding("alpha_low", ["S"], group="S", alpha="0.43", limit="0.7", items=3, mean="0.20")
    assert set(one.values) == asked
    assert one.text.startswith("S: alpha 0.43, below the usual 0.7 (3 elements, mean r = 0.20): read its")
    assert (one.severity, one.about) == ("warning", ("S",))


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(BenchmarkInputError, match=r"alpha_min is '0\.7'"):
        Thresholds(alpha_min="0.7")  # type: ignore[arg-type]


def test_the_framework_is_counted_and_a_lonely_child_named(two_pillars):
    section = framework_section(two_pillars, table(two_pillars))
    assert said(section, "framework_size") == ["Indicators: 4; aggregates: 3; levels: 3; units: 30."]
    assert warned(section) == []
    lonely = framework_section(two_pillars.without(["c"]), table(two_pillars))
    assert said(lonely, "single_child") == [
        "P rests on a alone: it repeats it and gives it the weight of a group."
    ]
    weightless = framework_section(two_pillars.with_weights({"a": 0}), table(two_pillars))
    assert said(weightless, "weightless") == ["Elements with weight 0, which change nothing: a."]
    assert section.tables["framework"]["group_share"].tolist() == [0.5] * 6 + [1.0]


def test_hidden_missing_and_zero_cells_are_told_apart(two_pillars):
    raw = table(
        two_pillars,
        a=[":c"] * 12 + list(range(18)),
        b=[0.0] * 20 + list(range(1, 11)),
        c=[None, *range(29)],
    )
    section = availability(raw, two_pillars)
    assert said(section, "cells") == [
        "Of 120 cells 107 hold a number (89.2 %), 12 are confidential and 1 lack one for another reason."
    ]
    assert said(section, "scarce") == ["Indicators with a number for fewer than 65 % of the units: a (60 %)."]
    assert said(section, "mostly_zero") == [
        "Indicators that are zero in more than 50 % of their cells: b (66.7 %)."
    ]
    assert said(section, "thin_units") == ["Units with fewer than 66.7 % of the indicators: u00 (50 %)."]
    assert said(section, "enough") == []


def test_complete_data_raise_no_warning(two_pillars):
    section = availability(table(two_pillars), two_pillars)
    assert warned(section) == []
    assert said(section, "enough") == ["Every indicator has a number for at least 65 % of the units."]


def test_estimates_and_units_left_out_are_named(two_pillars):
    raw = table(two_pillars, a=[None] * 2 + list(range(28)))
    filled = raw.values.fillna(3.0)
    flags = raw.flags.copy()
    flags.loc[["u00", "u01"], "a"] = "i"
    used = raw.with_values(filled, flags=flags).take(UNITS[:-1])
    section = availability(raw, two_pillars, used)
    assert said(section, "imputed") == ["Estimates stand in 2 of 116 cells (1.7 %)."]
    assert said(section, "screened_out") == ["Units left out before the index was computed: u29."]
    much = availability_section(raw, two_pillars, used, used, Thresholds(imputed_share_max=0.01))
    assert said(much, "much_imputed") == [
        "Estimates, not observations, stand in 2 of 116 cells (1.7 %, more than 1 %)."
    ]


def test_treatment_says_what_was_cured_and_what_was_not(two_pillars):
    skewed = [*range(28), 400.0, 500.0]
    raw = table(two_pillars, a=skewed, b=skewed)
    after = raw.with_values(raw.values.assign(a=np.arange(30.0)))
    section = treatment_section(raw, raw, after, {}, two_pillars, LIMITS)
    assert said(section, "treated") == [
        "Indicators with |skewness| above 2 and kurtosis above 3.5, no longer so after treatment: a."
    ]
    assert [one.about for one in section.findings if one.rule == "still_skewed"] == [("b",)]
    assert section.tables["outliers_before"].groupby("code").size().to_dict() == {"a": 2, "b": 2}
    plain = table(two_pillars)
    sound = treatment_section(plain, plain, plain, {}, two_pillars, LIMITS)
    assert [one.rule for one in sound.findings] == ["no_outliers"]


def test_an_indicator_that_follows_size_undivided_is_suspect(two_pillars):
    frame = two_pillars.table
    size = pd.DataFrame({"code": ["people"], "label": ["Population"], "type": ["denominator"]})
    framework = Framework.of(pd.concat([frame, size]))
    people = 5 * np.arange(30.0) + 1
    units = UnitTable.of(
        pd.DataFrame(
            {"unit": UNITS, "a": people, "b": people % 7, "c": people % 11, "d": people % 3, "people": people}
        ),
        framework,
    )
    section = treatment_section(units, units, units, {}, framework, LIMITS)
    assert said(section, "follows_size") == [
        "a follows Population (r = 1.00) and is not divided by anything: it may measure how large a unit is."
    ]
    divided = Framework.of(
        pd.concat([frame, size]).assign(denominator=lambda f: np.where(f["code"] == "a", "people", None))
    )
    assert said(treatment_section(units, units, units, {}, divided, LIMITS), "follows_size") == []


def scores(framework: Framework, **columns: object) -> pd.DataFrame:
    """Indicators that share one thing, with the means above them."""
    draw = np.random.default_rng(8)
    common = draw.normal(size=30)
    frame = pd.DataFrame(
        {code: common + 0.8 * draw.normal(size=30) for code in framework.indicators}, index=UNITS
    )
    frame = frame.assign(**columns)
    for code in framework.aggregates:
        frame[code] = frame[list(framework.children(code))].mean(axis=1)
    return frame


def test_a_coherent_index_is_told_so(two_pillars):
    section = coherence_section(scores(two_pillars), two_pillars, LIMITS)
    assert warned(section) == []
    assert {one.rule for one in section.findings} == {"alpha_fine", "correlations_sound"}
    weights = weights_section(scores(two_pillars), two_pillars, LIMITS)
    assert {one.rule for one in weights.findings} == {"equal_weights", "counts_as_meant"}
    assert said(weights, "equal_weights") == ["Every indicator has the same effective weight in I: 25 %."]
    weighted = two_pillars.with_weights({"a": 3})
    unequal = weights_section(scores(weighted), weighted, LIMITS)
    assert said(unequal, "weights") == [
        "Effective weights of indicators in I: from 12.5 % (c) to 37.5 % (a)."
    ]


def test_a_group_that_measures_two_things_is_named_with_its_alpha(two_pillars):
    frame = scores(two_pillars)
    noise = np.random.default_rng(1).normal(size=30)
    section = coherence_section(scores(two_pillars, c=noise), two_pillars, LIMITS)
    alpha = section.tables["alpha"].set_index("group").loc["P", "alpha"]
    r = np.corrcoef(frame["a"], noise)[0, 1]
    assert said(section, "alpha_low")[0].startswith(
        f"P: alpha {alpha:.2f}, below the usual 0.7 (2 elements, mean r = {r:.2f}): "
    )
    assert "alpha_low" not in warned(coherence_section(frame, two_pillars, Thresholds(alpha_min=-1)))


def test_elements_that_contradict_or_repeat_each_other_are_named(two_pillars):
    frame = scores(two_pillars)
    opposite = scores(two_pillars, c=-frame["a"] + 0.1 * frame["b"])
    section = coherence_section(opposite, two_pillars, LIMITS)
    r = np.corrcoef(opposite["a"], opposite["c"])[0, 1]
    assert said(section, "contradiction") == [
        f"a and c contradict each other (r = {r:.2f}): P averages them away."
    ]
    assert ("a", "c") not in {one.about for one in section.findings if one.rule == "counted_twice"}
    same = coherence_section(scores(two_pillars, c=2 * frame["a"] + 1), two_pillars, LIMITS)
    assert said(same, "counted_twice") == ["a and c say the same (r = 1.00): P counts it twice."]


def test_an_element_against_its_index_is_named(two_pillars):
    frame = scores(two_pillars)
    section = coherence_section(frame.assign(d=-frame["b"] - frame["a"]), two_pillars, LIMITS)
    named = {one.about for one in section.findings if one.rule == "against_its_group"}
    assert {("d", "Q"), ("d", "I")} <= named


def test_an_element_that_varies_more_than_the_others_dominates(two_pillars):
    frame = scores(two_pillars)
    draw = np.random.default_rng(2)
    loud = scores(two_pillars, a=20 * draw.normal(size=30))
    found = weights_section(loud, two_pillars, LIMITS).findings
    assert ("counts_less", ("c", "P")) in {(one.rule, one.about) for one in found}
    assert weights_section(frame, two_pillars, Thresholds(ratio_low=0.99, ratio_high=1.01)).findings[
        1
    ].rule in (
        "counts_more",
        "counts_less",
    )


def test_a_constant_index_is_undefined_not_incoherent(two_pillars):
    frame = scores(two_pillars) * 0
    section = coherence_section(frame, two_pillars, LIMITS)
    assert {one.rule for one in section.findings} == {"alpha_undefined", "correlations_sound"}
    assert len(section.tables["components_undefined"]) == 3


@pytest.mark.parametrize(
    ("slope", "expected", "rule", "severity"),
    [
        (1.0, 1, "link_as_expected", "note"),
        (-1.0, -1, "link_as_expected", "note"),
        (-1.0, 1, "unexpected_link", "warning"),
        (1.0, -1, "unexpected_link", "warning"),
        (-1.0, None, "link", "note"),
        (0.0, 1, "uncertain_link", "note"),
    ],
)
def test_a_link_is_told_by_sign_certainty_and_what_was_expected(slope, expected, rule, severity):
    draw = np.random.default_rng(6)
    index = pd.DataFrame({"I": draw.normal(size=30)}, index=UNITS)
    outside = pd.DataFrame({"gdp": slope * index["I"] + 0.3 * draw.normal(size=30)}, index=UNITS)
    held = links(index, outside.iloc[:28]).assign(expected=expected, other_year=2013)
    section = links_section(held, LIMITS)
    assert [(one.rule, one.severity) for one in section.findings] == [(rule, severity)]
    row = section.tables["links"].iloc[0]
    text = section.findings[0].text
    assert text.startswith("I and gdp of 2013")
    assert f"r = {row['correlation']:.2f}" in text
    assert "over 28 of 30 units with a score" in text
    said_of_it = {1: "a positive link", -1: "a negative link", None: ""}[expected]
    assert said_of_it in text


@pytest.mark.parametrize(("expected", "rule"), [(1, "weak_link"), (None, "link")])
def test_a_weak_link_is_a_warning_only_where_a_link_was_expected(expected, rule):
    draw = np.random.default_rng(6)
    index = pd.DataFrame({"I": draw.normal(size=3000)})
    outside = pd.DataFrame({"gdp": 0.15 * index["I"] + draw.normal(size=3000)})
    held = links(index, outside).assign(expected=expected)
    assert [one.rule for one in links_section(held, LIMITS).findings] == [rule]


def test_an_outside_indicator_that_is_not_there_is_listed_as_not_evaluated():
    scores = pd.DataFrame({"P": np.arange(30.0), "I": np.arange(30.0)}, index=UNITS)
    outside = pd.DataFrame({"gdp": np.arange(30.0) ** 2, "rci": np.nan}, index=UNITS)
    held = links(scores, outside)
    held = held.assign(expected=pd.Series(1, index=held.index).where(held["code"] == "I"))
    section = links_section(held, LIMITS)
    (lacking,) = (one for one in section.findings if one.severity == "not_evaluated")
    assert (lacking.rule, lacking.about) == ("no_outside_data", ("rci",))
    assert "rci: not available." in lacking.text
    assert "(expected: a positive link)" in lacking.text
    assert [one.rule for one in section.findings if one is not lacking] == ["link", "link_as_expected"]


def test_an_indicator_that_goes_more_with_another_group_or_with_the_whole_is_named(two_pillars):
    frame = scores(two_pillars)
    draw = np.random.default_rng(9)
    b, d = frame["b"], frame["d"]
    stray = 0.8 * (b + d) + 0.1 * draw.normal(size=30)
    moved = scores(two_pillars, c=stray, a=draw.normal(size=30))
    section = coherence_section(moved, two_pillars, LIMITS)
    r = {name: np.corrcoef(moved["c"], moved[name])[0, 1] for name in ("P", "Q", "I")}
    assert r["Q"] > r["P"]
    own = f"its own group P (r = {r['P']:.2f})"
    text = f"c goes more with Q (r = {r['Q']:.2f}) than with {own}: it may belong there."
    assert text in said(section, "nearer_to_another")
    whole = [one.about for one in section.findings if one.rule == "nearer_to_the_whole"]
    assert (("c", "I") in whole) == (r["I"] > r["P"])
    across = section.tables["correlations_across"].set_index(["code", "other_code"])
    assert across.loc[("c", "Q"), "correlation"] == pytest.approx(r["Q"], abs=1e-12)
    assert across.loc[("c", "Q"), "own_correlation"] == pytest.approx(r["P"], abs=1e-12)
    assert set(across.index) >= {("a", "Q"), ("b", "P"), ("c", "Q"), ("d", "P")}
    assert warned(coherence_section(frame, two_pillars, LIMITS)) == []


def test_without_outside_indicators_links_are_not_evaluated():
    section = links_section(None, LIMITS)
    assert [(one.rule, one.severity) for one in section.findings] == [("no_links", "not_evaluated")]
