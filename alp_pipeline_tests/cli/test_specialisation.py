"""`alp specialisation`: every method from file to file, and what it says where there is no number."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.density import relatedness_density
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline.benchmark.concentration import entropy, hachman, herfindahl, krugman, theil
from alp_pipeline.benchmark.localisation import hoover, locational_gini
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline.benchmark.on_files.methods import METHODS
from alp_pipeline.benchmark.variety import variety
from alp_pipeline.cli import alp, main

JOBS = pd.DataFrame(
    {
        "C10": [44, 48, 74, 39, 89],
        "C28": [63, 42, 54, 26, 61],
        "I55": [8, 10, 96, 28, 45],
        "J62": [83, 1, 16, 13, 76],
    },
    index=pd.Index(["R1", "R2", "R3", "R4", "R5"], name="geo"),
)
PAIRS = "region_code,neighbour_code\nR1,R2\nR2,R3\nR3,R4\nR4,R5\n"


def run(method: str, *arguments: object) -> Result:
    return CliRunner().invoke(alp, ["specialisation", method, *map(str, arguments)], catch_exceptions=False)


def written(folder: Path, text: str, name: str = "jobs.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    return written(tmp_path, JOBS.to_csv())


def result(method: str, matrix: Path, *arguments: object, index: str | None = "geo") -> pd.DataFrame:
    out = matrix.parent / "out.csv"
    assert run(method, matrix, "--out", out, *arguments).exit_code == 0
    frame = pd.read_csv(out, keep_default_na=False, na_values=[""])
    return frame if index is None else frame.set_index(index)


@pytest.mark.parametrize("name", ["toy4", "toy5"])
@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_econgeos_quotients_come_out_of_every_format(realdata, tmp_path, name, suffix):
    folder = realdata / "specialisation"
    out = tmp_path / f"lq.{suffix}"
    assert run("lq", folder / f"{name}_input.csv", "--out", out).exit_code == 0
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet}
    if suffix == "xlsx":
        from python_calamine import CalamineWorkbook

        rows = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
        found = pd.DataFrame(rows[1:], columns=rows[0])
    else:
        found = readers[suffix](out)
    theirs = pd.read_csv(folder / f"{name}_LQ.csv")
    assert found.columns.tolist() == theirs.columns.tolist()
    assert found["geo"].tolist() == theirs["geo"].tolist()
    numbers = found.drop(columns="geo").to_numpy(dtype=float)
    np.testing.assert_allclose(numbers, theirs.drop(columns="geo"), rtol=0, atol=1e-12)


def test_each_measure_of_regions_is_that_of_its_function(jobs):
    groups = {code: code[0] for code in JOBS.columns}
    expected = {
        "krugman": krugman(JOBS)["krugman"],
        "hachman": hachman(JOBS)["hachman"],
        "herfindahl": herfindahl(JOBS)["herfindahl"],
        "theil": theil(JOBS)["theil"],
        "entropy": entropy(JOBS)["entropy"],
    }
    for method, values in expected.items():
        found = result(method, jobs)
        assert found[method].tolist() == values.tolist()
        assert set(found["state"]) == {"reported"}
    split = result("variety", jobs)
    for name in ("related_variety", "unrelated_variety", "entropy"):
        assert split[name].tolist() == variety(JOBS, groups)[name].tolist()
    in_nats = result("entropy", jobs, "--base", np.e)["entropy"]
    np.testing.assert_allclose(in_nats, expected["entropy"] * np.log(2), rtol=1e-14)


def test_measures_of_activities_have_a_row_per_activity(jobs):
    gini = result("gini", jobs, index="activity")
    assert gini["locational_gini"].tolist() == locational_gini(JOBS)["locational_gini"].tolist()
    moved = result("hoover", jobs, index="activity")
    assert moved["hoover"].tolist() == hoover(JOBS)["hoover"].tolist()
    people = written(jobs.parent, "region,value\nR1,1\nR2,1\nR3,1\nR4,1\nR5,1\n", "people.csv")
    against = result("hoover", jobs, "--population", people, index="activity")
    expected = hoover(JOBS, population=pd.Series(1, index=JOBS.index))
    assert against["hoover"].tolist() == expected["hoover"].tolist()


def test_quotients_may_be_symmetric_weighted_long_or_against_another_reference(jobs):
    lq = location_quotient(JOBS)
    np.testing.assert_allclose(result("symmetric-lq", jobs), (lq - 1) / (lq + 1), rtol=1e-14)
    excess = result("weighted-lq", jobs, "--weighting", "excess")
    np.testing.assert_allclose(excess, JOBS * (1 - 1 / lq), atol=1e-10)
    long = result("lq", jobs, "--long", index=None)
    assert long.columns.tolist() == ["geo", "activity", "value", "state"]
    assert long["value"].tolist() == lq.to_numpy().ravel().tolist()
    totals = written(jobs.parent, "activity,value\nC10,10\nC28,20\nI55,30\nJ62,40\nTOTAL,200\n", "eu.csv")
    against = result("lq", jobs, "--reference", totals)
    reference = pd.Series({"C10": 10, "C28": 20, "I55": 30, "J62": 40})
    expected = location_quotient(JOBS, reference=reference, reference_total=200)
    assert against.to_numpy().tolist() == expected.to_numpy().tolist()


def test_totals_may_stand_in_the_matrix(tmp_path):
    text = "geo,C28,I55,TOTAL\nAT33,10,30,80\nITH1,:c,50,60\nEU,200,800,2000\n"
    found = result("lq", written(tmp_path, text), "--total-column", "TOTAL", "--total-row", "EU")
    assert found.loc["AT33"].tolist() == ["1.25", 0.9375]  # 10/80 against 200/2000; 30/80 against 800/2000
    assert found.loc["ITH1", "C28"] == ":c"
    assert found.index.tolist() == ["AT33", "ITH1"]


HIDDEN = "geo,C28,I55,J62\nA,:c,30,5\nB,20,20,5\nC,5,10,30\n"


def test_a_confidential_cell_is_no_zero_in_any_method_for_regions(tmp_path):
    hidden, zero = (
        written(tmp_path, HIDDEN.replace(":c", cell), f"{n}.csv") for n, cell in enumerate((":c", "0"))
    )
    for method in ("krugman", "hachman", "herfindahl", "theil", "entropy", "variety"):
        with_hidden, with_zero = result(method, hidden), result(method, zero)
        assert with_hidden.loc["A", "state"] == "undetermined", method
        assert with_zero.loc["A", "state"] == "reported", method
        column = {"variety": "related_variety"}.get(method, method)
        assert np.isnan(with_hidden.loc["A", column]), method
        assert not np.isnan(with_zero.loc["A", column]), method
    for method in ("gini", "hoover"):
        assert result(method, hidden, index="activity").loc["C28", "state"] == "undetermined"
        assert result(method, zero, index="activity").loc["C28", "state"] == "reported"


def test_a_confidential_cell_is_no_zero_among_quotients(tmp_path):
    found = result("lq", written(tmp_path, HIDDEN))
    assert found.loc["A"].tolist() == [":c", "undetermined", "undetermined"]
    assert (found.loc[["B", "C"]] == "undetermined").all(axis=None)
    zero = result("lq", written(tmp_path, HIDDEN.replace(":c", "0")))
    assert zero.loc["A", "C28"] == 0.0
    long = result("lq", written(tmp_path, HIDDEN), "--long", index=None)
    assert long["state"].tolist()[:4] == ["confidential", "undetermined", "undetermined", "undetermined"]
    assert np.isnan(long["value"].iloc[0])


def test_published_cells_are_the_reference_for_whoever_says_so(tmp_path):
    matrix = written(tmp_path, HIDDEN)
    assert set(result("krugman", matrix)["state"]) == {"undetermined"}
    meant = result("krugman", matrix, "--reference", "published")
    assert meant["state"].tolist() == ["undetermined", "reported", "reported"]


SECTIONS = "geo,C10,C28,C29,I55,C,I\nA,60,:c,:c,40,80,40\nB,:c,20,30,10,55,10\nC,5,10,30,1,45,1\n"


def test_published_sections_give_bounds_that_the_public_does_not_see(tmp_path):
    matrix = written(tmp_path, SECTIONS)
    reference = written(tmp_path, "activity,value\nC10,300\nC28,50\nC29,150\nI55,500\n", "eu.csv")
    asked = ("--groups", "nace", "--reference", reference)
    found = result("lq-interval", matrix, *asked, index=["geo", "activity"])
    hidden = found.loc[("A", "C28")]
    # two hidden divisions of three: 80 - 60, and 3/2 + 1 for rounding, of 120 against 50 of 1000
    assert (hidden["lower"], hidden["upper"]) == (0.0, pytest.approx((22.5 / 120) / 0.05))
    assert np.isnan(hidden["location_quotient"])
    assert found.loc[("B", "C10"), "note"] == "computable_cell"
    assert found.loc[("B", "C10"), ["lower", "upper"]].isna().all()
    public = result("lq-interval", matrix, *asked, "--public", index=["geo", "activity"])
    assert public.loc[("A", "C28"), ["lower", "upper"]].isna().all()
    assert public.loc[("C", "C28"), "upper"] == found.loc[("C", "C28"), "upper"]
    spoken = run("krugman", matrix, "--out", tmp_path / "k.csv", *asked)
    assert "not for the public" in spoken.output
    bounds = pd.read_csv(tmp_path / "k.csv").set_index("geo")
    assert bounds.loc["A", ["lower", "upper"]].notna().all()
    assert bounds.loc["B", ["lower", "upper"]].isna().all()
    quiet = run("krugman", matrix, "--out", tmp_path / "k.csv", *asked, "--public")
    assert "not for the public" not in quiet.output


def test_sampling_intervals_are_asked_for_by_name(jobs):
    found = result("lq-interval", jobs, "--interval", "sampling", "--confidence", 0.9, index=None)
    assert (found["lower"] < found["location_quotient"]).all()
    assert (found["location_quotient"] < found["upper"]).all()


YEARS = "region,activity,year,value\n" + "".join(
    f"{region},{activity},{year},{value}\n"
    for region, activity, year, value in [
        ("A", "C28", 2013, 100),
        ("A", "I55", 2013, 200),
        ("B", "C28", 2013, 300),
        ("B", "I55", 2013, 400),
        ("A", "C28", 2014, 150),
        ("A", "I55", 2014, 210),
        ("B", "C28", 2014, 300),
        ("B", "I55", 2014, 440),
    ]
)


def test_shift_share_closes_in_the_file(tmp_path):
    matrix = written(tmp_path, YEARS)
    found = result("shift-share", matrix, index=["region", "activity"])
    assert found.loc[("A", "C28"), "national_share"] == 10.0
    terms = ["national_share", "industry_mix", "regional_shift", "entry"]
    assert (found[terms].sum(axis=1) == found["change"]).all()
    split = result("shift-share", matrix, "--variant", "esteban_marquillas", "--by-region", index="region")
    assert split["change"].tolist() == [60.0, 40.0]


def test_shift_share_takes_two_matrices_too(tmp_path):
    first = written(tmp_path, "geo,C28,I55\nA,100,200\nB,300,400\n", "first.csv")
    last = written(tmp_path, "geo,C28,I55\nA,150,210\nB,300,440\n", "last.csv")
    out = tmp_path / "out.csv"
    said = run("shift-share", first, last, "--out", out, "--first-year", 2013, "--last-year", 2014, "--json")
    assert said.exit_code == 0
    assert json.loads(said.output)["first_year"] == 2013
    ours = pd.read_csv(out).drop(columns="geo")
    theirs = result("shift-share", written(tmp_path, YEARS), index=None).drop(columns="region")
    pd.testing.assert_frame_equal(ours, theirs)


def test_relatedness_and_complexity_are_those_of_their_functions(jobs):
    present = (location_quotient(JOBS) >= 1).astype(float)
    phi = relatedness(present)
    for method in ("relatedness", "proximity"):
        np.testing.assert_array_equal(result(method, jobs, index="activity"), phi)
    cosine = result("relatedness", jobs, "--measure", "cosine", "--diagonal", 1, index="activity")
    np.testing.assert_array_equal(cosine, relatedness(present, "cosine", diagonal=1))
    np.testing.assert_array_equal(result("density", jobs), relatedness_density(present, phi))
    scores = complexity(present)
    assert result("eci", jobs)["eci"].tolist() == scores.eci.tolist()
    assert result("pci", jobs, index="activity")["pci"].tolist() == scores.pci.tolist()
    both = result("complexity", jobs, index=["kind", "code"])
    assert both.loc["region", "eci"].tolist() == scores.eci.tolist()
    assert both.loc["activity", "pci"].tolist() == scores.pci.tolist()
    one = result("eci", jobs, "--report", "R3")
    assert one["eci"].to_dict() == {"R3": scores.eci["R3"]}
    wanted = result("opportunities", jobs, "--report", "R4", index=None)
    assert set(wanted["activity"]) == set(present.columns[present.loc["R4"] == 0])
    for method in ("fitness", "coi", "cog"):
        assert len(result(method, jobs, index=None)) > 0


def test_unknown_presence_is_refused_until_somebody_says_what_to_leave_out(tmp_path):
    matrix = written(tmp_path, JOBS.to_csv().replace("R4,39", "R4,:c"))
    meant = ("--out", tmp_path / "out.csv", "--reference", "published")
    with pytest.raises(BenchmarkInputError, match=r"4 cells nobody knows.*--unknown"):
        run("density", matrix, *meant)
    answer = json.loads(run("density", matrix, *meant, "--unknown", "fewest", "--json").output)
    assert (answer["dropped_regions"], answer["dropped_activities"]) == (["R4"], [])
    with pytest.raises(BenchmarkInputError, match=r"--unknown is 'none'.*refuse, fewest, regions, activ"):
        run("density", matrix, *meant, "--unknown", "none")
    with pytest.raises(BenchmarkInputError, match=r"--unknown activities: no line.*--unknown fewest") as said:
        run("density", matrix, *meant, "--unknown", "activities")
    assert "spread_over_unknown" not in str(said.value)
    # With published totals only the cell itself is unknown.
    totals = written(
        tmp_path, "region,value\n" + "".join(f"{r},{x}\n" for r, x in JOBS.sum(axis=1).items()), "r.csv"
    )
    known = ("--region-totals", totals, "--reference", "published", "--unknown", "regions", "--json")
    answer = json.loads(run("density", matrix, "--out", tmp_path / "out.csv", *known).output)
    assert (answer["unknown_cells"], answer["dropped_regions"]) == (1, ["R4"])


def test_no_quotient_and_no_presence_counts_a_hidden_cell_as_zero_in_the_grand_total(tmp_path):
    matrix = written(tmp_path, "geo,C10,C11,I55,I56\nA,10,5,30,5\nB,40,5,6,7\nC,7,8,90,:c\n")
    for asked in (["lq"], ["symmetric-lq"], ["weighted-lq"], ["weighted-lq", "--weighting", "excess"]):
        assert set(result(asked[0], matrix, *asked[1:]).to_numpy().ravel()) == {"undetermined", ":c"}
    pairs = written(tmp_path, "a,b\nA,B\n", "pairs.csv")
    assert result("spatial-lq", matrix, "--neighbours", pairs).isna().all(axis=None)
    for method in ("complexity", "fitness", "relatedness", "density", "opportunities"):
        with pytest.raises(BenchmarkInputError, match=r"grand total.*--reference published"):
            run(method, matrix, "--out", tmp_path / "o.csv", "--unknown", "fewest")
    meant = result("lq", matrix, "--reference", "published")
    assert float(meant.loc["A", "C10"]) == pytest.approx(10 * 213 / (50 * 57), rel=1e-15)
    europe = written(tmp_path, "activity,value\nC10,57\nC11,18\nI55,126\nI56,:c\n", "eu.csv")
    assert set(result("lq", matrix, "--reference", europe).loc["A"].fillna("")) == {""}


def test_where_nobody_works_the_activity_is_absent_and_not_unknown(tmp_path):
    empty = JOBS.assign(K64=0)
    empty.loc["R6"] = 0
    matrix = written(tmp_path, empty.to_csv().replace("R4,39", "R4,:c"))
    known = ("--unknown", "regions", "--json", "--region-totals")
    totals = written(tmp_path, "region,value\nR1,198\nR2,101\nR3,240\nR4,106\nR5,271\nR6,0\n", "r.csv")
    said = run("fitness", matrix, "--out", tmp_path / "o.csv", *known, totals, "--reference", "published")
    answer = json.loads(said.output)
    assert (answer["unknown_cells"], answer["dropped_regions"]) == (1, ["R4"])
    cannot = written(tmp_path, JOBS.to_csv().replace("R4,39", "R4,:m"))
    assert result("density", cannot).loc["R4"].notna().all()


def test_neighbours_make_spatial_quotients_and_morans_i(jobs):
    from alp_pipeline.benchmark.moran import morans_i
    from alp_pipeline.benchmark.spatial import neighbour_weights, spatial_location_quotient

    pairs = written(jobs.parent, PAIRS, "pairs.csv")
    weights = neighbour_weights(pd.read_csv(pairs), list(JOBS.index))
    pooled = spatial_location_quotient(JOBS, weights).quotients
    np.testing.assert_array_equal(result("spatial-lq", jobs, "--neighbours", pairs), pooled)
    found = result("moran", jobs, "--neighbours", pairs, "--permutations", 99, "--seed", 7, index="activity")
    lq = location_quotient(JOBS)
    for activity in JOBS.columns:
        expected = morans_i(lq[activity], weights, permutations=99, seed=7)
        assert found.loc[activity, "morans_i"] == expected.statistic
        assert found.loc[activity, "p_permutation"] == expected.p_permutation
    with pytest.raises(BenchmarkInputError, match="whose neighbour"):
        run("moran", jobs, "--out", jobs.parent / "out.csv")


def test_a_hidden_cell_is_not_pooled_as_a_zero(tmp_path):
    matrix = written(tmp_path, JOBS.to_csv().replace("R2,48", "R2,:c"))
    pairs = written(tmp_path, PAIRS, "pairs.csv")
    found = result("spatial-lq", matrix, "--neighbours", pairs, "--reference", "published")
    # R2's total is not known, and so no sum that it is in.
    assert found.loc[["R1", "R2", "R3"]].isna().all(axis=None)
    assert found.loc[["R4", "R5"]].notna().all(axis=None)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_writes_every_format_the_same_in_any_order_of_rows(method, tmp_path):
    years = method in ("shift-share", "volatility", "recovery")
    matrix = written(tmp_path, YEARS if years else JOBS.to_csv())
    mixed = written(tmp_path, YEARS if years else JOBS.iloc[::-1].to_csv(), "mixed.csv")
    extra = ()
    if "neighbours" in METHODS[method].heeds:
        extra = ("--neighbours", written(tmp_path, PAIRS, "pairs.csv"))
    heeds = METHODS[method].heeds
    if "scheme" in heeds:
        extra = ("--scheme", "observatory_2007_2012")
    if "peak_years" in heeds:
        extra = ("--peak-years", "2013", "--fall-years", "2014")
    if "peers" in heeds:
        pairs = written(tmp_path, PAIRS, "pairs.csv")
        signs = written(tmp_path, "indicator,direction\nC28,1\n", "signs.csv")
        extra = ("--peers", pairs, "--directions", signs, "--peers-min", 1)
    for suffix in ("csv", "parquet", "xlsx"):
        assert run(method, matrix, "--out", tmp_path / f"a.{suffix}", *extra).exit_code == 0
    one = pd.read_csv(tmp_path / "a.csv", keep_default_na=False, na_values=[""])
    np.testing.assert_array_equal(one.columns, pd.read_parquet(tmp_path / "a.parquet").columns)
    assert run(method, mixed, "--out", tmp_path / "b.csv", *extra).exit_code == 0
    two = pd.read_csv(tmp_path / "b.csv", keep_default_na=False, na_values=[""])
    labels = [name for name in one.columns if one[name].dtype == "str" or name == "year"]
    keys = [
        name for name in labels if name in ("geo", "region", "peer", "activity", "indicator", "kind", "code")
    ]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), two.sort_values(keys, ignore_index=True), rtol=1e-12
    )


def test_help_names_every_method():
    text = CliRunner().invoke(alp, ["specialisation", "--help"]).output
    assert [name for name in METHODS if name not in text.split()] == []


def test_a_choice_that_would_do_nothing_is_refused(jobs):
    with pytest.raises(BenchmarkInputError, match=r"herfindahl: --threshold does nothing here"):
        run("herfindahl", jobs, "--out", jobs.parent / "o.csv", "--threshold", 2)
    with pytest.raises(BenchmarkInputError, match="2 matrices"):
        run("lq", jobs, jobs, "--out", jobs.parent / "o.csv")


def test_wrong_input_ends_with_two_and_one_line_and_writes_nothing(jobs, monkeypatch, capsys):
    out = jobs.parent / "o.csv"
    monkeypatch.setattr("sys.argv", ["alp", "specialisation", "krugmann", str(jobs), "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "there is no method 'krugmann'" in capsys.readouterr().err
    assert not out.exists()


def test_the_json_summary_counts_states(tmp_path):
    said = run("lq", written(tmp_path, HIDDEN), "--out", tmp_path / "o.csv", "--json")
    answer = json.loads(said.output)
    assert answer["rows"] == 3
    assert answer["states"] == {"confidential": 1, "undetermined": 8}
    assert "--reference published" in answer["grand_total"]
    asked = ("--reference", "published", "--json")
    answer = json.loads(run("lq", tmp_path / "jobs.csv", "--out", tmp_path / "o.csv", *asked).output)
    assert answer["states"] == {"confidential": 1, "reported": 6, "undetermined": 2}
    assert "grand_total" not in answer
