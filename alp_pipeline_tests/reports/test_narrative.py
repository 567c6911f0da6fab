"""The summary says what the cells carry, and what is not known."""

from collections.abc import Callable

from alp_pipeline_tests.reports.reading import read_page
from alp_pipeline_tests.reports.releases import Rows, small_release

PageOf = Callable[[Rows, str], str]


def summary(page: str) -> str:
    return read_page(page).one("p", class_="lead").text.replace("\u2060", "")


def test_the_paragraph_of_a_region_with_data(lombardia: str) -> None:
    assert summary(lombardia) == (
        "What is known. For 2014 this release holds figures on persons employed for 3 of Lombardia’s 4 "
        "NACE divisions; 1 is confidential.[1] Measured against “European Union (28)”, its strongest "
        "specialisations above the size floor are Manufacture of textiles (location quotient 3.46, rank "
        "1 of 3), Manufacture of leather & related products (location quotient 1.25, rank 2 of 2) and "
        "Accommodation (location quotient 0.95, rank 4 of 4).[1] 1 division meets all star criteria with "
        "certainty; for 1 more the verdict is open, because hidden cells could decide.[1] In Manufacture "
        "of textiles, persons employed rose by 2.0\u202f% between 2012 and 2014, from 10\u202f000 to "
        "10\u202f200.[1] Framework indicators known for the region: 1 of 2.[2] What is not. Country "
        "figures absent from the reference totals behind these quotients: 2 confidential and 1 missing "
        "for another reason; a quotient is therefore too high rather than too low.[1] For 2 of the "
        "perimeter’s 6 units there are no figures on persons employed by activity in 2014 (Zürich and "
        "Liechtenstein); they are listed, not ranked, and every rank speaks of the others only.[1]"
    )


def test_a_newer_year_of_few_regions_is_said(page_of: PageOf) -> None:
    said = summary(page_of(small_release(), "AT33"))
    assert "2015 is published for Tirol too, but only for 1 of the perimeter’s 6 units" in said


def test_a_development_is_told_within_unbroken_years_only(page_of: PageOf) -> None:
    rows = small_release()
    for row in rows["fct_regional_activity"]:
        if (row["region_code"], row["activity_code"], row["year"]) == ("ITC4", "C13", 2013):
            row |= {"employment_persons": None, "employment_state": "confidential"}
    said = summary(page_of(rows, "ITC4"))
    assert "How Manufacture of textiles developed cannot be said" in said
    assert "between 2012 and 2014" not in said


def test_without_a_benchmark_nothing_is_claimed(page_of: PageOf) -> None:
    rows = small_release()
    rows["bench_specialisation"] = []
    page = page_of(rows, "ITC4")
    assert "nothing can be said about Lombardia’s specialisation" in summary(page)
    assert "quotient 3.46" not in page


def test_a_release_without_anything_still_gives_a_page(page_of: PageOf) -> None:
    rows = small_release()
    for name in ("bench_specialisation", "fct_indicator", "fct_regional_activity"):
        rows[name] = []
    page = page_of(rows, "LI00")
    assert read_page(page).one("h1").text == "Liechtenstein"
    assert "This release holds no framework indicator" in summary(page)
    assert "No figure on this page comes from a document." in read_page(page).text


def many_regions(kind: str) -> Rows:
    """Tirol has the highest of sixteen rates or totals."""
    rows = small_release()
    for i in range(10):
        code = f"DE1{i}"
        rows["dim_region"].append({"region_code": code, "label": code, "region_kind": "nuts"})
        rows["bridge_perimeter_region"].append({"perimeter_id": "alps", "region_code": code})
        like = next(row for row in rows["fct_indicator"] if row["region_code"] == "ITC4")
        rows["fct_indicator"].append(
            like | {"region_code": code, "time_period": "2015", "value": 1.0 + i / 10}
        )
    for row in rows["fct_indicator"]:
        if row["region_code"] == "AT33":
            row["value"] = 99.0
    for indicator in rows["dim_indicator"]:
        indicator["indicator_kind"] = kind
    return rows


def test_only_relative_indicators_are_called_high_or_low(page_of: PageOf) -> None:
    told = "it is among the five highest values for Unemployment rate (2015, to verify)"
    assert told in summary(page_of(many_regions("intensive"), "AT33"))
    assert told not in summary(page_of(many_regions("extensive"), "AT33"))
