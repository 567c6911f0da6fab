"""The asset of neighbourhoods: Friuli-Venezia Giulia with Carinthia, Veneto and western Slovenia."""

from fractions import Fraction

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan.benchmarks.neighbourhood import PERMUTATIONS, SEED, neighbourhood_stage
from alp_pipeline_tests.plan.benchmark_inputs import activity, employment, region, run

PERSONS = {
    "ITH4": {"C31": 600, "I55": 400},
    "AT21": {"C31": 200, "I55": 800},
    "ITH3": {"C31": 700, "I55": 1300},
    "SI04": {"C31": 100, "I55": 400},
    "AT33": {"C31": 100, "I55": 900},
}
"""ITH4 borders on the next three; AT33 on AT21, and on ITH3 by East Tyrol."""
NEIGHBOURS = {
    "ITH4": ["AT21", "ITH3", "SI04"],
    "AT21": ["ITH4", "ITH3", "SI04", "AT33"],
    "ITH3": ["ITH4", "AT21", "AT33"],
    "SI04": ["ITH4", "AT21"],
    "AT33": ["AT21", "ITH3"],
}
HIDDEN = {"employment_persons": None, "employment_state": "confidential"}


def jobs(persons=PERSONS) -> list[dict]:
    """Divisions, their sections, and the countries' own rows."""
    rows, countries = [], {}
    for code, cells in persons.items():
        for name, value in cells.items():
            rows += [employment(code, name, 2014, value), employment(code, name[0], 2014, value)]
            total = countries.setdefault(code[:2], dict.fromkeys(cells, 0))
            total[name] += value
    for code, cells in countries.items():
        for name, value in cells.items():
            rows += [employment(code, name, 2014, value), employment(code, name[0], 2014, value)]
    return rows


def without(rows: list[dict], code: str, name: str) -> list[dict]:
    """The division's cell hidden; its section stays."""
    return [
        row | HIDDEN if (row["region_code"], row["activity_code"]) == (code, name) else row for row in rows
    ]


def computed(folder, cells):
    return run(
        folder,
        neighbourhood_stage(load_catalog(), {}),
        {
            "fct_regional_activity": cells,
            "dim_region": [
                *(region(code) for code in PERSONS),
                *(region(code, 0) for code in ("AT", "IT", "SI")),
            ],
            "dim_activity": [activity(code) for code in ("C31", "I55", "C", "I")],
        },
    )


def cell(found, code: str, name: str, perimeter: str = "eusalp_2016plus") -> dict:
    [row] = [
        row
        for row in found[1]["bench_neighbourhood"]
        if (row["perimeter_id"], row["region_code"], row["activity_code"]) == (perimeter, code, name)
    ]
    return row


def association(found, name: str, perimeter: str = "eusalp_2016plus") -> dict:
    [row] = [
        row
        for row in found[1]["bench_spatial_association"]
        if (row["perimeter_id"], row["activity_code"]) == (perimeter, name)
    ]
    return row


def quotient(codes, name: str) -> float:
    """(Σ x_sc / Σ x_s) / (x_c / x) in exact fractions."""
    part = Fraction(sum(PERSONS[c][name] for c in codes), sum(sum(PERSONS[c].values()) for c in codes))
    return float(part / Fraction(sum(p[name] for p in PERSONS.values()), 5500))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), jobs())


def test_a_quotient_pools_a_region_with_its_neighbours_across_borders(whole) -> None:
    row = cell(whole, "ITH4", "C31")
    assert row["location_quotient"] == quotient(["ITH4", *NEIGHBOURS["ITH4"]], "C31")
    assert row["location_quotient_state"] == "reported"
    assert row["published_quotient"] == row["location_quotient"]
    assert (row["pooled_regions"], row["surroundings"]) == (4, 4)


def test_a_hidden_neighbour_leaves_the_quotient_undetermined_and_the_published_one_without_it(
    tmp_path,
) -> None:
    row = cell(computed(tmp_path, without(jobs(), "SI04", "C31")), "ITH4", "C31")
    assert (row["location_quotient"], row["location_quotient_state"]) == (None, "undetermined")
    assert row["published_quotient"] == quotient(["ITH4", "AT21", "ITH3"], "C31")
    assert (row["pooled_regions"], row["surroundings"]) == (3, 4)


def test_a_region_s_own_hidden_cell_gives_no_quotient_of_any_kind(tmp_path) -> None:
    found = computed(tmp_path, without(jobs(), "ITH4", "C31"))
    row = cell(found, "ITH4", "C31")
    assert (row["location_quotient"], row["location_quotient_state"]) == (None, "confidential")
    assert (row["published_quotient"], row["pooled_regions"]) == (None, 0)
    assert cell(found, "ITH4", "I55")["location_quotient_state"] == "reported"


def test_a_neighbour_without_data_is_not_available_and_not_hidden(tmp_path) -> None:
    cells = without([row for row in jobs() if row["region_code"] != "ITH3"], "SI04", "C31")
    row = cell(computed(tmp_path, cells), "ITH4", "C31")
    assert (row["location_quotient"], row["location_quotient_state"]) == (None, "not_available")
    assert (row["pooled_regions"], row["surroundings"]) == (2, 4)


def test_a_unit_without_data_is_listed(whole) -> None:
    row = cell(whole, "CH07", "C31")
    assert (row["location_quotient_state"], row["published_quotient"]) == ("not_available", None)
    rows = [row for row in whole[1]["bench_neighbourhood"] if row["perimeter_id"] == "eusalp_2016plus"]
    assert len(rows) == 43 * 2


def test_where_not_every_neighbour_is_listed_the_surroundings_are_not_known(whole) -> None:
    row = cell(whole, "FRF1", "C31", "alpine_space_2021_2027")
    assert (row["surroundings"], row["pooled_regions"]) == (None, 0)
    assert (row["location_quotient_state"], row["published_quotient"]) == ("not_available", None)


def test_morans_i_is_that_of_the_definition(whole) -> None:
    z = {code: quotient([code], "C31") for code in PERSONS}
    mean = sum(z.values()) / 5
    z = {code: value - mean for code, value in z.items()}
    cross = sum(z[code] * sum(z[n] for n in near) / len(near) for code, near in NEIGHBOURS.items())
    row = association(whole, "C31")
    # Row-standardised weights sum to the number of regions.
    assert row["morans_i"] == pytest.approx(cross / sum(value**2 for value in z.values()))
    assert row["expected"] == -0.25
    assert (row["units"], row["unknown_cells"]) == (5, 38)
    assert (row["permutations"], row["seed"]) == (PERMUTATIONS, SEED)
    assert 0 < row["p_value"] <= 1


def test_a_hidden_region_takes_no_part_in_the_association_and_is_counted(tmp_path) -> None:
    row = association(computed(tmp_path, without(jobs(), "SI04", "C31")), "C31")
    assert (row["units"], row["unknown_cells"], row["morans_i_state"]) == (4, 39, "reported")


def test_three_regions_are_too_few_for_an_association(tmp_path) -> None:
    cells = without(without(jobs(), "SI04", "C31"), "AT33", "C31")
    row = association(computed(tmp_path, cells), "C31")
    assert (row["morans_i"], row["morans_i_state"], row["units"]) == (None, "not_available", 3)


def test_equal_quotients_have_no_pattern(tmp_path) -> None:
    alike = {code: {"C31": 100, "I55": 300} for code in PERSONS}
    row = association(computed(tmp_path, jobs(alike)), "C31")
    assert (row["morans_i"], row["morans_i_state"], row["units"]) == (None, "not_applicable", 5)


def test_the_same_cells_give_the_same_p_values(whole, tmp_path) -> None:
    again = computed(tmp_path, jobs())
    assert again[1] == whole[1]


def test_without_employment_the_tables_have_no_row(tmp_path) -> None:
    record, tables = computed(tmp_path, [])
    assert all(rows == [] for rows in tables.values())
    assert not [o for o in record.outcomes if o.is_failure and o.severity == "critical"]


def test_the_tables_keep_their_declared_rules(whole) -> None:
    assert [o for o in whole[0].outcomes if o.is_failure] == []
