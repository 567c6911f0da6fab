"""The main job on the sample, through the command that people use."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from alp_pipeline_tests.integration.conftest import SAMPLE, DataFolder

Published = tuple[DataFolder, int, dict[str, Any]]


def test_it_publishes_and_names_what_was_kept_out(published: Published) -> None:
    _, code, answer = published
    assert (code, answer["outcome"]) == (1, "published")
    assert [(f["scope"], f["rule"]) for f in answer["failures"]] == [
        ("eurostat.nama_10r_2gdp", "document_readable")
    ]


def test_the_release_says_that_it_is_synthetic(published: Published) -> None:
    folder, _, answer = published
    assert answer["release"].startswith("synthetic-")
    assert folder.manifest()["is_synthetic"] is True
    assert folder.query("SELECT bool_and(is_synthetic) AS all_of_them FROM dim_document") == [
        {"all_of_them": True}
    ]


def test_every_cell_of_every_document_is_accounted_for(published: Published) -> None:
    folder, *_ = published
    rows = folder.query(
        """SELECT d.dataset_code, d.series_count * d.period_count AS cells, d.quarantined_count AS aside,
                  count(o.series_key) AS in_states
           FROM dim_document d JOIN obs_current o USING (document_id) WHERE d.standing = 'in use'
           GROUP BY ALL ORDER BY 1"""
    )
    assert len(rows) == 11
    assert all(row["cells"] == row["aside"] + row["in_states"] for row in rows)


def test_row_rules_quarantine_cells_while_the_rest_goes_on(published: Published) -> None:
    folder, *_ = published
    rows = folder.query(
        "SELECT rule_ids, published, reasons FROM ops_quarantine WHERE series_key IS NOT NULL"
    )
    assert {row["rule_ids"] for row in rows} == {
        "cell_understood",
        "counts_non_negative",
        "growth_rate_above_minus_hundred",
    }
    assert {"12x", "28470 q"} <= {row["published"] for row in rows}
    assert folder.query("SELECT standing FROM dim_document WHERE quarantined_count = 4") == [
        {"standing": "in use"}
    ]


def test_a_document_kept_out_leaves_the_last_accepted_one_in_use(published: Published) -> None:
    folder, *_ = published
    rows = folder.query(
        """SELECT standing, strftime(published_at, '%Y-%m-%d') AS published FROM dim_document
           WHERE dataset_code = 'nama_10r_2gdp' ORDER BY published_at"""
    )
    assert rows == [
        {"standing": "in use", "published": "2017-03-06"},
        {"standing": "kept out by the intake gate", "published": "2018-03-05"},
    ]


def test_what_nothing_reads_is_listed_with_the_reason(published: Published) -> None:
    folder, *_ = published
    rows = folder.query("SELECT standing FROM dim_document WHERE cell_count IS NULL ORDER BY 1")
    assert [row["standing"] for row in rows] == [
        "archived, not catalogued",
        "format not yet read",
        "kept out by the intake gate",
    ]


def test_a_confidential_cell_is_confidential_everywhere_and_never_a_number(published: Published) -> None:
    folder, *_ = published
    where = "region_code = 'ITH1' AND activity_code = 'C30' AND year = 2013"
    assert folder.query(
        f"SELECT employment_persons, employment_state FROM fct_regional_activity WHERE {where}"
    ) == [{"employment_persons": None, "employment_state": "confidential"}]
    for row in folder.query(
        f"""SELECT DISTINCT value, cell_state, location_quotient, location_quotient_state, size_share_pct,
                   focus_pct, growth_pct, stars_min FROM bench_specialisation WHERE {where}"""
    ):
        assert row.pop("cell_state") == row.pop("location_quotient_state") == "confidential"
        assert row.pop("stars_min") == 0
        assert set(row.values()) == {None}


def test_a_redrawn_predecessor_is_lost_in_concordance_and_a_pure_recode_is_not(published: Published) -> None:
    folder, *_ = published
    rows = folder.query(
        """SELECT region_code, employment_state, geo_method, source_region_code, count(*) > 0 AS some
           FROM fct_regional_activity
           WHERE activity_code = 'C' AND year = 2012 AND region_code IN ('SI03', 'FRK1')
           GROUP BY ALL ORDER BY 1"""
    )
    assert [
        (r["region_code"], r["employment_state"], r["geo_method"], r["source_region_code"]) for r in rows
    ] == [
        ("FRK1", "reported", "recoded", "FR72"),
        ("SI03", "lost_in_concordance", "reported", "SI01"),
    ]


def test_every_unit_of_the_perimeter_is_listed_and_those_without_data_are_unranked(
    published: Published,
) -> None:
    folder, *_ = published
    rows = folder.query(
        """SELECT region_code, cell_state, rank_location_quotient AS rank FROM bench_specialisation
           WHERE perimeter_id = 'eusalp_2016plus' AND reference_territory_id = 'eu28'
             AND activity_code = 'I55' AND year = 2014"""
    )
    assert len(rows) == 43
    absent = [r for r in rows if r["region_code"][:2] in ("CH", "LI")]
    assert {(r["cell_state"], r["rank"]) for r in absent} == {("not_available", None)}
    assert len(absent) == 8


def test_a_second_refresh_launches_no_run_and_says_no_change(published: Published) -> None:
    folder, _, answer = published
    with dg.DagsterInstance.from_config(str(folder.path / "dagster")) as instance:
        before = instance.get_runs_count()
    code, again = folder.refresh()
    with dg.DagsterInstance.from_config(str(folder.path / "dagster")) as instance:
        assert instance.get_runs_count() == before
    assert (code, again["outcome"], again["release"]) == (0, "no change", answer["release"])


def test_the_refresh_shows_as_a_run_with_checks_in_the_instance(published: Published) -> None:
    folder, _, answer = published
    with dg.DagsterInstance.from_config(str(folder.path / "dagster")) as instance:
        run = instance.get_run_by_id(answer["run"])
        assert run is not None
        assert (run.job_name, run.status) == ("refresh", dg.DagsterRunStatus.SUCCESS)
        key = dg.AssetKey(["observations", "nama_10r_2gdp"])
        found = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, "critical"), limit=1
        )
        evaluation = found[0].event.dagster_event.asset_check_evaluation_data
        assert not evaluation.passed
        assert not evaluation.blocking
        assert "truncated" in evaluation.description.lower()


def test_real_documents_are_refused_in_a_synthetic_folder(published: Published, tmp_path: Path) -> None:
    folder, *_ = published
    for file in ("manifest.csv", "eurostat"):
        (tmp_path / file).symlink_to(SAMPLE / file)
    done = folder.alp("archive", "import", str(tmp_path))
    assert done.returncode == 2
    assert "MixedKinds" in done.stderr


def test_reports_are_written_and_say_that_they_are_synthetic(published: Published) -> None:
    folder, *_ = published
    pages = folder.path / "reports" / "current"
    assert len(list((pages / "regions").glob("*.html"))) == 43
    for page in ("regions/ITC4.html", "validation.html"):
        assert "synthetic" in (pages / page).read_text(encoding="utf-8").lower()
    assert (pages / "dictionary.html").is_file()


@pytest.mark.slow
def test_a_refused_release_leaves_the_last_one_and_says_why(published: Published) -> None:
    """Last of the file: a site's indicator whose values break its own valid range stops the release."""
    folder, _, answer = published
    site = folder.path / "catalog"
    site.mkdir()
    entries = (Path(__file__).parent / "impossible_indicator.yaml").read_text(encoding="utf-8")
    (site / "indicators.yaml").write_text(entries, encoding="utf-8")
    code, refused = folder.refresh()
    assert (code, refused["outcome"]) == (3, "refused by the release gate")
    assert refused["release"] == answer["release"]
    assert "indicator_values_in_valid_range" in json.dumps(refused["errors"])
    (site / "indicators.yaml").unlink()
    assert folder.refresh()[1]["outcome"] == "no change"
