"""Alpha and components say whether a group measures one thing, on the units they name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.coherence import (
    alpha_by_group,
    components_by_group,
    cronbach_alpha,
    item_analysis,
    principal_components,
)


def items(units: int = 40, codes: int = 5, seed: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    numbers = draw.normal(size=(units, codes)) + draw.normal(size=(units, 1))
    return pd.DataFrame(numbers, columns=list("abcdefgh")[:codes], index=[f"u{i:02d}" for i in range(units)])


def orthogonal() -> pd.DataFrame:
    """Three items without any correlation, of equal variance."""
    return pd.DataFrame(
        {"a": [1.0, 1, -1, -1, 1, 1, -1, -1], "b": [1.0, -1, 1, -1] * 2, "c": [1.0] * 4 + [-1.0] * 4}
    )


@pytest.mark.parametrize("k", [2, 3, 7])
def test_identical_items_have_an_alpha_of_one(k):
    frame = pd.DataFrame({f"x{i}": [1.0, 4.0, 2.0, 8.0] for i in range(k)})
    found = cronbach_alpha(frame)
    assert (found.alpha, found.standardised, found.mean_correlation) == pytest.approx((1, 1, 1))
    assert (found.items, found.units) == (k, 4)


def test_uncorrelated_items_have_an_alpha_of_zero():
    found = cronbach_alpha(orthogonal())
    assert (found.alpha, found.standardised) == pytest.approx((0, 0), abs=1e-15)


@pytest.mark.parametrize("r", [0.2, 0.5, 0.9])
def test_parallel_items_follow_spearman_and_brown(r):
    # x_i = √r · common + √(1 - r) · own, exactly uncorrelated parts: every pair correlates by r.
    basis = orthogonal()
    parts = np.array([[1.0, 1, -1, -1, -1, -1, 1, 1]]).T * np.ones((1, 1))
    common, own = parts[:, 0], basis[["a", "b"]].to_numpy()
    frame = pd.DataFrame(np.sqrt(r) * common[:, None] + np.sqrt(1 - r) * own, columns=["x", "y"])
    found = cronbach_alpha(frame)
    assert (found.alpha, found.standardised) == pytest.approx((2 * r / (1 + r),) * 2)
    assert found.mean_correlation == pytest.approx(r)


def test_alpha_is_one_less_the_share_of_the_items_own_variance():
    frame = items()
    k = frame.shape[1]
    naive = k / (k - 1) * (1 - frame.var(ddof=1).sum() / frame.sum(axis=1).var(ddof=1))
    found = cronbach_alpha(frame)
    assert found.alpha == pytest.approx(naive, rel=1e-12)
    z = (frame - frame.mean()) / frame.std(ddof=1)
    standardised = k / (k - 1) * (1 - k / z.sum(axis=1).var(ddof=1))
    assert found.standardised == pytest.approx(standardised, rel=1e-12)


def test_the_rule_for_missing_cells_decides_which_units_enter():
    frame = items()
    frame.iloc[0, 0] = frame.iloc[1, 1] = np.nan
    frame.iloc[2, 1:] = np.nan
    complete, pairwise = cronbach_alpha(frame), cronbach_alpha(frame, missing="pairwise")
    assert (complete.units, pairwise.units) == (37, 39)
    assert complete.alpha == cronbach_alpha(frame.iloc[3:]).alpha
    covariance = frame.cov().to_numpy()
    naive = 5 / 4 * (1 - np.trace(covariance) / covariance.sum())
    assert pairwise.alpha == pytest.approx(naive, rel=1e-12)


def test_without_missing_cells_both_rules_agree_to_the_last_bit():
    assert cronbach_alpha(items()) == cronbach_alpha(items(), missing="pairwise")


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1.0, 2, 3]}),
        pd.DataFrame({"a": [1.0, 2], "b": [np.nan, np.nan]}),
        pd.DataFrame({"a": [1.0], "b": [2.0]}),
        pd.DataFrame({"a": [5.0, 5, 5], "b": [7.0, 7, 7]}),
        pd.DataFrame({"a": [0.1, 0.2, 0.7], "b": [-0.1, -0.2, -0.7]}),
    ],
    ids=["one item", "no complete unit", "one unit", "constant items", "items that cancel"],
)
def test_where_alpha_is_undefined_there_is_none(frame):
    assert np.isnan(cronbach_alpha(frame).alpha)


def test_items_that_contradict_each_other_have_a_negative_alpha():
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 2]})
    assert cronbach_alpha(frame).alpha < -1


def test_an_item_is_judged_by_the_group_without_it():
    frame = items(codes=4).assign(noise=np.random.default_rng(9).normal(size=40))
    table = item_analysis(frame)
    assert table.index.tolist() == frame.columns.tolist()
    for code in frame:
        rest = frame.drop(columns=code)
        assert table.loc[code, "alpha_without"] == cronbach_alpha(rest).alpha
        expected = np.corrcoef(frame[code], rest.sum(axis=1))[0, 1]
        assert table.loc[code, "rest_correlation"] == pytest.approx(expected, abs=1e-13)
    assert table["alpha_without"].idxmax() == "noise"
    assert np.isnan(item_analysis(frame[["a", "b"]])["alpha_without"]).all()


@given(st.permutations(range(40)), st.permutations(list("abcde")))
def test_the_order_of_units_and_items_shows_in_no_bit(rows, codes):
    frame = items()
    frame.iloc[4, 2] = np.nan
    mixed = frame.iloc[rows][codes]
    for missing in ("complete", "pairwise"):
        assert cronbach_alpha(mixed, missing=missing) == cronbach_alpha(frame, missing=missing)
    expected, found = principal_components(frame), principal_components(mixed)
    pd.testing.assert_frame_equal(found.components, expected.components, check_exact=True)
    pd.testing.assert_frame_equal(found.loadings.loc[list("abcde")], expected.loadings, check_exact=True)


@given(st.floats(0.1, 100), st.floats(-50, 50))
def test_one_unit_of_measure_for_all_items_changes_no_alpha(scale, shift):
    assert cronbach_alpha(items() * scale + shift).alpha == pytest.approx(
        cronbach_alpha(items()).alpha, rel=1e-9
    )


def test_components_reproduce_the_correlation_matrix():
    frame = items()
    found = principal_components(frame)
    correlation = np.corrcoef(frame.T)
    eigenvalues = found.components["eigenvalue"]
    np.testing.assert_allclose(eigenvalues, np.linalg.eigvalsh(correlation)[::-1], atol=1e-13)
    np.testing.assert_allclose(found.loadings @ found.loadings.T, correlation, atol=1e-13)
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(5), atol=1e-13)
    assert eigenvalues.sum() == pytest.approx(5)
    assert found.components["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert found.kept == int((eigenvalues > 1).sum()) == 1


def test_a_loading_is_the_correlation_of_item_and_component():
    frame = items()
    found = principal_components(frame)
    z = (frame - frame.mean()) / frame.std(ddof=1)
    scores = z.to_numpy() @ found.vectors.to_numpy()
    for place, name in enumerate(found.components.index):
        expected = [np.corrcoef(frame[code], scores[:, place])[0, 1] for code in frame]
        np.testing.assert_allclose(found.loadings[name], expected, atol=1e-12)


def test_signs_are_fixed_also_where_a_vector_adds_up_to_zero():
    frame = pd.DataFrame({"b": [1.0, 3, 2, 4], "a": [1.0, 2, 3, 4]})
    found = principal_components(frame).vectors
    half = np.sqrt(0.5)
    np.testing.assert_allclose(found["PC1"], [half, half])
    assert found.loc[["a", "b"], "PC2"].tolist() == pytest.approx([half, -half])


def test_kaiser_does_not_count_an_eigenvalue_of_one():
    assert principal_components(orthogonal()).kept == 0


def test_more_items_than_units_leave_eigenvalues_of_zero_never_below():
    found = principal_components(items(units=4, codes=8)).components["eigenvalue"]
    assert (found >= 0).all()
    assert found.iloc[3:].max() < 1e-12


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1.0, 2, 3]}), "one item alone"),
        (pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, np.nan, 3]}), "only 2 units have every item"),
        (pd.DataFrame({"a": [1.0, 2, 3], "b": [4.0, 4, 4]}), "b is constant"),
    ],
)
def test_a_group_without_components_is_refused_by_name(frame, message):
    with pytest.raises(BenchmarkInputError, match=message):
        principal_components(frame)


def test_an_unknown_rule_for_missing_cells_is_refused():
    with pytest.raises(BenchmarkInputError, match="'listwise' is not a rule for missing cells"):
        cronbach_alpha(items(), missing="listwise")


def test_a_group_that_has_no_components_gives_its_reason(two_pillars):
    scores = items(codes=4).assign(P=1.0, Q=lambda f: f["b"], d=5.0)
    found = components_by_group(scores, two_pillars)
    assert found.components["group"].unique().tolist() == ["P"]
    assert found.undefined.values.tolist() == [["Q", 2, "d is constant"], ["I", 3, "P is constant"]]
    assert found.loadings["code"].tolist() == ["a", "c", "a", "c"]
    nothing = components_by_group(scores * 0, two_pillars)
    assert (len(nothing.components), len(nothing.undefined)) == (0, 3)


def test_alpha_of_every_group_and_which_falls_below_the_threshold(two_pillars):
    scores = items(codes=4).assign(c=lambda f: f["a"] + 0.1 * f["b"], P=lambda f: f["a"], Q=lambda f: -f["b"])
    table = alpha_by_group(scores, two_pillars).set_index("group")
    assert table.loc["P", "alpha"] == cronbach_alpha(scores[["a", "c"]]).alpha > 0.9
    assert table["is_incoherent"].to_dict() == {"P": False, "Q": True, "I": True}
    assert table["level"].to_dict() == {"P": 2, "Q": 2, "I": 3}
    assert not alpha_by_group(scores * 0, two_pillars)["is_incoherent"].any()


def test_asem_alpha_and_components_as_coinr_prints_them(asem_units, asem_framework):
    raw = asem_units.values
    # Vignette "Analysis": get_cronbach(coin, dset = "Raw", iCodes = "P2P", Level = 1)
    people = list(asem_framework.children("P2P"))
    assert cronbach_alpha(raw[people], missing="pairwise").alpha == pytest.approx(0.05126659, abs=5e-9)
    # get_PCA(coin, dset = "Raw", iCodes = "Sust"), summary of Social
    social = principal_components(raw[list(asem_framework.children("Social"))])
    deviation = [2.2042, 1.1256, 0.9788, 0.78834, 0.77153, 0.56836, 0.42463, 0.36068, 0.25760]
    np.testing.assert_allclose(np.sqrt(social.components["eigenvalue"]), deviation, atol=6e-5)
    share = [0.5398, 0.1408, 0.1065, 0.06905, 0.06614, 0.03589, 0.02003, 0.01445, 0.00737]
    np.testing.assert_allclose(social.components["explained_share"], share, atol=6e-5)
    assert social.units == 51 - 14
    vectors = {
        "Environ": {"CO2": -0.581, "Forest": 0.214, "MatCon": -0.543, "PrimEner": -0.313, "Renew": 0.473},
        "SusEcFin": {"GDPGrow": 0.472, "NEET": 0.451, "PrivDebt": -0.492, "PubDebt": -0.227, "RDExp": -0.53},
    }
    for group, printed in vectors.items():
        first = principal_components(raw[list(printed)]).vectors["PC1"]
        expected = pd.Series(printed)
        # R leaves the sign to chance, here the entries add up to more than zero.
        np.testing.assert_allclose(first, expected * np.sign(expected.sum()), atol=6e-4, err_msg=group)
