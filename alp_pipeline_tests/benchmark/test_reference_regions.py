"""Structural distance and reference regions: what the method promises, against scipy and naive loops."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.reference_regions import reference_regions
from alp_pipeline.benchmark.structural_distance import (
    StructuralDimension,
    structural_distance,
    structural_profile,
)

LAND = StructuralDimension("land", 2, {"population": "log", "area": "sqrt"})
PEOPLE = StructuralDimension("people", 1, {"old": "none", "young": "none"})
FIRMS = StructuralDimension("firms", 1, {"size": "none"})
ALL = (LAND, PEOPLE, FIRMS)
NAMES = ["population", "area", "old", "young", "size"]


def regions(n: int = 12, seed: int = 7) -> pd.DataFrame:
    x = np.random.default_rng(seed).uniform(1, 100, (n, len(NAMES)))
    return pd.DataFrame(x, index=[f"R{i:02d}" for i in range(n)], columns=NAMES)


def distances(table: pd.DataFrame, dimensions=ALL, coverage_min: float = 0.75, **parameters) -> pd.DataFrame:
    profile = structural_profile(table, dimensions, **parameters)
    return structural_distance(profile, coverage_min=coverage_min).frame()


@st.composite
def tables(draw):
    """Regions with holes; every variable keeps two different numbers."""
    n = draw(st.integers(3, 7))
    number = st.floats(0.01, 1e6, allow_nan=False)
    cells = draw(st.lists(st.one_of(number, st.just(math.nan)), min_size=n * 5, max_size=n * 5))
    table = pd.DataFrame(np.reshape(cells, (n, 5)), index=[f"R{i}" for i in range(n)], columns=NAMES)
    table.iloc[0], table.iloc[1] = 1.0, [2.0, 3.0, 4.0, 5.0, 6.0]
    return table


# --- the distance ---------------------------------------------------------------------------------------


def test_the_distance_is_scipys_weighted_squared_euclidean_of_the_scaled_variables():
    profile = structural_profile(regions(), ALL)
    x, w = profile.scaled.to_numpy(), profile.weights.to_numpy()
    expected = cdist(x, x, "sqeuclidean", w=w)
    np.testing.assert_allclose(structural_distance(profile).distance, expected, rtol=1e-12, atol=1e-15)


def test_scaling_is_transformation_then_outliers_then_min_max_written_out():
    table = regions(30)
    table.loc["R00", "old"] = 1e4
    profile = structural_profile(table, ALL)
    for name, change in {"population": np.log, "area": np.sqrt, "old": float, "size": float}.items():
        x = np.array([change(v) for v in table[name]])
        bound = 3 * x.std(ddof=1)
        inside = x[abs(x - x.mean()) <= bound]
        pulled = np.clip(x, inside.min(), inside.max())
        expected = (pulled - pulled.min()) / (pulled.max() - pulled.min())
        np.testing.assert_allclose(profile.scaled[name], expected, rtol=1e-12)
    noted = profile.treatment.loc["old", ["outliers_low", "outliers_high"]]
    assert noted.tolist() == [0, 1]
    assert (
        profile.treatment.loc["old", "skewness_before"]
        > 5
        > 1
        > profile.treatment.loc["old", "skewness_after"]
    )


def test_outliers_stay_where_pulling_them_in_would_leave_all_regions_equal():
    table = pd.DataFrame({"ships": [0.0] * 30 + [5.0, 10.0]}, index=[f"R{n:02d}" for n in range(32)])
    profile = structural_profile(table, [StructuralDimension("d", 1, {"ships": "none"})], outlier_sd=1)
    assert profile.scaled["ships"].iloc[-2:].tolist() == [0.5, 1.0]
    assert profile.treatment.loc["ships", ["outliers_low", "outliers_high"]].tolist() == [0, 0]


def test_weights_go_by_dimension_and_are_equal_within():
    weights = structural_profile(regions(), ALL).weights
    assert weights.to_dict() == {"population": 0.25, "area": 0.25, "old": 0.125, "young": 0.125, "size": 0.25}


def test_pca_weights_are_the_communalities_and_equal_for_variables_that_share_nothing():
    rng = np.random.default_rng(3)
    common = rng.normal(size=200)
    table = pd.DataFrame(
        {"a": common, "b": common + 0.5 * rng.normal(size=200), "c": rng.normal(size=200)},
        index=[f"R{i:03d}" for i in range(200)],
    )
    variables = dict.fromkeys("abc", "none")
    found = structural_profile(table, [StructuralDimension("d", 1, variables, "pca")], outlier_sd=math.inf)
    _, s, vt = np.linalg.svd((table - table.mean()) / table.std(ddof=1), full_matrices=False)
    value = s**2 / 199
    communality = ((vt.T**2) * value)[:, value >= 1].sum(axis=1)
    np.testing.assert_allclose(found.weights, communality / communality.sum(), rtol=1e-9)
    crossed = pd.DataFrame({"a": [1.0, 1, -1, -1], "b": [1.0, -1, 1, -1]}, index=list("WXYZ"))
    equal = structural_profile(crossed, [StructuralDimension("d", 1, {"a": "none", "b": "none"}, "pca")])
    assert equal.weights.tolist() == pytest.approx([0.5, 0.5])


@given(tables())
def test_the_distance_is_symmetric_zero_with_itself_and_between_nought_and_one(table):
    found = distances(table, coverage_min=0.2).to_numpy()
    np.testing.assert_array_equal(found, found.T)
    diagonal = np.diag(found)
    assert (diagonal[~np.isnan(diagonal)] == 0).all()
    assert ((found[~np.isnan(found)] >= 0) & (found[~np.isnan(found)] <= 1 + 1e-12)).all()


@given(tables(), st.randoms())
def test_the_order_of_regions_variables_and_dimensions_changes_no_bit(table, random):
    rows, columns, dimensions = list(table.index), list(table.columns), list(ALL)
    for one in (rows, columns, dimensions):
        random.shuffle(one)
    shuffled = distances(table.loc[rows, columns], dimensions, coverage_min=0.2)
    pd.testing.assert_frame_equal(shuffled, distances(table, coverage_min=0.2), check_exact=True)


@given(tables())
def test_missing_variables_are_left_out_and_the_rest_rescaled_as_a_naive_loop_does(table):
    profile = structural_profile(table, ALL)
    found = structural_distance(profile, coverage_min=0.5)
    for i, first in enumerate(profile.scaled.index):
        for j, second in enumerate(profile.scaled.index):
            total = weight = 0.0
            for name in NAMES:
                a, b = profile.scaled.loc[first, name], profile.scaled.loc[second, name]
                if not (math.isnan(a) or math.isnan(b)):
                    total += profile.weights[name] * (a - b) ** 2
                    weight += profile.weights[name]
            assert found.coverage[i, j] == pytest.approx(weight)
            if weight >= 0.5:
                assert found.distance[i, j] == pytest.approx(total / weight, abs=1e-12)
            else:
                assert math.isnan(found.distance[i, j])


def test_a_missing_number_is_not_a_zero_and_a_coverage_on_the_limit_counts():
    table = regions()
    holed = table.copy()
    holed.loc["R01", "size"] = math.nan
    zeroed = table.copy()
    zeroed.loc["R01", "size"] = 0.0
    assert distances(holed).loc["R01", "R02"] != distances(zeroed).loc["R01", "R02"]
    assert not math.isnan(distances(holed, coverage_min=0.75).loc["R01", "R02"])
    assert math.isnan(distances(holed, coverage_min=0.76).loc["R01", "R02"])


@given(tables())
def test_a_dimension_without_weight_has_no_effect_whatever_it_holds(table):
    idle = StructuralDimension("idle", 0, {"constant": "log"})
    wider = table.assign(constant=-5.0)
    pd.testing.assert_frame_equal(distances(wider, (*ALL, idle), 0.2), distances(table, ALL, 0.2))


def test_a_variables_unit_does_not_matter_and_neither_does_the_scale_of_weights():
    table = regions()
    other = table.assign(population=1000 * table["population"], old=table["old"] / 4 + 3)
    doubled = [StructuralDimension(one.dimension_id, 10 * one.weight, one.variables) for one in ALL]
    np.testing.assert_allclose(distances(other, doubled), distances(table), rtol=1e-9, atol=1e-12)


def test_a_duplicated_region_is_at_distance_zero_of_its_double_and_as_far_from_all_others():
    table = pd.concat([regions(), regions().loc[["R03"]].rename(index={"R03": "R99"})])
    found = distances(table)
    assert found.loc["R03", "R99"] == 0
    pd.testing.assert_series_equal(
        found.loc["R03"].drop(["R03", "R99"]), found.loc["R99"].drop(["R03", "R99"]), check_names=False
    )


def test_the_input_is_left_as_it_was():
    table = regions()
    before = table.copy()
    distances(table)
    pd.testing.assert_frame_equal(table, before)


# --- contributions, peers, stability --------------------------------------------------------------------


@given(tables(), st.integers(1, 4))
def test_contributions_add_up_to_the_distance_to_the_last_bit(table, k):
    found = reference_regions(structural_distance(structural_profile(table, ALL), coverage_min=0.4), k=k)
    parts = found.contributions.groupby(["region_code", "peer_code"])["contribution"]
    sums = parts.apply(lambda part: math.fsum(part))
    for row in found.peers.itertuples():
        assert sums[row.region_code, row.peer_code] == row.distance
    shares = found.contributions.dropna(subset="contribution_pct")
    totals = shares.groupby(["region_code", "peer_code"])["contribution_pct"].sum()
    assert totals.to_numpy() == pytest.approx(100)


def test_peers_are_the_nearest_and_a_tie_for_the_last_place_takes_all():
    table = pd.DataFrame({"x": [0.0, 1, 1, 3, 10]}, index=list("ABCDE"))
    one = StructuralDimension("only", 1, {"x": "none"})
    found = reference_regions(structural_distance(structural_profile(table, [one])), k=1).peers
    chosen = found[found["region_code"] == "A"]
    assert chosen[["peer_code", "rank"]].values.tolist() == [["B", 1], ["C", 1]]
    assert chosen["distance"].tolist() == pytest.approx([0.01, 0.01])
    assert found[["runs", "runs_kept"]].drop_duplicates().values.tolist() == [[0, 0]]
    assert found["rank_best"].isna().all()


def test_ranks_and_runs_are_those_of_doing_it_again_without_the_dimension():
    table = regions()
    table.loc["R02", "size"] = math.nan
    distance = structural_distance(structural_profile(table, ALL), coverage_min=0.5)
    found = reference_regions(distance, k=4)
    for left_out in ALL:
        rest = [one for one in ALL if one is not left_out]
        again = reference_regions(
            structural_distance(structural_profile(table, rest), coverage_min=0.5), k=11
        )
        expected = again.peers.set_index(["region_code", "peer_code"])["rank"]
        rows = found.contributions[found.contributions["dimension_id"] == left_out.dimension_id]
        ranks = rows.set_index(["region_code", "peer_code"])["rank_without"]
        blind = ["R02"] if left_out is FIRMS else []  # it has no number in firms: no run of its
        assert ranks[ranks.isna()].index.get_level_values(0).unique().tolist() == blind
        judged = ranks.dropna()
        pd.testing.assert_series_equal(
            judged.astype("int64"), expected.reindex(judged.index), check_names=False
        )
        kept = (judged <= 4).groupby(level="region_code").sum()
        stability = found.stability[found.stability["dimension_id"] == left_out.dimension_id]
        known = stability.dropna(subset=["peers_kept"]).set_index("region_code")["peers_kept"]
        assert known.to_dict() == kept.to_dict()
        assert set(stability["region_code"]) - set(known.index) == set(blind)
    runs = found.contributions.groupby(["region_code", "peer_code"], sort=False)["rank_without"]
    peers = found.peers.set_index(["region_code", "peer_code"])
    assert peers["rank_best"].tolist() == runs.min().reindex(peers.index).tolist()
    assert peers["rank_worst"].tolist() == runs.max().reindex(peers.index).tolist()
    assert peers["runs_kept"].tolist() == (
        runs.apply(lambda r: int((r <= 4).sum())).reindex(peers.index).tolist()
    )


def test_a_dimension_that_alone_makes_two_regions_near_shows_in_stability():
    table = pd.DataFrame(
        {"a": [0.0, 0.0, 1.0, 1.0], "b": [0.0, 1.0, 0.0, 1.0]}, index=["HOME", "LIKE_A", "LIKE_B", "FAR"]
    )
    dimensions = [
        StructuralDimension("a", 3, {"a": "none"}),
        StructuralDimension("b", 1, {"b": "none"}),
    ]
    found = reference_regions(structural_distance(structural_profile(table, dimensions)), k=1)
    home = found.peers[found.peers["region_code"] == "HOME"]
    assert home[["peer_code", "rank", "runs", "runs_kept", "rank_best", "rank_worst"]].values.tolist() == [
        ["LIKE_A", 1, 2, 1, 1, 2]
    ]
    kept = found.stability[found.stability["region_code"] == "HOME"].set_index("dimension_id")["kept_pct"]
    assert kept.to_dict() == {"a": 0.0, "b": 100.0}


def test_a_run_that_leaves_a_region_too_little_to_judge_by_is_no_run():
    table = regions()
    table.loc["R00", ["old", "young"]] = math.nan
    found = reference_regions(structural_distance(structural_profile(table, ALL), coverage_min=0.6), k=3)
    # Without land, R00 has firms alone, a half of what is left; of people it has nothing to leave out.
    assert found.peers[found.peers["region_code"] == "R00"]["runs"].unique().tolist() == [1]
    own = found.stability[found.stability["region_code"] == "R00"].set_index("dimension_id")
    assert own["kept_pct"].isna().to_dict() == {"firms": False, "land": True, "people": True}
    assert own["peers_kept"].isna().to_dict() == {"firms": False, "land": True, "people": True}
    assert found.peers[found.peers["region_code"] == "R01"]["runs"].unique().tolist() == [3]


def test_leaving_out_a_dimension_that_a_region_has_no_number_in_is_no_run_and_decides_nothing():
    table = regions()
    table.loc["R00", "size"] = math.nan
    found = reference_regions(structural_distance(structural_profile(table, ALL), coverage_min=0.5), k=3)
    peers = found.peers[found.peers["region_code"] == "R00"]
    assert peers["runs"].unique().tolist() == [2]  # three dimensions, but nothing of firms to leave out
    assert (peers["runs_kept"] <= peers["runs"]).all()
    own = found.stability[found.stability["region_code"] == "R00"].set_index("dimension_id")
    assert own["kept_pct"].isna().to_dict() == {"firms": True, "land": False, "people": False}
    parts = found.contributions[found.contributions["region_code"] == "R00"].set_index("dimension_id")
    assert parts.loc["firms", "rank_without"].isna().all()
    assert (parts.loc["firms", "weight_covered_pct"] == 0).all()
    assert parts.loc["people", "rank_without"].notna().all()


def test_the_own_country_can_be_excluded_and_candidates_restricted():
    table = regions()
    countries = {code: "AT" if code < "R06" else "IT" for code in table.index}
    distance = structural_distance(structural_profile(table, ALL))
    found = reference_regions(distance, k=3, countries=countries, exclude_own_country=True).peers
    assert (found["region_code"].map(countries) != found["peer_code"].map(countries)).all()
    few = reference_regions(distance, k=3, candidates=["R01", "R02"]).peers
    assert set(few["peer_code"]) == {"R01", "R02"}
    assert few[few["region_code"] == "R01"]["peer_code"].tolist() == ["R02"]
    with pytest.raises(BenchmarkInputError, match="does not say where R00 lies"):
        reference_regions(distance, exclude_own_country=True)


def test_what_rests_on_imputed_numbers_and_on_few_variables_is_said_of_each_pair():
    table = regions(4)
    table.loc["R01", "young"] = math.nan
    imputed = pd.DataFrame(False, index=table.index, columns=table.columns)
    imputed.loc["R00", "size"] = True
    found = reference_regions(structural_distance(structural_profile(table, ALL, imputed=imputed)), k=3)
    peers = found.peers.set_index(["region_code", "peer_code"])
    assert peers.loc[("R00", "R02"), ["weight_covered_pct", "weight_imputed_pct"]].tolist() == [100, 25]
    assert peers.loc[("R00", "R01"), ["weight_covered_pct", "weight_imputed_pct"]].tolist() == [87.5, 25]
    assert peers.loc[("R01", "R02"), "weight_imputed_pct"] == 0
    parts = found.contributions.set_index(["region_code", "peer_code", "dimension_id"])
    assert parts.loc[("R00", "R01", "people"), "weight_covered_pct"] == 50


def test_a_region_that_too_little_is_known_of_has_no_peers_and_is_nobodys():
    table = regions()
    table.loc["R05", ["population", "area"]] = math.nan
    peers = reference_regions(structural_distance(structural_profile(table, ALL)), k=11).peers
    assert "R05" not in set(peers["region_code"]) | set(peers["peer_code"])
    assert len(peers) == 11 * 10


# --- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(old=3.0), "old: has one value for all"),
        (lambda t: t.assign(old=math.nan), r"old: has a number for 0 region\(s\)"),
        (lambda t: t.assign(population=0.0), "R00 × population: holds 0.0"),
        (lambda t: t.assign(size=math.inf), "R00 × size: holds inf"),
        (lambda t: t.assign(size="many"), "has what is not a number"),
        (lambda t: t.drop(columns="size"), "has no column size"),
        (lambda t: t.iloc[:1], r"has 1 region\(s\)"),
        (lambda t: t.iloc[:0], r"has 0 region\(s\)"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "holds the region R00 twice"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused_naming_the_first_offender(change, message):
    with pytest.raises(BenchmarkInputError, match=message):
        structural_profile(change(regions()), ALL)


def test_parameters_that_mean_nothing_are_refused():
    table = regions()
    profile = structural_profile(table, ALL)
    for wrong, message in (
        (lambda: structural_profile(table, []), "none has a weight"),
        (lambda: structural_profile(table, [*ALL, FIRMS]), "the dimension firms twice"),
        (lambda: structural_profile(table, ALL, outlier_sd=0.5), "outlier_sd: is 0.5"),
        (lambda: structural_distance(profile, coverage_min=0), "coverage_min: is 0"),
        (lambda: structural_distance(profile).without("sea"), "no dimension 'sea'"),
        (lambda: reference_regions(structural_distance(profile), k=0), "k: is 0"),
        (lambda: StructuralDimension("d", -1, {"x": "none"}), "has the weight -1"),
        (lambda: StructuralDimension("d", 1, {}), "has no variable"),
        (lambda: StructuralDimension("d", 1, {"x": "cube"}), "the transformation 'cube' of x"),
        (lambda: StructuralDimension("d", 1, {"x": "none"}, "guess"), "the weighting 'guess'"),
        (
            lambda: structural_profile(
                table.iloc[:2], [StructuralDimension("d", 1, {"old": "none", "young": "none"}, "pca")]
            ),
            "has 2 regions with all of old, young",
        ),
    ):
        with pytest.raises(BenchmarkInputError, match=message):
            wrong()
