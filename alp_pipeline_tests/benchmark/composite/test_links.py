"""A link to an outside indicator names the units it rests on and how sure it is."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.links import links

DRAW = np.random.default_rng(11)
LABELS = [f"u{i:02d}" for i in range(25)]
SCORES = pd.DataFrame(DRAW.normal(size=(25, 2)), index=LABELS, columns=["index", "pillar"])
OTHERS = pd.DataFrame(
    {"gdp": SCORES["index"] + DRAW.normal(size=25), "rci": np.round(DRAW.normal(size=25))}, index=LABELS
).drop(index=["u00", "u01"])
OTHERS.loc["x99"] = [1.0, 2.0]


def test_every_link_is_scipys_with_its_interval():
    table = links(SCORES, OTHERS, confidence=0.9).set_index(["code", "other_code", "method"])
    assert len(table) == 2 * 2 * 2
    both = SCORES.join(OTHERS, how="inner")
    for code, other in [("index", "gdp"), ("pillar", "rci")]:
        pearson = scipy.stats.pearsonr(both[code], both[other])
        row = table.loc[(code, other, "pearson")]
        assert (row["correlation"], row["p_value"]) == pytest.approx((pearson.statistic, pearson.pvalue))
        assert (row["lower"], row["upper"]) == pytest.approx(tuple(pearson.confidence_interval(0.9)))
        spearman = scipy.stats.spearmanr(both[code], both[other])
        row = table.loc[(code, other, "spearman")]
        assert (row["correlation"], row["p_value"]) == pytest.approx((spearman.statistic, spearman.pvalue))
        rho, n = spearman.statistic, 23
        half = 1.6448536269514722 * np.sqrt((1 + rho**2 / 2) / (n - 3))
        assert row["upper"] == pytest.approx(np.tanh(np.arctanh(rho) + half))


def test_the_units_used_and_those_only_one_side_has_are_named():
    scores = SCORES.copy()
    scores.loc["u05", "index"] = np.nan
    row = links(scores, OTHERS, codes=["index"], methods=["pearson"]).set_index("other_code").loc["gdp"]
    assert (row["units"], row["score_only"], row["other_only"]) == (22, 2, 2)
    used = row["units_used"].split()
    assert used == [label for label in LABELS if label not in ("u00", "u01", "u05")]


def test_a_perfect_link_has_no_width_and_few_units_no_interval():
    scores = pd.DataFrame({"index": [1.0, 2, 3, 4]}, index=list("ABCD"))
    table = links(scores, scores.rename(columns={"index": "same"}), methods=["spearman"]).iloc[0]
    assert (table["correlation"], table["lower"], table["upper"]) == pytest.approx((1, 1, 1))
    few = links(scores.iloc[:3], pd.DataFrame({"y": [3.0, 1, 2]}, index=list("ABC"))).iloc[0]
    assert few["units"] == 3
    assert few[["lower", "upper"]].isna().all()
    assert links(scores, scores, methods=["kendall"])[["lower", "upper"]].isna().all(axis=None)


def test_tables_of_other_units_are_refused_by_naming_a_label_of_each():
    with pytest.raises(BenchmarkInputError, match="the scores begin with u00, the others with AT11"):
        links(SCORES, pd.DataFrame({"rci": [1.0]}, index=["AT11"]))
    with pytest.raises(BenchmarkInputError, match="the column cluster is absent"):
        links(SCORES, OTHERS, codes=["cluster"])
    with pytest.raises(BenchmarkInputError, match="'cosine' is not a correlation"):
        links(SCORES, OTHERS, methods=["cosine"])


@given(st.permutations(range(25)))
def test_the_order_of_units_shows_in_no_bit(rows):
    pd.testing.assert_frame_equal(links(SCORES.iloc[rows], OTHERS), links(SCORES, OTHERS), check_exact=True)


def test_the_competitiveness_index_goes_with_itself_over_the_years(realdata):
    """The RCI as published (JRC): 2016 and 2019 are close, regions keep their codes."""
    table = pd.read_csv(realdata / "composite" / "rci_2010_2019.csv")
    regions = table[table["NUTS CODE 2016"].str.len() == 4].dropna(subset=["value"])
    wide = regions.pivot_table(index="NUTS CODE 2016", columns="Year", values="value")
    wide.columns = [f"rci{year}" for year in wide.columns]
    found = links(wide[["rci2019"]], wide[["rci2010", "rci2016"]], methods=["pearson"]).set_index(
        "other_code"
    )
    for other in ("rci2010", "rci2016"):
        both = wide[["rci2019", other]].dropna()
        assert found.loc[other, "units"] == len(both)
        assert found.loc[other, "correlation"] == pytest.approx(np.corrcoef(both.T)[0, 1], abs=1e-13)
    assert found.loc["rci2016", "correlation"] > found.loc["rci2010", "correlation"] > 0.9
