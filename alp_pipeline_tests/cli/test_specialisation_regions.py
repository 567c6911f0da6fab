"""Stars, resilience, reflections and reference regions of a user's table, against their definitions."""

import json

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline_tests.cli.test_specialisation import JOBS, YEARS, result, run, written


def test_strength_is_by_a_scheme_of_the_catalogue_or_by_a_file_of_rows(tmp_path):
    matrix = written(tmp_path, (JOBS * 1000).assign(X=1000).to_csv().replace("R4,39000", "R4,:c"))
    out = tmp_path / "out.csv"
    answer = json.loads(run("strength", matrix, "--scheme", "panorama_2014", "--out", out, "--json").output)
    assert answer["version"] == "2014/2016 on divisions"
    assert any("Price levels" in need for need in answer["unjudged"])
    rows = "scheme_id,version,criterion,rule,value,minimum_size\nmine,1,specialisation,threshold,1.5,500\n"
    mine = written(tmp_path, rows, "scheme.csv")
    asked = ("--scheme", mine, "--reference", "published")
    found = result("strength", matrix, *asked, index=["geo", "activity"])
    quotients = result("lq", matrix, "--reference", "published", "--long", index=["geo", "activity"])["value"]
    for cell, quotient in quotients.items():
        verdict = found.loc[cell, "judged_specialisation"]
        assert verdict == ("undetermined" if np.isnan(quotient) else "yes" if quotient >= 1.5 else "no")
    with pytest.raises(BenchmarkInputError, match=r"no scheme 'stars'.*observatory_2007_2012, "):
        run("strength", matrix, "--scheme", "stars", "--out", out)


LEVELS = "geo,year,JOBS\n" + "".join(
    f"{region},{year},{level}\n"
    for region, levels in {"A": [99, 100, 95, 96, 99, 101], "B": [101, 100, 85, 88, 91, 97]}.items()
    for year, level in zip(range(2007, 2013), levels, strict=True)
)


def test_resilience_of_a_table_with_years(tmp_path):
    matrix = written(tmp_path, LEVELS)
    asked = ("--peak-years", "2007-2008", "--fall-years", "2009-2010", "--until", 2012)
    found = result("recovery", matrix, *asked)
    assert found.loc["A", ["peak_year", "trough_year", "fall_pct", "recovery_years"]].tolist() == [
        2008, 2009, -5.0, 4,
    ]  # fmt: skip
    # The two regions together fall from 200 to 180: A by a half of that.
    assert found.loc["A", "resistance"] == pytest.approx(0.5, rel=1e-12)
    assert found.loc["B", "recovery_state"] == "not_yet_recovered"
    reference = written(tmp_path, "activity,year,value\nJOBS,2008,100\nJOBS,2009,90\n", "eu.csv")
    with pytest.raises(BenchmarkInputError, match="2007"):
        run("recovery", matrix, *asked, "--reference", reference, "--out", tmp_path / "o.csv")
    rates = np.diff([99, 100, 95, 96, 99, 101]) / [99, 100, 95, 96, 99] * 100
    assert result("volatility", matrix).loc["A", "volatility_pct"] == pytest.approx(np.std(rates, ddof=1))
    with pytest.raises(BenchmarkInputError, match=r"peak years are None.*--peak-years"):
        run("recovery", matrix, "--out", tmp_path / "o.csv")
    shares = JOBS.div(JOBS.sum(axis=1), axis=0)
    bits = -(shares * np.log2(shares.where(shares > 0, 1))).sum(axis=1)
    np.testing.assert_allclose(
        result("diversity", written(tmp_path, JOBS.to_csv()))["effective_activities"], 2**bits, rtol=1e-12
    )


def test_reflections_check_eci(tmp_path):
    jobs = written(tmp_path, JOBS.to_csv())
    present = (location_quotient(JOBS) >= 1).astype(float)
    found = result("reflections", jobs, "--rounds", 1, index=["kind", "code"])
    assert found.loc["region", "k0"].tolist() == present.sum(axis=1).tolist()
    expected = (present @ present.sum(axis=0)) / present.sum(axis=1)
    np.testing.assert_allclose(found.loc["region", "k1"], expected, rtol=1e-14)
    answer = json.loads(run("reflections", jobs, "--out", tmp_path / "o.csv", "--json").output)
    assert abs(answer["correlation_with_eci_by_round"]["20"]) > abs(
        answer["correlation_with_eci_by_round"]["0"]
    )


VARIABLES = "geo;density;growth\nAT1;10,5;-1\nAT2;20,5;0\nIT1;30,5;2,5\nIT2;70,5;:c\nSI1;10,5;4\n"


def test_reference_regions_of_a_table_of_variables_and_the_gap_to_them(tmp_path):
    table = written(tmp_path, VARIABLES)
    peers = tmp_path / "peers.csv"
    said = run("reference-regions", table, "--nearest", 2, "--out", peers, "--json")
    assert json.loads(said.output)["regions_without_peers"] == ["IT2"]
    found = pd.read_csv(peers).set_index(["geo", "peer"])
    # growth over 5, density over 60; two variables of half the weight each
    assert found.loc[("AT1", "AT2"), "distance"] == pytest.approx((0.2**2 + (1 / 6) ** 2) / 2, rel=1e-12)
    np.testing.assert_allclose(
        found["contribution_density"] + found["contribution_growth"], found["distance"], rtol=1e-12
    )
    abroad = result("reference-regions", table, "--countries", "nuts", "--nearest", 1, index=["geo", "peer"])
    assert ("AT1", "IT1") in abroad.index
    directions = written(tmp_path, "indicator,direction\ngrowth,1\n", "directions.csv")
    asked = ("--peers", peers, "--directions", directions, "--peers-min", 2, "--report", "AT1")
    gap = result("performance-gap", table, *asked)
    theirs = pd.Series([0.0, 2.5])[: len(found.loc["AT1"])]
    assert gap.loc["AT1", ["value", "gap_to_median", "standing"]].tolist() == [
        -1.0, -1.0 - theirs.median(), "behind",
    ]  # fmt: skip
    with pytest.raises(BenchmarkInputError, match=r"--total-row does nothing here"):
        run("reference-regions", table, "--total-row", "EU", "--out", peers)


def test_words_may_be_written_with_hyphens(tmp_path):
    matrix = written(tmp_path, YEARS)
    one = result("shift-share", matrix, "--variant", "esteban-marquillas", index=None)
    two = result("shift-share", matrix, "--variant", "esteban_marquillas", index=None)
    pd.testing.assert_frame_equal(one, two)


def test_where_the_structure_is_in_parts_reflections_stand_alone_and_no_python_is_named(tmp_path):
    matrix, out = written(tmp_path, "geo,C28,I55\nA,3,0\nB,0,3\n"), tmp_path / "o.csv"
    answer = json.loads(run("reflections", matrix, "--out", out, "--json").output)
    assert "2 parts" in answer["no_eci"]
    with pytest.raises(BenchmarkInputError, match=r"2 parts.*Leave the lines of all parts but one") as said:
        run("eci", matrix, "--out", out)
    assert "`components`" not in str(said.value)


def test_a_long_summary_is_cut_for_people_and_whole_for_programs(tmp_path):
    wide = JOBS.iloc[:, :2].reindex(range(13), fill_value=1.0)
    wide.iloc[1:, 0] = np.nan
    matrix, out = written(tmp_path, wide.rename_axis("geo").to_csv()), tmp_path / "o.csv"
    asked = ("density", matrix, "--reference", "published", "--unknown", "regions", "--out", out)
    assert "and 2 more (--json has all)" in run(*asked).output
    assert len(json.loads(run(*asked, "--json").output)["dropped_regions"]) == 12
