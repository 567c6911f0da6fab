"""The real documents through the whole pipeline: what people who know the regions expect."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from alp_pipeline.benchmark.composite.links import links
from alp_pipeline_tests.integration.conftest import DataFolder

pytestmark = pytest.mark.slow

IN_2014 = """SELECT {columns} FROM bench_specialisation
    WHERE perimeter_id = 'eusalp_2016plus' AND reference_territory_id = '{reference}'
      AND variable = 'persons_employed' AND year = 2014"""


def competitiveness_index(realdata: Path, beside: Path) -> Path:
    """The Commission's table as a folder that can be imported: a file and its manifest."""
    content = (realdata / "composite" / "rci_2010_2019.csv").read_bytes()
    made = beside.with_name(f"{beside.name}_rci")
    made.mkdir()
    (made / "rci.csv").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (made / "manifest.csv").write_text(
        "path,source,dataset,format,accessed_on_or_commit_date,licence,sha256,bytes\n"
        "rci.csv,european_commission,rci_2010_2019,csv,2020-09-22,European Commission reuse,"
        f"{digest},{len(content)}\n"
    )
    return made


@pytest.fixture(scope="module")
def folder(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    folder = DataFolder(tmp_path_factory.mktemp("real"))
    assert folder.alp("archive", "import", str(realdata)).returncode == 0
    assert folder.alp("archive", "import", str(competitiveness_index(realdata, folder.path))).returncode == 0
    code, answer = folder.refresh()
    assert (code, answer["outcome"], answer["failures"]) == (0, "published", [])
    return folder


@pytest.mark.parametrize("reference", ["eu28", "eu27_2020"])
@pytest.mark.parametrize(
    ("region", "activity"),
    [("AT33", "I55"), ("ITH1", "I55"), ("ITH4", "C31"), ("FRK1", "C22"), ("AT34", "C13"), ("ITH3", "C15")],
)
def test_the_leading_specialisation_is_the_one_that_is_known(
    folder: DataFolder, reference: str, region: str, activity: str
) -> None:
    rows = folder.query(
        IN_2014.format(columns="activity_code", reference=reference)
        + f" AND region_code = '{region}' AND value >= 1000 ORDER BY location_quotient DESC LIMIT 1"
    )
    assert rows == [{"activity_code": activity}]


def test_the_cell_accounting_closes_for_every_document_that_is_read(folder: DataFolder) -> None:
    rows = folder.query(
        """SELECT dataset_code, series_count AS series, period_count AS periods, quarantined_count AS aside,
                  (SELECT count(*) FROM obs_current o WHERE o.document_id = d.document_id) AS in_states
           FROM dim_document d WHERE standing = 'in use' ORDER BY 1"""
    )
    # Eurostat's eleven bulk files, ISTAT's population by region, a table that lacks rows of some editions.
    assert len(rows) == 13
    (listed,) = (row for row in rows if row["dataset_code"] == "rci_2010_2019")
    assert (listed["in_states"], listed["aside"]) == (1_133, 0)
    for row in rows:
        if row is listed:
            continue
        assert row["series"] * row["periods"] == row["in_states"] + row["aside"], row
    (sbs,) = (row for row in rows if row["dataset_code"] == "sbs_r_nuts06_r2")
    assert (sbs["series"], sbs["periods"]) == (195_227, 8)


def test_visible_regions_do_not_stand_in_for_country_rows(folder: DataFolder) -> None:
    """In 2014 the visible NUTS-2 regions hold 25 % of C12 and 87 % of C21."""
    rows = folder.query(
        """SELECT nace_r2, 100 * sum(value) FILTER (WHERE nuts_level = 2)
                                / sum(value) FILTER (WHERE nuts_level = 0) AS pct
           FROM obs_current JOIN dim_region ON geo = region_code
           WHERE dataset_id = 'eurostat.sbs_r_nuts06_r2' AND indic_sb = 'V16110' AND time_period = '2014'
             AND nace_r2 IN ('C12', 'C21') AND region_kind IN ('nuts', 'country') AND country_code <> 'NO'
           GROUP BY 1 ORDER BY 1"""
    )
    assert [(row["nace_r2"], round(row["pct"])) for row in rows] == [("C12", 25), ("C21", 87)]


def test_confidential_divisions_of_the_eusalp_regions_are_231_of_2380(folder: DataFolder) -> None:
    rows = folder.query(
        IN_2014.format(columns="cell_state, count(*) AS cells", reference="eu28")
        + " AND region_code NOT LIKE 'CH%' AND region_code NOT LIKE 'LI%' GROUP BY 1 ORDER BY 1"
    )
    assert {row["cell_state"]: row["cells"] for row in rows}["confidential"] == 231
    assert sum(row["cells"] for row in rows) == 35 * 68


def test_the_ragged_edge_is_not_yet_published(folder: DataFolder) -> None:
    rows = folder.query(
        """SELECT left(geo, 2) AS country,
                  count(*) FILTER (WHERE cell_state = 'not_yet_published') > 0 AS pending
           FROM obs_current WHERE dataset_id = 'eurostat.sbs_r_nuts06_r2' AND time_period = '2015'
             AND left(geo, 2) IN ('AT', 'DE', 'FR', 'IT', 'SI') GROUP BY 1 ORDER BY 1"""
    )
    assert [row["pending"] for row in rows] == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("table", "more"),
    [
        ("bench_index", "recipe_id = 'framework_conditions' AND element = 'index'"),
        ("bench_complexity_region", "true"),
        ("bench_opportunity", "true"),
        ("bench_neighbourhood", "true"),
        ("bench_resilience", "true"),
        ("bench_structure", "true"),
        ("bench_specialisation", "true"),
    ],
)
def test_every_eusalp_region_is_in_every_benchmark(folder: DataFolder, table: str, more: str) -> None:
    rows = folder.query(
        f"SELECT count(DISTINCT region_code) AS regions FROM {table} "
        f"WHERE perimeter_id = 'eusalp_2016plus' AND {more}"
    )
    assert rows == [{"regions": 43}]


def test_an_index_without_its_data_is_refused_and_one_with_them_goes_with_the_competitiveness_index(
    folder: DataFolder, realdata: Path
) -> None:
    outcome = folder.query("SELECT DISTINCT recipe_id, outcome FROM bench_index_status ORDER BY recipe_id")
    assert {row["recipe_id"]: row["outcome"] for row in outcome} == {
        "cluster_conditions": "refused",
        "framework_conditions": "computed",
        "regional_innovation_capacity": "refused",
    }
    said = folder.query(
        "SELECT column_id AS severity, text FROM bench_index_audit WHERE section = 'links' "
        "AND table_id = 'finding' AND text LIKE 'framework_conditions and regional_competitiveness_index%'"
    )
    assert [row["severity"] for row in said] == ["note"]
    assert "a positive link was expected" in said[0]["text"]
    held = folder.query(
        """SELECT row_number, max(text) FILTER (column_id = 'other_code') AS other,
                  max(value) FILTER (column_id = 'correlation') AS r,
                  max(value) FILTER (column_id = 'units') AS n,
                  max(value) FILTER (column_id = 'other_year') AS year
           FROM bench_index_audit WHERE section = 'links' AND table_id = 'links'
             AND row_label = 'framework_conditions' GROUP BY 1 ORDER BY 1"""
    )
    (rci, *_) = (row for row in held if row["other"] == "regional_competitiveness_index")
    assert rci["year"] in {2013, 2016}
    scores = folder.query(
        "SELECT region_code, score FROM bench_index WHERE perimeter_id = 'eusalp_2016plus' "
        "AND element = 'index' AND score IS NOT NULL"
    )
    published = pd.read_csv(realdata / "composite" / "rci_2010_2019.csv").query(f"Year == {rci['year']:.0f}")
    outside = published.drop_duplicates("NUTS CODE 2016").set_index("NUTS CODE 2016")["value"].rename("rci")
    found = links(pd.DataFrame(scores).set_index("region_code"), outside.to_frame(), methods=["pearson"])
    assert found["units"].item() >= 30
    assert found["correlation"].item() > 0.7
    assert rci["r"] > 0.7
    assert rci["n"] > 200


def test_complexity_has_the_capitals_of_services_at_one_end_and_ljubljana_above_its_neighbour(
    folder: DataFolder,
) -> None:
    rows = folder.query(
        "SELECT region_code, eci FROM bench_complexity_region WHERE perimeter_id = 'eusalp_2016plus' "
        "AND eci IS NOT NULL ORDER BY eci DESC"
    )
    order = [row["region_code"] for row in rows]
    assert order[:2] == ["AT13", "DE21"]
    assert order.index("SI04") < order.index("SI03")


def test_reference_regions_of_lombardia_are_its_neighbours_in_structure(folder: DataFolder) -> None:
    rows = folder.query(
        "SELECT peer_code FROM bench_reference_region WHERE perimeter_id = 'eusalp_2016plus' "
        "AND region_code = 'ITC4' AND candidates = 'all' AND rank <= 5"
    )
    assert {"ITH3", "ITH5", "ITC1"} <= {row["peer_code"] for row in rows}
