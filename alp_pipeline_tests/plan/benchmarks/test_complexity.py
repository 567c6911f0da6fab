"""The asset of complexity on six regions: what rests on hidden cells, and which end of the scale is up."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan.benchmarks.complexity import complexity_stage
from alp_pipeline.plan.benchmarks.complexity_runs import correlation, neutral_anchor
from alp_pipeline_tests.plan.benchmark_inputs import DOCUMENT, activity, employment, indicator, region, run

UNITS = ["AT21", "AT22", "AT31", "AT32", "AT33", "AT34"]
DIVISIONS = ["C10", "C28", "I55", "J62", "M70"]
PRESENT = pd.DataFrame(
    [[1, 0, 1, 0, 1], [1, 1, 0, 0, 1], [0, 1, 0, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0]],
    index=UNITS,
    columns=DIVISIONS,
)
"""1000 persons where present and 100 where not; the quotients are then above and below 1."""
HIDDEN = ("AT22", "J62")
GDP = dict(zip(UNITS, [20_000, 24_000, 40_000, 30_000, 21_000, 42_000], strict=True))


def jobs(year: int = 2014, units=UNITS, present=PRESENT, hidden=(HIDDEN,)) -> list[dict]:
    """Divisions, the sections that they add up to, and the country; only the division's cell is hidden."""
    persons = 100 + 900 * present.loc[list(units)]
    rows = [
        employment(
            code, name, year, "confidential" if (code, name) in hidden else int(persons.loc[code, name])
        )
        for code in units
        for name in DIVISIONS
    ]
    whole = {code: persons.loc[code] for code in units} | {"AT": persons.sum()}
    for code, total in whole.items():
        sections = total.groupby(total.index.str[0]).sum()
        rows += [employment(code, name, year, int(value)) for name, value in sections.items()]
    return rows + [employment("AT", name, year, int(persons[name].sum())) for name in DIVISIONS]


def computed(folder, cells, gdp=GDP, gdp_year=2014):
    return run(
        folder,
        complexity_stage(load_catalog(), {DOCUMENT: "2017-07-31"}),
        {
            "fct_indicator": [
                indicator("gdp_per_head_pps", code, gdp_year, value) for code, value in gdp.items()
            ],
            "fct_regional_activity": cells,
            "dim_region": [*(region(code) for code in UNITS), region("AT", 0)],
            "dim_activity": [activity(code) for code in [*DIVISIONS, "C", "I", "J", "M"]],
        },
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), jobs())


def rows_of(whole, table: str, **keys) -> list[dict]:
    keys = ({"perimeter_id": "eusalp_2016plus"} if "perimeter_id" in whole[1][table][0] else {}) | keys
    return [row for row in whole[1][table] if all(row[key] == value for key, value in keys.items())]


def regions(whole) -> dict[str, dict]:
    return {row["region_code"]: row for row in rows_of(whole, "bench_complexity_region")}


def naive_eci(present: pd.DataFrame, gdp=GDP) -> pd.Series:
    """ECI straight from its definition: the second eigenvector of D⁻¹ M U⁻¹ Mᵀ, as it is not symmetric."""
    m = present.to_numpy(dtype=float)
    spread = (m / m.sum(axis=1, keepdims=True)) @ (m / m.sum(axis=0)).T
    values, vectors = np.linalg.eig(spread)
    second = vectors[:, np.argsort(-values.real)[1]].real
    if np.corrcoef(second, [gdp[code] for code in present.index])[0, 1] < 0:
        second = -second
    return pd.Series((second - second.mean()) / second.std(), present.index)


def filled(value: int) -> pd.DataFrame:
    matrix = PRESENT.copy()
    matrix.loc[HIDDEN] = value
    return matrix


def naive_proximity(present: pd.DataFrame) -> pd.DataFrame:
    def one(a: str, b: str) -> float:
        both = (present[a] * present[b]).sum()
        return 0.0 if a == b else both / max(present[a].sum(), present[b].sum())

    return pd.DataFrame([[one(a, b) for b in present] for a in present], present.columns, present.columns)


def test_a_point_is_that_of_the_matrix_without_the_region_that_hides_a_cell(whole) -> None:
    expected = naive_eci(PRESENT.drop(index="AT22"))
    found = regions(whole)
    for code, value in expected.items():
        assert found[code]["eci"] == pytest.approx(value, abs=1e-9)
        assert found[code]["eci_state"] == "reported"
        assert (found[code]["basis_regions"], found[code]["basis_activities"]) == (5, 5)


def test_the_interval_is_of_all_three_treatments_of_the_hidden_cell(whole) -> None:
    runs = [naive_eci(PRESENT.drop(index="AT22")), naive_eci(filled(0)), naive_eci(filled(1))]
    for code, row in regions(whole).items():
        if code in UNITS:
            values = [values[code] for values in runs if code in values]
            assert row["eci_low"] == pytest.approx(min(values), abs=1e-9)
            assert row["eci_high"] == pytest.approx(max(values), abs=1e-9)


def test_a_region_that_hides_a_cell_has_an_interval_and_no_point_and_no_rank(whole) -> None:
    row = regions(whole)["AT22"]
    assert (row["eci"], row["eci_state"], row["rank"]) == (None, "undetermined", None)
    assert row["eci_low"] < row["eci_high"]
    assert (row["outlook"], row["fitness"]) == (None, None)
    # What is known of it is said: three divisions, and one of which nobody knows.
    assert (row["diversity"], row["unknown_cells"]) == (3, 1)


def test_a_unit_without_data_is_listed_and_not_available(whole) -> None:
    found = regions(whole)
    assert len(found) == 43
    row = found["CH07"]
    assert (row["eci_state"], row["eci_low"], row["diversity"]) == ("not_available", None, None)
    cells = rows_of(whole, "bench_opportunity", region_code="CH07")
    assert {(cell["presence"], cell["density_state"], cell["rank"]) for cell in cells} == {
        ("unknown", "not_available", None)
    }


def test_ranks_are_of_points_within_the_perimeter(whole) -> None:
    points = {code: row for code, row in regions(whole).items() if row["eci"] is not None}
    order = sorted(points, key=lambda code: -points[code]["eci"])
    assert [points[code]["rank"] for code in order] == [1, 2, 3, 4, 5]
    assert {row["ranked_count"] for row in points.values()} == {5}


def test_gdp_per_head_decides_which_end_is_up_and_diversity_does_not(whole, tmp_path) -> None:
    upside_down = computed(tmp_path, jobs(), gdp={code: 60_000 - value for code, value in GDP.items()})
    for code, row in regions(whole).items():
        other = regions(upside_down)[code]
        if row["eci"] is not None:
            assert other["eci"] == -row["eci"]
            assert other["diversity_correlation"] == pytest.approx(-row["diversity_correlation"])
        assert row["anchor_correlation"] > 0
        assert other["anchor_correlation"] > 0


def test_both_correlations_are_those_of_the_points(whole) -> None:
    kept = PRESENT.drop(index="AT22")
    eci = naive_eci(kept)
    row = regions(whole)["AT21"]
    assert row["anchor_correlation"] == pytest.approx(np.corrcoef(eci, [GDP[c] for c in eci.index])[0, 1])
    assert row["diversity_correlation"] == pytest.approx(np.corrcoef(eci, kept.sum(axis=1))[0, 1])


def test_without_gdp_the_sign_is_diversity_s_and_that_is_said(tmp_path) -> None:
    row = regions(computed(tmp_path, jobs(), gdp={}))["AT21"]
    assert row["anchor_correlation"] is None
    assert row["diversity_correlation"] > 0
    assert "sign by diversity;" in row["method"]


def test_gdp_of_a_later_year_is_not_taken(tmp_path) -> None:
    row = regions(computed(tmp_path, jobs(), gdp_year=2015))["AT21"]
    assert row["anchor_correlation"] is None


def test_the_method_names_the_year_of_the_anchor_and_the_documents_behind_it(tmp_path) -> None:
    row = regions(computed(tmp_path, jobs(), gdp_year=2012))["AT21"]
    assert "sign by gdp_per_head_pps of 2012;" in row["method"]
    assert (row["document_ids"], str(row["as_of_date"])) == (DOCUMENT, "2017-07-31")
    assert row["universe"].startswith("6 NUTS 2 units")


def test_a_region_without_an_anchor_has_no_say_in_the_sign() -> None:
    gdp = pd.Series(GDP).drop("AT34")
    eci = naive_eci(PRESENT)
    complete = neutral_anchor(gdp, PRESENT)
    assert complete is not None
    assert complete["AT34"] == gdp.mean()
    centred = complete - complete.mean()
    known = eci[gdp.index]
    assert (eci * centred).sum() == pytest.approx((known * (gdp - gdp.mean())).sum())
    assert correlation(eci, gdp.reindex(eci.index)) == pytest.approx(np.corrcoef(known, gdp)[0, 1])


def test_an_anchor_of_two_regions_or_of_equal_numbers_is_none() -> None:
    assert neutral_anchor(pd.Series(GDP).iloc[:2], PRESENT) is None
    assert neutral_anchor(pd.Series(1.0, UNITS), PRESENT) is None


def test_a_region_s_index_is_the_mean_of_its_activities(whole) -> None:
    pci = {row["activity_code"]: row["pci"] for row in rows_of(whole, "bench_complexity_activity")}
    for code in PRESENT.index.drop("AT22"):
        has = [pci[name] for name in DIVISIONS if PRESENT.loc[code, name]]
        assert regions(whole)[code]["eci"] == pytest.approx(sum(has) / len(has), abs=1e-9)


def test_ubiquity_counts_known_presence_and_what_is_unknown_stands_beside(whole) -> None:
    found = {row["activity_code"]: row for row in rows_of(whole, "bench_complexity_activity")}
    assert "perimeter_id" not in found["J62"]
    assert [(found[name]["ubiquity"], found[name]["unknown_cells"]) for name in ("J62", "C28")] == [
        (2, 1),
        (4, 0),
    ]


def test_every_pair_of_activities_stands_once_with_its_proximity(whole) -> None:
    rows = rows_of(whole, "bench_relatedness")
    assert len(rows) == 10
    point, absent, present = (
        naive_proximity(matrix) for matrix in (PRESENT.drop(index="AT22"), filled(0), filled(1))
    )
    for row in rows:
        a, b = row["activity_code"], row["other_activity_code"]
        assert a < b
        assert row["co_occurrences"] == (filled(0)[a] * filled(0)[b]).sum()
        values = [frame.loc[a, b] for frame in (point, absent, present)]
        assert row["proximity"] == pytest.approx(values[0])
        assert (row["proximity_low"], row["proximity_high"]) == pytest.approx((min(values), max(values)))


def test_density_is_the_share_of_relatedness_that_a_region_has(whole) -> None:
    kept = PRESENT.drop(index="AT22")
    phi = naive_proximity(kept)
    density = 100 * (kept @ phi) / phi.sum()
    for row in rows_of(whole, "bench_opportunity"):
        if row["region_code"] in kept.index:
            expected = density.loc[row["region_code"], row["activity_code"]]
            assert row["relatedness_density_pct"] == pytest.approx(expected)


def test_only_activities_that_a_region_lacks_are_opportunities(whole) -> None:
    cells = rows_of(whole, "bench_opportunity", region_code="AT21")
    assert {cell["activity_code"]: cell["presence"] for cell in cells} == {
        "C10": "present", "C28": "absent", "I55": "present", "J62": "absent", "M70": "present"
    }  # fmt: skip
    lacking = sorted((c for c in cells if c["presence"] == "absent"), key=lambda c: c["rank"])
    assert [cell["rank"] for cell in lacking] == [1, 2]
    assert lacking[0]["relatedness_density_pct"] > lacking[1]["relatedness_density_pct"]
    assert all((c["rank"], c["gain"]) == (None, None) for c in cells if c["presence"] == "present")
    assert all(cell["gain"] is not None for cell in lacking)


def test_a_hidden_cell_is_never_present_or_absent_nor_an_opportunity(whole) -> None:
    [cell] = rows_of(whole, "bench_opportunity", region_code="AT22", activity_code="J62")
    assert (cell["presence"], cell["relatedness_density_pct"], cell["rank"]) == ("unknown", None, None)
    assert cell["density_state"] == "undetermined"
    assert cell["density_low_pct"] is not None


def test_a_hidden_cell_does_not_act_as_zero(whole, tmp_path) -> None:
    zero = [
        row | {"employment_persons": 0.0, "employment_state": "reported"}
        if (row["region_code"], row["activity_code"]) == HIDDEN
        else row
        for row in jobs()
    ]
    row = regions(computed(tmp_path, zero))["AT22"]
    assert (row["eci_state"], row["unknown_cells"]) == ("reported", 0)
    assert row["eci"] == row["eci_low"] == row["eci_high"] == pytest.approx(naive_eci(filled(0))["AT22"])
    assert regions(whole)["AT22"]["eci"] is None


def test_a_handful_of_persons_is_no_presence_whatever_the_quotient(tmp_path) -> None:
    # One small division in a tiny region: a quotient above 1 from 40 persons.
    cells = [
        row | {"employment_persons": 0.04 * row["employment_persons"]}
        if row["region_code"] == "AT34"
        else row
        for row in jobs()
    ]
    found = computed(tmp_path, cells)
    presences = {c["presence"] for c in rows_of(found, "bench_opportunity", region_code="AT34")}
    assert presences == {"absent"}
    row = regions(found)["AT34"]
    assert (row["eci_state"], row["diversity"], row["eci_low"]) == ("not_applicable", 0, None)


def test_the_newest_year_that_enough_regions_have_is_taken(tmp_path) -> None:
    few, enough = jobs(2015, units=UNITS[:3]), jobs(2015, units=UNITS[:5], hidden=())
    [year] = {row["year"] for row in computed(tmp_path / "few", [*jobs(), *few])[1]["bench_relatedness"]}
    assert year == 2014
    tables = computed(tmp_path / "enough", [*jobs(), *enough])[1]
    assert {row["year"] for rows in tables.values() for row in rows} == {2015}
    # A unit that the year lacks is listed without a figure, not filled from another year.
    [absent] = [row for row in tables["bench_complexity_region"]
                if (row["perimeter_id"], row["region_code"]) == ("eusalp_2016plus", "AT34")]  # fmt: skip
    assert (absent["eci_state"], absent["eci_low"]) == ("not_available", None)


def test_a_structure_in_two_parts_is_refused_with_the_reason_and_no_rows(tmp_path) -> None:
    parts = PRESENT.copy()
    parts.loc[:, :] = 0
    parts.loc[UNITS[:3], ["C10", "C28"]] = 1
    parts.loc[UNITS[3:], ["I55", "J62", "M70"]] = 1
    record, tables = computed(tmp_path, jobs(present=parts, hidden=()))
    assert all(rows == [] for rows in tables.values())
    [said] = [o for o in record.outcomes if o.rule_id == "structure_is_determined"]
    assert (said.outcome, said.severity) == ("failed", "warning")
    assert "hidden cells left out" in said.detail
    assert record.facts["refused"] == said.detail


def test_without_employment_the_tables_have_no_row(tmp_path) -> None:
    record, tables = computed(tmp_path, [])
    assert all(rows == [] for rows in tables.values())
    assert not [o for o in record.outcomes if o.outcome != "passed" and o.severity == "critical"]


def test_the_tables_keep_their_declared_rules(whole) -> None:
    assert [o for o in whole[0].outcomes if o.is_failure] == []
