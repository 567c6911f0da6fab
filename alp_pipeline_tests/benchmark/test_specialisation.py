"""The long form: every cell keeps its state, hidden cells give no number, and totals are those published."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError
from alp_pipeline.benchmark.specialisation import specialisation
from alp_pipeline.benchmark.stars import StarScheme

CELLS = pd.DataFrame(
    [
        ("AT33", "I55", 2013, 24_000, "reported", ""),
        ("AT33", "I55", 2014, 30_000, "reported", ""),
        ("AT34", "I55", 2013, 7_000, "reported", ""),
        ("AT34", "I55", 2014, None, "confidential", "b"),
        ("CH05", "I55", 2014, None, "not_available", ""),
        ("FRK1", "I55", 2013, 9_000, "reported", ""),
        ("FRK1", "I55", 2014, 9_900, "reported", "b"),
        ("FRK1", "C12", 2014, 0, "reported", "n"),
        ("AT33", "C12", 2014, 1_200, "reported", ""),
    ],
    columns=["region_code", "activity_code", "year", "value", "cell_state", "obs_status"],
)
REGION_TOTALS = pd.DataFrame(
    [
        ("AT33", 2014, 200_000, "reported", 1, 2),
        ("AT34", 2014, 120_000, "reported", 0, 0),
        ("CH05", 2014, None, "not_available", 0, 12),
        ("FRK1", 2014, None, "confidential", 12, 0),
        ("XX99", 2014, 1, "reported", 0, 0),
    ],
    columns=[
        "region_code",
        "year",
        "region_total",
        "region_total_state",
        "region_hidden_cells",
        "region_missing_cells",
    ],
)
REFERENCE = pd.DataFrame(
    [("I55", 2014, 2_500_000, 1, 125_000_000, 6), ("C12", 2014, 0, 28, 125_000_000, 6)],
    columns=[
        "activity_code",
        "year",
        "reference_activity_total",
        "reference_hidden_cells",
        "reference_total",
        "reference_total_hidden_cells",
    ],
)
NUMBERS = ["value", "location_quotient", "size_share_pct", "focus_pct", "growth_pct"]
STARS = ["star_size", "star_specialisation", "star_focus"]


def result(cells=CELLS, regions=REGION_TOTALS, reference=REFERENCE, **options):
    table = specialisation(cells, regions, reference, **options)
    return table.set_index(["region_code", "activity_code", "year"])


def test_a_reported_cell_gets_quotient_shares_and_growth_from_published_totals():
    cell = result().loc[("AT33", "I55", 2014)]
    assert cell["location_quotient"] == 7.5  # (30,000 / 200,000) / (2,500,000 / 125,000,000)
    assert cell["size_share_pct"] == 1.2
    assert cell["focus_pct"] == 15.0
    assert cell["growth_pct"] == 25.0
    assert (cell["region_total"], cell["reference_activity_total"], cell["reference_total"]) == (
        2e5,
        2.5e6,
        1.25e8,
    )


def test_what_is_hidden_within_a_total_is_counted_beside_the_quotient():
    cell = result().loc[("AT33", "I55", 2014)]
    assert (cell["region_hidden_cells"], cell["region_missing_cells"]) == (1, 2)
    assert (cell["reference_hidden_cells"], cell["reference_total_hidden_cells"]) == (1, 6)
    assert cell["reference_missing_cells"] is pd.NA  # the input does not say
    assert (cell["regions_reported"], cell["regions_confidential"]) == (2, 1)


def test_a_confidential_cell_has_no_number_anywhere_even_if_the_input_held_one():
    leaking = CELLS.assign(value=CELLS["value"].where(CELLS["cell_state"] != "confidential", 7_777))
    for cells in (CELLS, leaking):
        cell = result(cells).loc[("AT34", "I55", 2014)]
        assert cell[NUMBERS].isna().all()
        states = cell[["cell_state", "location_quotient_state", "growth_state"]]
        assert states.tolist() == ["confidential"] * 3
        assert cell[STARS].tolist() == ["undetermined"] * 3
        assert (cell["stars_min"], cell["stars_max"]) == (0, 3)


def test_replacing_a_confidential_cell_by_zero_changes_the_state_and_the_result():
    zero = CELLS.copy()
    zero.loc[3, ["value", "cell_state"]] = [0, "reported"]
    cell = result(zero).loc[("AT34", "I55", 2014)]
    assert cell["cell_state"] == "reported"
    assert cell["location_quotient"] == 0.0
    assert cell[STARS].tolist() == ["no"] * 3


def test_a_missing_cell_keeps_its_state_and_has_neither_stars_nor_their_lack():
    cell = result().loc[("CH05", "I55", 2014)]
    assert cell[["cell_state", "location_quotient_state"]].tolist() == ["not_available"] * 2
    assert cell[[*NUMBERS, *STARS, "stars_min", "stars_max"]].isna().all()


def test_without_a_region_total_the_quotient_takes_its_state_and_the_stars_stay_open():
    cell = result().loc[("FRK1", "I55", 2014)]
    assert cell["location_quotient_state"] == "confidential"
    assert cell[["location_quotient", "focus_pct", "region_total"]].isna().all()
    assert cell[["star_specialisation", "star_focus"]].tolist() == ["undetermined"] * 2


def test_a_reference_that_is_hidden_altogether_is_not_a_zero():
    cell = result().loc[("AT33", "C12", 2014)]
    assert cell["location_quotient_state"] == "confidential"
    assert cell[["location_quotient", "size_share_pct", "reference_activity_total"]].isna().all()
    assert cell["focus_pct"] == 0.6
    empty = REFERENCE.assign(reference_hidden_cells=0)
    assert result(reference=empty).loc[("AT33", "C12", 2014), "location_quotient_state"] == "not_applicable"


def test_a_year_without_totals_is_not_available():
    cell = result().loc[("AT33", "I55", 2013)]
    assert cell["location_quotient_state"] == "not_available"
    assert np.isnan(cell["location_quotient"])


def test_growth_stops_at_a_break():
    cell = result().loc[("FRK1", "I55", 2014)]
    assert cell[["growth_state", "growth_note"]].tolist() == ["not_applicable", "break_in_series"]
    assert np.isnan(cell["growth_pct"])


def test_every_cell_comes_back_once_in_the_order_of_its_key():
    table = result()
    assert len(table) == len(CELLS)
    assert table.index.is_monotonic_increasing
    assert table.index.is_unique


def test_the_order_of_the_input_rows_changes_nothing():
    expected = specialisation(CELLS, REGION_TOTALS, REFERENCE)
    for seed in range(5):
        shuffled = [table.sample(frac=1, random_state=seed) for table in (CELLS, REGION_TOTALS, REFERENCE)]
        pd.testing.assert_frame_equal(specialisation(*shuffled), expected, check_exact=True)


def test_dictionary_encoded_codes_give_the_same_table():
    coded = CELLS.astype({"region_code": "category", "cell_state": "category", "obs_status": "category"})
    pd.testing.assert_frame_equal(
        specialisation(coded, REGION_TOTALS, REFERENCE), specialisation(CELLS, REGION_TOTALS, REFERENCE)
    )


def test_a_criterion_that_the_scheme_lacks_gives_no_star_column_a_verdict():
    row = {"scheme_id": "s", "version": "1", "criterion": "specialisation", "rule": "threshold", "value": 2}
    cell = result(scheme=StarScheme.from_rows([row])).loc[("AT33", "I55", 2014)]
    assert cell["star_specialisation"] == "yes"
    assert cell[["star_size", "star_focus"]].isna().all()
    assert (cell["stars_min"], cell["stars_max"]) == (1, 1)


def test_a_focus_star_ranks_all_activities_of_the_year_together():
    cells = pd.DataFrame(
        {"region_code": "R1", "activity_code": [f"C{n}" for n in range(10, 20)], "year": 2014}
    )
    cells = cells.assign(value=range(2000, 12000, 1000), cell_state="reported", obs_status="")
    regions = REGION_TOTALS[:1].assign(region_code="R1", region_total=100_000)
    table = result(cells, regions, REFERENCE)
    assert table["star_focus"].tolist() == ["no"] * 9 + ["yes"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t[:1]]), "AT33 × I55 × 2013 appears more than once"),
        (lambda t: t.assign(cell_state="secret"), "'secret' is not a cell state"),
        (lambda t: t.assign(value=-1.0, cell_state="reported"), "AT33 × C12 × 2014 holds -1.0"),
        (lambda t: t.assign(value=np.nan, cell_state="reported"), "holds nan"),
        (lambda t: t.assign(year="2014-Q1"), "'2014-Q1' is not a year"),
        (lambda t: t.drop(columns="cell_state"), "the column cell_state is absent"),
        (lambda t: t.assign(region_code=[None, *t["region_code"][1:]]), "row 0 has no region_code"),
    ],
)
def test_cells_that_cannot_be_understood_are_refused_by_name(change, message):
    with pytest.raises(BenchmarkInputError, match=message):
        specialisation(change(CELLS), REGION_TOTALS, REFERENCE)


def test_two_totals_for_one_region_and_year_are_refused():
    with pytest.raises(BenchmarkInputError, match="region_totals: two rows share one key"):
        specialisation(CELLS, pd.concat([REGION_TOTALS, REGION_TOTALS[:1]]), REFERENCE)


def test_no_cells_give_an_empty_table_with_all_columns():
    table = specialisation(CELLS[:0], REGION_TOTALS, REFERENCE)
    assert table.empty
    assert list(table.columns) == list(specialisation(CELLS, REGION_TOTALS, REFERENCE).columns)


def test_the_six_states_are_those_of_the_warehouse():
    from alp_pipeline.observations.schema import CELL_STATES as WAREHOUSE_STATES

    assert CELL_STATES == WAREHOUSE_STATES


def test_the_benchmark_needs_neither_database_nor_catalogue_nor_dagster():
    code = (
        "import sys, alp_pipeline.benchmark.specialisation, alp_pipeline.benchmark.totals;"
        "strangers = {'sqlalchemy', 'dagster', 'duckdb', 'scipy', 'alp_pipeline.catalog'};"
        "print(sorted(strangers & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
