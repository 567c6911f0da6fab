"""Presence in three values: what is present, what is absent, what nobody knows."""

# ruff: noqa: N803, N806 (M is the literature's name)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.matrix import PresenceUnknown, presence_matrix
from alp_pipeline.benchmark.complexity.presence import presence, spread_over_unknown, without_unknown
from alp_pipeline_tests.benchmark.complexity.matrices import frame, random_presence, shuffled

NAN = float("nan")
three_valued = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([0.0, 1.0, NAN])
).map(frame)


def test_a_quotient_of_exactly_the_threshold_is_present():
    assert presence(frame([[1.0, np.nextafter(1.0, 0.0)]])).matrix.to_numpy().tolist() == [[1.0, 0.0]]
    assert presence(frame([[1.5, 1.49]]), threshold=1.5).matrix.to_numpy().tolist() == [[1.0, 0.0]]


def test_a_confidential_cell_is_unknown_and_not_absent_even_if_a_number_stands_in_it():
    states = frame([["confidential", "reported"], ["reported", "not_available"]])
    found = presence(frame([[3.0, 3.0], [0.2, NAN]]), states=states)
    np.testing.assert_equal(found.matrix.to_numpy(), [[NAN, 1.0], [0.0, NAN]])
    assert found.unknown_cells == 2
    assert found.unknown_by_state.to_dict() == {"confidential": 1, "not_available": 1}


def test_a_hidden_cell_replaced_by_zero_would_give_another_matrix():
    hidden = presence(frame([[NAN, 2.0]])).matrix
    zero = presence(frame([[0.0, 2.0]])).matrix
    assert np.isnan(hidden.iloc[0, 0])
    assert zero.iloc[0, 0] == 0.0


def test_a_floor_keeps_a_handful_of_jobs_out_and_counts_them():
    found = presence(frame([[9.0, 2.0, 0.5]]), sizes=frame([[5, 500, 5]]), minimum_size=100)
    assert found.matrix.to_numpy().tolist() == [[0.0, 1.0, 0.0]]
    assert found.below_minimum_size == 1


def test_what_one_known_condition_rules_out_is_absent_and_what_it_cannot_decide_is_unknown():
    # quotient: below, above, none; size: below, at the floor, none
    quotients = frame([[0.5] * 3, [2.0] * 3, [NAN] * 3])
    sizes = frame([[5, 10, NAN]] * 3)
    found = presence(quotients, sizes=sizes, minimum_size=10).matrix.to_numpy()
    np.testing.assert_equal(found, [[0, 0, 0], [0, 1, NAN], [0, NAN, NAN]])


def test_a_reported_zero_is_absent_where_no_quotient_exists():
    found = presence(frame([[NAN, NAN]]), sizes=frame([[0, NAN]]))
    np.testing.assert_equal(found.matrix.to_numpy(), [[0.0, NAN]])


def test_bounds_decide_the_hidden_cells_that_lie_on_one_side_of_the_threshold():
    quotients = frame([[NAN, NAN, NAN, 2.0]])
    lower, upper = frame([[0.0, 1.0, 0.2, NAN]]), frame([[0.9, 3.0, 1.0, NAN]])
    found = presence(quotients, lower=lower, upper=upper)
    np.testing.assert_equal(found.matrix.to_numpy(), [[0.0, 1.0, NAN, 1.0]])
    assert (found.unknown_cells, found.decided_by_bounds) == (1, 2)
    # A floor on a size that nobody knows leaves the second open.
    sizes = frame([[NAN, NAN, NAN, 50.0]])
    floored = presence(quotients, lower=lower, upper=upper, sizes=sizes, minimum_size=10)
    np.testing.assert_equal(floored.matrix.to_numpy(), [[0.0, NAN, NAN, 1.0]])


def test_a_known_quotient_is_not_moved_by_bounds_beside_it():
    found = presence(frame([[2.0]]), lower=frame([[0.0]]), upper=frame([[0.5]]))
    assert (found.matrix.iloc[0, 0], found.decided_by_bounds) == (1.0, 0)


def test_sizes_and_states_are_matched_by_label():
    quotients, sizes = frame([[2.0, 2.0], [2.0, 0.1]]), frame([[1, 20], [30, 40]])
    expected = presence(quotients, sizes=sizes, minimum_size=10).matrix
    again = presence(quotients, sizes=sizes.iloc[::-1, ::-1], minimum_size=10).matrix
    pd.testing.assert_frame_equal(again, expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: presence(frame([[-1.0]])), "R00 × C00 holds -1.0"),
        (lambda: presence(frame([[np.inf]])), "R00 × C00 holds inf"),
        (lambda: presence(frame([["much"]])), "a cell is not a number"),
        (lambda: presence(pd.DataFrame()), "0 × 0 holds nothing"),
        (lambda: presence(pd.DataFrame([[1, 1]], columns=["C", "C"])), "'C' appears more than once"),
        (lambda: presence(frame([[1.0]]), threshold=0), "threshold"),
        (lambda: presence(frame([[1.0]]), minimum_size=5), "floor of 5 cannot be applied"),
        (lambda: presence(frame([[1.0]]), sizes=frame([[1, 2]])), "C01 is not once in both"),
        (lambda: presence(frame([[1.0]]), states=frame([["secret"]])), "'secret', no cell state"),
        (
            lambda: presence(frame([[NAN]]), lower=frame([[2.0]]), upper=frame([[1.0]])),
            "R00 × C00 is at least 2 and at most 1",
        ),
        (lambda: without_unknown(frame([[1.0]]), drop="all"), "'all' is no rule"),
        (lambda: without_unknown(frame([[NAN, 1.0]]), drop="regions"), "no line is without one of the 1"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(call, message):
    with pytest.raises(BenchmarkInputError, match=message):
        call()


def test_no_measure_takes_an_unknown_cell_for_anything():
    with pytest.raises(PresenceUnknown, match=r"2 cells are unknown, the first is R00 × C01"):
        complexity(frame([[1.0, NAN], [NAN, 1.0]]))


def test_a_line_left_out_early_comes_back_when_its_unknown_cells_are_gone():
    """R02 goes first, for three unknown cells of four; then all that it hides is left out for the others."""
    M = frame([[1, NAN, NAN, 0], [0, 1, 1, NAN], [1, NAN, NAN, NAN]])
    kept = without_unknown(M)
    assert (kept.dropped_regions, kept.dropped_activities) == ((), ("C01", "C02", "C03"))


@given(three_valued)
def test_nothing_without_an_unknown_cell_stays_out(M):
    try:
        kept = without_unknown(M)
    except BenchmarkInputError:
        return
    inside = M.loc[list(kept.dropped_regions), kept.matrix.columns]
    assert inside.isna().any(axis=1).all()
    across = M.loc[kept.matrix.index, list(kept.dropped_activities)]
    assert across.isna().any(axis=0).all()


def test_whole_lines_are_dropped_by_the_rule_that_was_asked_for():
    M = frame([[1, NAN, 0], [1, NAN, 1], [0, 1, 1]])
    assert without_unknown(M, drop="regions").dropped_regions == ("R00", "R01")
    assert without_unknown(M, drop="activities").dropped_activities == ("C01",)
    fewest = without_unknown(M)
    assert (fewest.dropped_regions, fewest.dropped_activities, fewest.unknown_cells) == ((), ("C01",), 2)


@given(three_valued, st.integers(0, 2**32 - 1))
def test_what_is_left_is_known_unchanged_and_independent_of_the_order(M, seed):
    try:
        kept = without_unknown(M)
    except BenchmarkInputError:
        with pytest.raises(BenchmarkInputError):
            without_unknown(shuffled(M, seed))
        return
    pd.testing.assert_frame_equal(kept.matrix, M.loc[kept.matrix.index, kept.matrix.columns])
    assert not kept.matrix.isna().to_numpy().any()
    assert len(kept.matrix.index) + len(kept.dropped_regions) == len(M.index)
    again = without_unknown(shuffled(M, seed))
    assert set(again.dropped_regions) == set(kept.dropped_regions)
    assert set(again.dropped_activities) == set(kept.dropped_activities)


def test_both_assumptions_enclose_what_they_give_and_agree_without_unknown_cells():
    M = random_presence(12, 8)
    spread = spread_over_unknown(M, lambda known: complexity(known).eci)
    pd.testing.assert_frame_equal(spread.lower, spread.upper)
    assert spread.unknown_cells == 0
    M.iloc[3, 2] = NAN
    spread = spread_over_unknown(M, lambda known: complexity(known).eci)
    known = [complexity(M.fillna(assumed)).eci for assumed in (0.0, 1.0)]
    pd.testing.assert_series_equal(spread.if_absent["eci"], known[0])
    pd.testing.assert_series_equal(spread.if_present["eci"], known[1])
    assert (spread.lower <= spread.upper).to_numpy().all()
    assert (spread.lower < spread.upper).to_numpy().any()


def test_a_measure_that_labels_its_results_differently_is_refused():
    with pytest.raises(BenchmarkInputError, match="the two results have different labels"):
        spread_over_unknown(frame([[NAN, 1.0]]), lambda known: known.loc[:, known.any()].sum())


def test_the_array_is_in_the_order_of_the_labels_and_the_input_untouched():
    M = pd.DataFrame([[1, 0], [1, 1]], index=["B", "A"], columns=["Z", "Y"])
    before = M.copy()
    matrix = presence_matrix(M)
    assert matrix.regions.tolist() == ["A", "B"]
    assert matrix.present.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    pd.testing.assert_frame_equal(M, before)


@pytest.mark.parametrize("value", [2, -1, 0.5, np.inf])
def test_only_ones_and_zeros_are_a_matrix_of_presence(value):
    with pytest.raises(BenchmarkInputError, match="R00 × C00 holds"):
        presence_matrix(frame([[value, 1.0]]))


def test_booleans_and_nullable_booleans_are_ones_and_zeros():
    M = frame([[True, False], [True, True]])
    expected = presence_matrix(M.astype(float)).present.tolist()
    assert presence_matrix(M).present.tolist() == expected
    assert presence_matrix(M.astype("boolean")).present.tolist() == expected
    assert presence_matrix(M.astype("Int8")).present.tolist() == expected
