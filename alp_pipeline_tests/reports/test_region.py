"""What is read from a release, and what is refused."""

from pathlib import Path

import duckdb
import pytest

from alp_pipeline.reports.model import Cell, RegionReport, ReleaseInconsistent
from alp_pipeline.reports.perimeter import UnknownPerimeter
from alp_pipeline.reports.region import UnknownRegion, read_common, read_region_report
from alp_pipeline.reports.release_file import ReleaseIncomplete, ReleaseUnreadable, open_release
from alp_pipeline_tests.reports.releases import Rows, small_release, write_release


def read(
    rows: Rows, tmp_path: Path, region_code: str = "ITC4", perimeter_id: str | None = None
) -> RegionReport:
    file = write_release(tmp_path / "releases" / "r7" / "alp.duckdb", rows)
    with open_release(file) as release:
        return read_region_report(release, read_common(release, perimeter_id), region_code)


def test_the_year_compared_is_the_last_that_most_units_have(tmp_path: Path) -> None:
    report = read(small_release(), tmp_path, "AT33")
    # Tirol alone has 2015: it would be the first of one.
    assert (report.year, report.newest_own_year) == (2014, 2015)
    assert report.newest_covered_regions == 1
    assert report.years == (2012, 2013, 2014, 2015)


def test_the_strongest_come_by_quotient_above_the_floor_then_the_rest(tmp_path: Path) -> None:
    report = read(small_release(), tmp_path)
    assert [s.activity.code for s in report.standings] == ["C13", "C15", "I55", "C12"]
    assert [s.activity.code for s in report.ranked] == ["C13", "C15", "I55"]


def test_ranks_are_the_releases_own(tmp_path: Path) -> None:
    report = read(small_release(), tmp_path)
    assert [(s.activity.code, s.rank, s.ranked_count) for s in report.ranked] == [
        ("C13", 1, 3),
        ("C15", 2, 2),
        ("I55", 4, 4),
    ]


def test_all_units_of_the_perimeter_are_there(tmp_path: Path) -> None:
    report = read(small_release(), tmp_path, "LI00")
    assert [m.code for m in report.perimeter.members] == ["AT33", "CH04", "FRK1", "ITC4", "ITH3", "LI00"]
    assert report.coverage["LI00"] == {"not_available": 4}
    assert not report.has_activity_data


def test_a_year_without_a_row_is_not_available_not_zero(tmp_path: Path) -> None:
    rows = small_release()
    rows["fct_regional_activity"] = [r for r in rows["fct_regional_activity"] if r["year"] != 2013]
    development = read(rows, tmp_path).developments[0]
    assert development.cells[2013].value is None
    assert development.cells[2013].state == "not_available"


def test_recoded_years_are_named(tmp_path: Path) -> None:
    assert read(small_release(), tmp_path).developments[0].recoded_from == {2012: "ITD4"}


def test_the_release_is_named_after_its_folder(tmp_path: Path) -> None:
    report = read(small_release(), tmp_path)
    assert report.release_id == "r7"
    link = tmp_path / "alp.duckdb"
    link.symlink_to(tmp_path / "releases" / "r7" / "alp.duckdb")
    with open_release(link) as release:
        assert release.release_id == "r7"


def test_an_unknown_region_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownRegion, match=r"XX99 is no unit of the perimeter alps.*AT33, CH04"):
        read(small_release(), tmp_path, "XX99")


def test_an_unknown_perimeter_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownPerimeter, match=r"there is no perimeter andes.*alps, eu28"):
        read(small_release(), tmp_path, perimeter_id="andes")


def test_a_release_without_a_table_is_refused_by_name(release: Path) -> None:
    with duckdb.connect(str(release)) as connection:
        connection.execute("DROP TABLE bench_specialisation")
        connection.execute("DROP TABLE fct_indicator")
    with (
        pytest.raises(ReleaseIncomplete, match="lacks fct_indicator, bench_specialisation"),
        open_release(release),
    ):
        pass


def test_a_release_of_other_table_declarations_is_refused_by_name(release: Path) -> None:
    with duckdb.connect(str(release)) as connection:
        connection.execute("ALTER TABLE bench_specialisation DROP COLUMN focus_state")
    with (
        pytest.raises(ReleaseIncomplete, match=r"lacks bench_specialisation\.focus_state"),
        open_release(release),
    ):
        pass


@pytest.mark.parametrize("content", [None, b"<html>no database</html>"])
def test_what_is_no_release_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "alp.duckdb"
    if content:
        file.write_bytes(content)
    with pytest.raises(ReleaseUnreadable, match=r"alp\.duckdb"), open_release(file):
        pass


def test_a_release_is_only_read(release: Path, tmp_path: Path) -> None:
    with open_release(release) as opened:
        for statement in ("CREATE TABLE x (a INT)", f"COPY dim_region TO '{tmp_path}/x.csv'"):
            with pytest.raises(duckdb.Error):
                opened.rows(statement)


def test_a_reported_cell_without_a_value_is_refused() -> None:
    for value in (None, float("nan"), float("inf")):
        with pytest.raises(ReleaseInconsistent, match="the state is reported and the value is"):
            Cell(value, "reported", "", "fct_indicator/x")


@pytest.mark.parametrize("table", ["bench_specialisation", "fct_indicator"])
def test_a_figure_without_a_document_is_refused(tmp_path: Path, table: str) -> None:
    rows = small_release()
    for row in rows[table]:
        row["document_ids"] = ""
    with pytest.raises(ReleaseInconsistent, match="names no document"):
        read(rows, tmp_path)


def test_a_document_that_the_release_does_not_know_is_refused(tmp_path: Path) -> None:
    rows = small_release()
    rows["dim_document"] = [row for row in rows["dim_document"] if row["document_id"] != "doc-lfs"]
    with pytest.raises(ReleaseInconsistent, match="dim_document/doc-lfs"):
        read(rows, tmp_path)


def test_a_perimeter_without_benchmark_is_said_not_guessed(tmp_path: Path) -> None:
    rows = small_release()
    rows["bench_specialisation"] = []
    report = read(rows, tmp_path)
    assert (report.scope, report.year, report.standings, report.developments) == (None, None, (), ())


def test_employment_is_preferred_to_another_variable_with_more_figures(tmp_path: Path) -> None:
    rows = small_release()
    rows["bench_specialisation"] += [
        row | {"variable": "local_units", "location_quotient": 1.0, "location_quotient_state": "reported"}
        for row in rows["bench_specialisation"]
    ]
    scope = read(rows, tmp_path).scope
    assert scope is not None
    assert scope.variable == "persons_employed"


def test_the_reference_with_most_quotients_is_taken(tmp_path: Path) -> None:
    rows = small_release()
    poor = {"reference_territory_id": "alps", "location_quotient": None, "rank_location_quotient": None}
    rows["bench_specialisation"] += [
        row | poor | {"location_quotient_state": "not_available"} for row in rows["bench_specialisation"]
    ]
    scope = read(rows, tmp_path).scope
    assert scope is not None
    assert scope.reference_territory_id == "eu28"
