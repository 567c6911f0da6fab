"""Related and unrelated variety add up to the entropy, whatever the groups are."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.concentration import entropy
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.variety import variety
from alp_pipeline_tests.benchmark.activity_tables import counts, frame, table


@given(counts, st.lists(st.sampled_from("ABC"), min_size=6, max_size=6), st.sampled_from([2.0, math.e, 10.0]))
def test_related_and_unrelated_variety_add_up_to_the_entropy_in_any_base(x, letters, base):
    cells = frame(x)
    found = variety(cells, dict(zip(cells.columns, letters, strict=False)), base=base)
    total = found["unrelated_variety"] + found["related_variety"]
    np.testing.assert_allclose(total, entropy(cells, base=base)["entropy"], atol=1e-12)
    np.testing.assert_allclose(found["entropy"], entropy(cells, base=base)["entropy"], atol=0)


def test_groups_of_one_activity_are_all_unrelated_and_one_group_all_related():
    cells = frame([[1, 1, 2]])
    alone = variety(cells, {"C0": "A", "C1": "B", "C2": "C"}).loc["R0"]
    together = variety(cells, dict.fromkeys(cells.columns, "A")).loc["R0"]
    assert (alone["unrelated_variety"], alone["related_variety"]) == (1.5, 0.0)
    assert (together["unrelated_variety"], together["related_variety"]) == (0.0, 1.5)


def test_published_sections_give_unrelated_variety_where_divisions_are_hidden():
    groups = {"C0": "A", "C1": "A", "C2": "B", "C3": "B"}
    sections = pd.DataFrame({"A": [60, np.nan], "B": [np.nan, np.nan]}, index=["R0", "R1"])
    cells = table([["c", "c", 30, 30], ["c", "c", 30, 30]])
    found = variety(cells, groups, published=PublishedTotals(groups, sections, rounding=0))
    assert found["unrelated_variety"].tolist()[0] == 1.0
    assert found["unrelated_state"].tolist() == ["reported", "undetermined"]
    assert found["state"].tolist() == ["undetermined", "undetermined"]
    # Section B: one bit for a half; section A between nothing and one bit for its half.
    assert found.loc["R0", ["related_lower", "related_upper"]].tolist() == [0.5, 1.0]
    assert found.loc["R1", ["related_lower", "related_upper"]].isna().all()
    assert np.isnan(found.loc["R0", "related_variety"])


def test_the_only_hidden_division_of_a_section_is_not_given_away_by_related_variety():
    groups = {"C0": "A", "C1": "A", "C2": "B"}
    sections = pd.DataFrame({"A": [60], "B": [30]}, index=["R0"])
    found = variety(table([[20, "c", 30]]), groups, published=PublishedTotals(groups, sections)).loc["R0"]
    assert found["unrelated_state"] == "reported"  # of published totals alone
    assert found["note"] == "computable_cell"
    assert found[["related_variety", "related_lower", "related_upper", "entropy_upper"]].isna().all()


def test_a_hidden_cell_is_no_zero():
    groups = {"C0": "A", "C1": "A", "C2": "B"}
    hidden, zero = (variety(table([[20, cell, 30]]), groups).loc["R0"] for cell in ("c", 0))
    assert (hidden["state"], hidden["unrelated_state"]) == ("undetermined", "undetermined")
    assert (zero["state"], zero["unrelated_state"]) == ("reported", "reported")
    assert math.isnan(hidden["unrelated_variety"])


def test_an_empty_region_has_no_variety():
    found = variety(frame([[0, 0]]), {"C0": "A", "C1": "B"}).loc["R0"]
    assert (found["state"], found["unrelated_state"]) == ("not_applicable", "not_applicable")


def test_an_activity_without_a_group_is_named():
    with pytest.raises(BenchmarkInputError, match="the activity C1 has no group"):
        variety(frame([[1, 2]]), {"C0": "A"})


def test_a_published_total_counts_for_the_group_of_just_its_activities():
    cells = table([["c", "c", 30, 30]])
    sections = pd.DataFrame({"A": [60]}, index=["R0"])
    published = PublishedTotals({"C0": "A", "C1": "A"}, sections, rounding=0)
    # The other group needs no total, it is complete; a group of other activities has none.
    same = variety(cells, {"C0": "x", "C1": "x", "C2": "y", "C3": "y"}, published=published).loc["R0"]
    assert (same["unrelated_variety"], same["unrelated_state"]) == (1.0, "reported")
    other = variety(cells, {"C0": "x", "C1": "x", "C2": "x", "C3": "y"}, published=published).loc["R0"]
    assert other["unrelated_state"] == "undetermined"
