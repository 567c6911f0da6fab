"""An audit looks at an index's own stages, in the Handbook's order, and passes nothing over in silence."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.audit import SECTIONS, Audit, Thresholds, audit
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import IndexResult, compute_index
from alp_pipeline.benchmark.composite.links import links
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable

ASEM = Recipe.of(
    {
        "id": "asem_default",
        "version": "1",
        "label": "ASEM, COINr's default",
        "steps": [
            {"step": "denominate"},
            {"step": "impute", "method": "group_mean", "group": "EurAsia_group"},
            {"step": "screen", "availability_min": 0.9},
            {"step": "treat", "method": "winsorise", "max_points": 5, "skew_max": 2, "kurtosis_max": 3.5},
            {"step": "normalise", "method": "minmax", "low": 0, "high": 100},
            {"step": "aggregate", "method": "arithmetic"},
        ],
    }
)
PLAIN = Recipe.of(
    {
        "id": "plain",
        "version": "2",
        "label": "Plain",
        "steps": [{"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
    }
)


def data(units: int = 25) -> pd.DataFrame:
    draw = np.random.default_rng(12)
    common = draw.normal(size=units)
    frame = pd.DataFrame({code: common + draw.normal(size=units) for code in "abcd"}).round(3)
    return frame.assign(unit=[f"u{i:02d}" for i in range(units)])


def plain(framework: Framework, frame: pd.DataFrame | None = None, **bounds: pd.DataFrame) -> IndexResult:
    units = UnitTable.of(data() if frame is None else frame, framework, **bounds)
    return compute_index(units, framework, PLAIN)


def said(found: Audit, section: str, rule: str) -> list[str]:
    return [one.text for one in found.section(section).findings if one.rule == rule]


@pytest.fixture(scope="module")
def asem(asem_units, asem_framework) -> IndexResult:
    return compute_index(asem_units, asem_framework, ASEM)


def test_the_parts_come_in_the_order_of_the_handbook_and_each_says_something(two_pillars):
    found = audit(plain(two_pillars))
    assert tuple(section.name for section in found.sections) == SECTIONS
    assert SECTIONS.index("coherence") < SECTIONS.index("uncertainty")
    assert all(section.findings for section in found.sections)
    assert (found.recipe_id, found.recipe_version) == ("plain", "2")
    not_evaluated = [one.rule for one in found.findings if one.severity == "not_evaluated"]
    assert not_evaluated == ["no_uncertainty", "no_sensitivity", "no_links"]
    with pytest.raises(BenchmarkInputError, match="there is no section 'ranks'"):
        found.section("ranks")


def test_findings_and_tables_can_be_written_out(two_pillars):
    found = audit(plain(two_pillars))
    tables = found.tables()
    assert tables["findings"]["section"].drop_duplicates().tolist() == list(SECTIONS)
    assert len(tables["findings"]) == len(found.findings)
    assert {"coherence_alpha", "weights_effective_weights", "availability_units"} <= set(tables)
    for table in tables.values():
        assert table.to_csv(index=False)


def test_an_index_is_not_changed_by_its_audit(two_pillars):
    result = plain(two_pillars)
    before = {name: units.values.copy() for name, units in result.stages.items()}
    audit(result)
    for name, values in before.items():
        pd.testing.assert_frame_equal(result.stages[name].values, values)


def test_the_order_of_units_and_indicators_changes_no_finding(two_pillars):
    other = Framework.of(two_pillars.table.iloc[[3, 1, 0, 2, 5, 4, 6]])
    one = audit(plain(two_pillars)).findings_table
    two = audit(
        plain(other, data().sample(frac=1, random_state=1)[["d", "unit", "a", "c", "b"]])
    ).findings_table
    assert sorted(one["text"]) == sorted(two["text"])


def test_links_are_part_of_the_audit(two_pillars):
    result = plain(two_pillars)
    outside = result.scores[["I"]].rename(columns={"I": "rci"})
    found = audit(result, links=links(result.scores, outside, codes=["I"]))
    assert said(found, "links", "link") == [
        "I and rci: r = 1.00 [1.00, 1.00] over 25 of 25 units with a score."
    ]


def test_a_confidential_cell_leaves_a_unit_undetermined_and_its_bounds_in_no_table(two_pillars):
    frame = data().astype({"a": "object"})
    frame.loc[3, "a"] = ":c"
    low = pd.DataFrame({"a": [0.123456]}, index=["u03"])
    high = pd.DataFrame({"a": [0.654321]}, index=["u03"])
    result = plain(two_pillars, frame, lower=low, upper=high)
    found = audit(result)
    assert said(found, "availability", "undetermined") == [
        "P is undetermined where a confidential cell below it is not guessed: u03.",
        "I is undetermined where a confidential cell below it is not guessed: u03.",
    ]
    assert "1 are confidential" in said(found, "availability", "cells")[0]
    bounds = [0.123456, 0.654321, *result.lower.loc["u03"].dropna(), *result.upper.loc["u03"].dropna()]
    assert len(bounds) > 2
    for name, table in found.tables().items():
        numbers = table.select_dtypes("number").to_numpy(dtype=np.float64, na_value=np.nan)
        assert not np.isin(numbers, bounds).any(), name


def test_thresholds_decide_what_is_warned_of(two_pillars):
    result = plain(two_pillars)
    strict, lenient = Thresholds(alpha_min=1.0), Thresholds(alpha_min=-5.0)
    assert len(said(audit(result, thresholds=strict), "coherence", "alpha_low")) == 3
    assert said(audit(result, thresholds=lenient), "coherence", "alpha_low") == []
    assert audit(result, thresholds=strict).thresholds == strict


def test_a_panel_is_audited_over_all_its_years(two_pillars):
    frame = pd.concat([data().assign(time=2019), data().assign(time=2020, a=lambda f: f["a"] + 1)])
    found = audit(plain(two_pillars, frame))
    assert said(found, "framework", "framework_size") == [
        "Indicators: 4; aggregates: 3; levels: 3; units: 25."
    ]
    assert found.section("availability").tables["indicators"]["units"].tolist() == [50] * 4


def test_a_single_unit_or_one_level_is_audited_without_a_crash(two_pillars):
    constant = Recipe.of(
        {
            "id": "one",
            "version": "1",
            "label": "One",
            "steps": [{"step": "normalise", "method": "none"}, {"step": "aggregate", "method": "arithmetic"}],
        }
    )
    result = compute_index(UnitTable.of(data(1), two_pillars), two_pillars, constant)
    found = audit(result)
    assert {one.rule for one in found.section("coherence").findings} == {
        "alpha_undefined",
        "correlations_sound",
    }


def test_asem_is_found_to_be_what_is_known_of_it(asem, asem_stage):
    found = audit(asem)
    # the stages looked at are COINr's own
    treated = found.section("treatment")
    assert [len(one.about) for one in treated.findings if one.rule == "treated"] == [
        int((found.section("treatment").tables["statistics_before"]["is_skewed"]).sum())
    ]
    assert not treated.tables["statistics_after"]["is_skewed"].any()
    assert said(found, "availability", "cells") == [
        "Of 2499 cells 2436 hold a number (97.5 %), 0 are confidential and 63 lack one for another reason."
    ]
    # two indicators more are without a number once they are divided by a denominator that is missing
    assert asem_stage("2_Denominated").isna().sum().sum() == 65
    assert said(found, "availability", "imputed") == ["Estimates stand in 65 of 2499 cells (2.6 %)."]
    # written naively from the published normalised indicators
    normalised = asem_stage("6_Normalised")
    instit = normalised[list(asem.framework.children("Instit"))]
    naive = 6 / 5 * (1 - instit.var().sum() / instit.sum(axis=1).var())
    alpha = found.section("coherence").tables["alpha"].set_index("group")["alpha"]
    assert alpha["Instit"] == pytest.approx(naive, abs=1e-9)
    pairs = np.corrcoef(instit.to_numpy(), rowvar=False)[np.triu_indices(6, 1)]
    assert said(found, "coherence", "alpha_low")[3] == (
        f"Institutional: alpha {naive:.2f}, below the usual 0.7 (6 elements, mean r = {pairs.mean():.2f}): "
        "read its elements beside it. Few elements lower alpha as well."
    )
    # the contradiction that COINr's vignette points out
    barriers = {one.about for one in found.findings if one.rule == "contradiction" and "TBTs" in one.about}
    assert {("CostImpEx", "TBTs"), ("TBTs", "RTAs"), ("TBTs", "TIRcon")} <= barriers
    assert ("TBTs", "Instit") in {one.about for one in found.findings if one.rule == "against_its_group"}
