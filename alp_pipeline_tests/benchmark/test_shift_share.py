"""Shift-share closes to the last bit, and says why where there is nothing to decompose."""

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.shift_share import VARIANTS, closing, shift_share, sum_by_region

TERMS = {
    "classic": ["national_share", "industry_mix", "regional_shift", "entry"],
    "esteban_marquillas": [
        "national_share",
        "industry_mix",
        "competitive_effect",
        "allocation_effect",
        "entry",
    ],
}
TERMS |= {
    f"dynamic{'_' * (name != 'classic')}{name.removeprefix('classic')}": TERMS[name] for name in list(TERMS)
}

counts = arrays(
    np.int64,
    st.tuples(st.integers(1, 3), st.just(3), st.integers(1, 4)),
    elements=st.one_of(st.integers(0, 3), st.integers(0, 10**6)),
)


def table(cube: np.ndarray, flags: dict[tuple[str, int, str], str] | None = None) -> ActivityTable:
    """Regions × years × activities, "c" for confidential; years from 2012 on."""
    regions, years, activities = np.shape(cube)
    index = pd.MultiIndex.from_product(
        [[f"R{n}" for n in range(regions)], range(2012, 2012 + years)], names=["region", "year"]
    )
    cells = pd.DataFrame(
        np.asarray(cube, dtype=object).reshape(-1, activities),
        index=index,
        columns=[f"C{n}" for n in range(activities)],
    )
    states = cells.map(lambda cell: {"c": "confidential", None: "not_available"}.get(cell, "reported"))
    letters = cells.map(lambda _: "")
    for (region, year, activity), letter in (flags or {}).items():
        letters.loc[(region, year), activity] = letter
    return ActivityTable.of(cells.where(states == "reported").astype(float), states=states, flags=letters)


def decompose(cube: np.ndarray, variant: str = "classic", **other: object) -> pd.DataFrame:
    last = 2012 + np.shape(cube)[1] - 1
    return shift_share(table(cube), first_year=2012, last_year=last, variant=variant, **other)


def naive(cube: np.ndarray, variant: str) -> dict[tuple[int, int], list[Fraction]]:
    """Terms of every cell in exact fractions, entry last; cells whose reference starts from zero left out."""
    found = {}
    years = range(cube.shape[1] - 1) if variant.startswith("dynamic") else [0]
    ends = (lambda t: t + 1) if variant.startswith("dynamic") else (lambda t: cube.shape[1] - 1)
    for r in range(cube.shape[0]):
        for c in range(cube.shape[2]):
            total = [Fraction(0)] * len(TERMS[variant])
            for t in years:
                base, end = int(cube[r, t, c]), int(cube[r, ends(t), c])
                if base == 0:
                    total[-1] += end
                    continue
                e, e1 = (Fraction(int(cube[:, y].sum())) for y in (t, ends(t)))
                ec, ec1 = (Fraction(int(cube[:, y, c].sum())) for y in (t, ends(t)))
                growth, growth_c, growth_rc = (e1 - e) / e, (ec1 - ec) / ec, Fraction(end - base, base)
                terms = [base * growth, base * (growth_c - growth)]
                if variant.endswith("esteban_marquillas"):
                    homothetic = int(cube[r, t].sum()) * ec / e
                    terms += [
                        homothetic * (growth_rc - growth_c),
                        (base - homothetic) * (growth_rc - growth_c),
                    ]
                else:
                    terms += [base * (growth_rc - growth_c)]
                total = [a + b for a, b in zip(total, [*terms, Fraction(0)], strict=True)]
            found[r, c] = total
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=40)
@given(cube=counts)
def test_terms_add_up_to_the_change_exactly_in_any_order(variant, cube):
    found = decompose(cube, variant)
    assert (found["state"] == "reported").all()
    assert (found["change"] == found["last_value"] - found["first_value"]).all()
    for order in permutations(TERMS[variant]):
        total = np.zeros(len(found))
        for name in order:
            total = total + found[name].to_numpy()
        assert (total == found["change"]).all()
    assert all(
        math.fsum(row) == change
        for row, change in zip(found[TERMS[variant]].to_numpy(), found["change"], strict=True)
    )


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=40)
@given(cube=counts)
def test_terms_are_those_of_exact_fractions(variant, cube):
    found = decompose(cube, variant)
    scale = 1 + max(cube.max(), 1) * 1.0
    for (r, c), terms in naive(cube, variant).items():
        row = found.iloc[r * cube.shape[2] + c]
        got = [row[name] for name in TERMS[variant]]
        largest = max([scale, *[abs(float(term)) for term in terms]])
        np.testing.assert_allclose(got, [float(term) for term in terms], atol=1e-12 * largest, rtol=1e-9)


@given(
    arrays(np.float64, (2, 2, 3), elements=st.just(0.0) | st.floats(1e-9, 1e6)),
    st.sampled_from(VARIANTS),
)
def test_numbers_that_are_no_counts_close_too(cube, variant):
    found = decompose(cube, variant)
    given_rows = found[found["state"] == "reported"]
    assert (given_rows[TERMS[variant]].sum(axis=1) == given_rows["change"]).all()
    largest = given_rows[[*TERMS[variant], "change"]].abs().max(axis=1)
    off = (given_rows["change"] - (given_rows["last_value"] - given_rows["first_value"])).abs()
    assert (off <= 1e-15 * largest).all()


def test_a_textbook_case():
    found = decompose([[[100, 200], [150, 210]], [[300, 400], [300, 440]]]).set_index(["region", "activity"])
    # E grows from 1000 to 1100; C0 from 400 to 450, C1 from 600 to 650.
    assert found.loc[("R0", "C0"), TERMS["classic"]].tolist() == [10.0, 2.5, 37.5, 0.0]


def test_an_activity_that_comes_anew_is_entry_and_nothing_else():
    found = decompose([[[0, 200], [50, 210]], [[300, 400], [300, 440]]])
    assert found.iloc[0][["change", *TERMS["classic"]]].tolist() == [50.0, 0.0, 0.0, 0.0, 50.0]
    split = decompose([[[0, 200], [50, 210]], [[300, 400], [300, 440]]], "esteban_marquillas")
    assert split.iloc[0][["change", *TERMS["esteban_marquillas"]]].tolist() == [50.0, 0, 0, 0, 0, 50.0]


def test_the_dynamic_form_sees_the_entry_in_its_year_only():
    cube = np.array([[[0, 10], [40, 10], [60, 10]], [[100, 50], [100, 50], [110, 50]]])
    found = decompose(cube, "dynamic").iloc[0]
    assert found["entry"] == 40.0
    assert found["change"] == 60.0
    assert found["national_share"] + found["industry_mix"] + found["regional_shift"] == 20.0


def test_regional_shifts_of_an_activity_cancel_out_over_its_reference():
    found = decompose(np.arange(1, 19).reshape(3, 2, 3) ** 2)
    by_activity = found.groupby("activity")["regional_shift"].sum()
    assert by_activity.abs().max() < 1e-10


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hidden_cell_is_no_zero_and_leaves_no_number(variant):
    reference = pd.DataFrame({"C0": [400, 450, 500], "C1": [600, 650, 700]}, index=[2012, 2013, 2014])
    totals = pd.Series(300.0, index=table(np.ones((2, 3, 2))).values.index)
    hidden = [[[100, "c"], [150, 210], [150, 210]], [[300, 400], [300, 440], [300, 440]]]
    zero = [[[100, 0], [150, 210], [150, 210]], [[300, 400], [300, 440], [300, 440]]]
    found, with_zero = (
        decompose(cube, variant, reference=reference, region_totals=totals).set_index(["region", "activity"])
        for cube in (hidden, zero)
    )
    cell = found.loc[("R0", "C1")]
    assert (cell["state"], cell["note"]) == ("undetermined", "year_not_reported")
    assert cell[["change", *TERMS[variant]]].isna().all()
    assert with_zero.loc[("R0", "C1"), "entry"] == 210.0
    assert found.loc[("R0", "C0"), "state"] == "reported"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hidden_cell_in_the_own_reference_leaves_nobody_a_total(variant):
    found = decompose([[[100, "c"], [150, 210]], [[300, 400], [300, 440]]], variant)
    assert found["state"].tolist() == ["undetermined"] * 4
    assert (
        found["note"].tolist() == ["reference_not_known", "year_not_reported"] + ["reference_not_known"] * 2
    )


def test_a_break_makes_the_years_incomparable_also_for_the_reference_it_is_part_of():
    cube = [[[100, 200], [150, 210], [160, 220]], [[300, 400], [300, 440], [310, 450]]]
    broken = table(cube, {("R0", 2013, "C0"): "bp"})
    own = shift_share(broken, first_year=2012, last_year=2014)
    assert own["note"].tolist() == ["break_in_series", *["reference_not_known"] * 3]
    assert set(own["state"]) == {"not_applicable"}
    reference = pd.DataFrame({"C0": [400, 450, 500], "C1": [600, 650, 700]}, index=[2012, 2013, 2014])
    given = shift_share(broken, first_year=2012, last_year=2014, reference=reference)
    assert given["note"].tolist() == ["break_in_series", "", "", ""]
    # A break in the first year lies before the window.
    before = table(cube, {("R0", 2012, "C0"): "b"})
    assert (shift_share(before, first_year=2012, last_year=2014)["state"] == "reported").all()


def test_a_row_that_is_not_there_is_not_available():
    whole = table([[[100], [150]], [[300], [330]]])
    rows = whole.values.index[:-1]
    less = ActivityTable.of(whole.values.loc[rows], states=whole.states.loc[rows])
    reference = pd.DataFrame({"C0": [400, 480]}, index=[2012, 2013])
    found = shift_share(less, first_year=2012, last_year=2013, reference=reference)
    assert found["state"].tolist() == ["reported", "not_available"]


def test_the_reference_may_be_larger_than_the_table_and_its_total_given():
    cube = [[[100], [150]]]
    reference = pd.DataFrame({"C0": [400, 500], "C9": [600, 600]}, index=[2012, 2013])
    summed = decompose(cube, reference=reference).iloc[0]
    assert summed[TERMS["classic"]].tolist() == [10.0, 15.0, 25.0, 0.0]
    totals = pd.Series({2012: 2000.0, 2013: 2400.0})
    given = decompose(cube, reference=reference[["C0"]], reference_totals=totals).iloc[0]
    assert given[TERMS["classic"]].tolist() == [20.0, 5.0, 25.0, 0.0]


def test_a_region_has_an_activity_that_the_reference_began_without():
    reference = pd.DataFrame({"C0": [0, 50], "C1": [90, 99]}, index=[2012, 2013])
    found = decompose([[[5, 9], [6, 9]]], reference=reference)
    assert found["note"].tolist() == ["absent_from_reference", ""]
    assert found["state"].tolist() == ["not_applicable", "reported"]


def test_the_split_needs_the_regions_total():
    reference = pd.DataFrame({"C0": [400, 500], "C1": [600, 600]}, index=[2012, 2013])
    cube = [[[100, "c"], [150, "c"]]]
    found = decompose(cube, "esteban_marquillas", reference=reference)
    assert found["note"].tolist() == ["region_total_not_known", "year_not_reported"]
    totals = pd.Series(250.0, index=table(cube).values.index)
    given = decompose(cube, "esteban_marquillas", reference=reference, region_totals=totals).iloc[0]
    # HE = 250 · 400 / 1000 = 100: all of it competitive
    assert given[["competitive_effect", "allocation_effect"]].tolist() == [25.0, 0.0]


@given(counts)
def test_a_regions_sum_closes_too(cube):
    found = decompose(cube, "esteban_marquillas")
    regions = sum_by_region(found)
    assert (regions[TERMS["esteban_marquillas"]].sum(axis=1) == regions["change"]).all()
    assert regions["change"].tolist() == (cube[:, -1].sum(axis=1) - cube[:, 0].sum(axis=1)).tolist()


def test_a_region_with_a_cell_without_terms_has_no_sum():
    reference = pd.DataFrame({"C0": [400, 500], "C1": [600, 600]}, index=[2012, 2013])
    found = sum_by_region(decompose([[[100, "c"], [150, 7]], [[1, None], [1, 2]]], reference=reference))
    assert found["state"].tolist() == ["undetermined", "not_available"]
    assert found["cells_without"].tolist() == [1, 1]
    assert found[["change", "first_value", "national_share"]].isna().all(axis=None)


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=40)
@given(cube=counts, random=st.randoms(use_true_random=False))
def test_the_order_of_regions_and_activities_does_not_change_a_bit(variant, cube, random):
    cells = table(cube)
    rows, columns = list(cells.values.index), list(cells.values.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    mixed = ActivityTable.of(cells.values.loc[rows, columns])
    one, two = (
        shift_share(of, first_year=2012, last_year=2014, variant=variant)
        .sort_values(["region", "activity"])
        .reset_index(drop=True)
        for of in (cells, mixed)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_closing_leaves_counts_as_they_are_and_passes_on_what_is_missing():
    change, parts = closing(np.array([7.0, np.nan]), [np.array([1 / 3, np.nan]), np.array([0.0, np.nan])])
    assert change[0] == 7.0
    assert parts[0][0] + parts[1][0] == 7.0
    assert math.isnan(change[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first_year": 2013, "last_year": 2012}, "the window 2013-2012 is empty"),
        ({"first_year": 2012, "last_year": 2019}, "the year 2019 is absent"),
        ({"first_year": 2012, "last_year": 2013, "variant": "static"}, "the variant is 'static'"),
        (
            {"first_year": 2012, "last_year": 2013, "reference": pd.DataFrame({"C0": [1]}, index=[2012])},
            "reference: the year 2013 is absent",
        ),
    ],
)
def test_what_cannot_be_decomposed_is_refused_by_name(arguments, message):
    with pytest.raises(BenchmarkInputError, match=message):
        shift_share(table([[[100], [150]]]), **arguments)


def test_rows_without_years_are_refused():
    plain = ActivityTable.of(pd.DataFrame({"C0": [1]}, index=["A"]))
    with pytest.raises(BenchmarkInputError, match="no years"):
        shift_share(plain, first_year=2012, last_year=2013)
