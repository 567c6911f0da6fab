"""Version detection: by overlap, the most recent on a tie, only where a cell holds an answer."""

import gzip
import re

import pandas as pd

from alp_pipeline.geography.versions import detect_versions, doubly_coded, row_verdicts


def _cells(**by_year):
    return pd.DataFrame(
        [("d", geo, year[1:]) for year, codes in by_year.items() for geo in codes.split()],
        columns=["dataset_id", "geo", "time_period"],
    )


def _versions(cells):
    found = detect_versions(cells)
    return {(row.country_code, row.time_period): row.nuts_version for row in found.itertuples()}


def test_the_version_with_the_best_overlap_wins_and_the_latest_on_a_tie():
    cells = _cells(y2010="ITC1 ITC4 ITD1 ITD3", y2011="ITC1 ITC4 ITH1 ITH3", y2012="ITC1 ITC4")
    assert _versions(cells) == {("IT", "2010"): 2006, ("IT", "2011"): 2024, ("IT", "2012"): 2024}


def test_countries_are_judged_apart():
    cells = _cells(y2014="FR10 FR43 FR71 SI03 SI04 AT33")
    assert _versions(cells) == {("AT", "2014"): 2024, ("FR", "2014"): 2013, ("SI", "2014"): 2024}


def test_a_mixed_group_tells_its_share_and_the_rows_that_do_not_fit():
    cells = _cells(y2014="FRC2 FRK2 FRL0 FR43")
    found = detect_versions(cells)
    assert found[["nuts_version", "overlap_share", "code_count"]].values.tolist() == [[2024, 0.75, 4]]
    verdicts = row_verdicts(cells).set_index("geo")["verdict"]
    assert verdicts["FR43"] == "other_version"
    assert (verdicts.drop("FR43") == "in_version").all()


def test_aggregates_extra_regio_units_and_countries_decide_nothing():
    assert detect_versions(_cells(y2014="EU28 FR FRZZ EA19")).empty
    assert _versions(_cells(y2014="EU28 FR FRZZ FR43")) == {("FR", "2014"): 2013}


def test_a_territory_with_answers_under_two_codes_is_named():
    cells = _cells(y2010="ITH1 ITD1 SI03 SI01", y2011="ITH1 SI03", y2012="ITD1")
    found = doubly_coded(cells)
    assert found[["time_period", "geo", "earlier_geo", "relation"]].values.tolist() == [
        ["2010", "ITH1", "ITD1", "recoded"],
        ["2010", "SI03", "SI01", "boundary_shift"],
    ]


def test_the_real_business_statistics_of_2017_change_version_within_one_file(realdata):
    path = realdata / "eurostat" / "bulk2017" / "sbs_r_nuts06_r2.tsv.gz"
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        years = next(lines).rstrip("\n").split("\t")[1:]
        for line in lines:
            key, *cells = line.rstrip("\n").split("\t")
            if key.startswith("I55,V16110,"):
                geo = key.rsplit(",", 1)[1]
                answers = [re.match(r"\d|:\s*[a-z]*c", cell.strip()) for cell in cells]
                rows += [
                    ("sbs", geo, year.strip()) for year, found in zip(years, answers, strict=True) if found
                ]
    cells = pd.DataFrame(rows, columns=["dataset_id", "geo", "time_period"])
    versions = _versions(cells)
    assert {year: versions["IT", year] for year in ("2008", "2010", "2011")} == {
        "2008": 2006,
        "2010": 2006,
        "2011": 2024,
    }
    assert {year: versions["SI", year] for year in ("2008", "2012", "2013")} == {
        "2008": 2010,
        "2012": 2010,
        "2013": 2024,
    }
    assert versions["FR", "2014"] == 2013
    alpine = cells[cells["geo"].str[:2].isin(["AT", "DE", "FR", "IT", "SI"])]
    assert doubly_coded(alpine).empty
