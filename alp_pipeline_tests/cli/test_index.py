"""`alp index`: three files in, a folder out, and what a user is told."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import read_framework
from alp_pipeline.benchmark.composite.index import rebuild
from alp_pipeline.benchmark.composite.log import read_log
from alp_pipeline.benchmark.composite.units import read_units
from alp_pipeline.cli import alp
from alp_pipeline_tests.cli.index_document import recipe_named

FRAMEWORK = """Level,iCode,iName,Direction,Weight,Parent,Type
1,jobs,Jobs,1,1,index,Indicator
1,co2,Emissions,-1,1,index,Indicator
2,index,Index,1,1,,Aggregate
"""
DATA = """uCode,uName,jobs,co2
AT33,Tirol,10,5
CH05,Ostschweiz,30,4
SI04,Zahodna Slovenija,20,9
"""
RECIPE = {
    "id": "mean",
    "version": "1",
    "label": "Mean",
    "steps": [{"step": "normalise"}, {"step": "aggregate"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "meta.csv").write_text(FRAMEWORK, encoding="utf-8")
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    return tmp_path


def run(folder: Path, *more: str, data: str = "data.csv") -> Result:
    options = ("--framework", str(folder / "meta.csv"), "--recipe", str(folder / "recipe.yaml"))
    arguments = ["index", str(folder / data), *options, "--out", str(folder / "out"), *more]
    return CliRunner().invoke(alp, arguments)


def refused(folder: Path, *more: str, data: str = "data.csv") -> str:
    """The typed error, which `main` prints and turns into exit code 2."""
    result = run(folder, *more, data=data)
    assert isinstance(result.exception, BenchmarkInputError)
    assert not (folder / "out").exists()
    return str(result.exception)


def test_scores_and_ranks_are_written_under_the_names_of_the_data(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0
    assert (folder / "out" / "scores.csv").read_text(encoding="utf-8") == (
        "uCode,jobs,co2,index\nAT33,0.0,80.0,40.0\nCH05,100.0,100.0,100.0\nSI04,50.0,0.0,25.0\n"
    )
    assert (folder / "out" / "ranks.csv").read_text(encoding="utf-8") == (
        "uCode,index\nAT33,2\nCH05,1\nSI04,3\n"
    )
    assert result.stdout.splitlines()[0] == "index: 3 of 3 units have a score; first CH05, AT33, SI04"


def test_json_prints_one_object_and_nothing_else(folder: Path) -> None:
    (folder / "data.csv").write_text(DATA.replace("20,9", ":c,9"), encoding="utf-8")
    answer = json.loads(run(folder, "--json").stdout)
    assert answer["indices"] == [
        {"code": "index", "units": 3, "scored": 2, "undetermined": 1, "first": ["CH05", "AT33"]}
    ]
    assert set(answer["files"]) == {path.name for path in (folder / "out").iterdir()}


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_workbooks_and_parquet_give_what_csv_gives(folder: Path, suffix: str) -> None:
    table = pd.read_csv(folder / "data.csv")
    if suffix == ".xlsx":
        table.to_excel(folder / "data.xlsx", index=False, engine="xlsxwriter")
    else:
        table.to_parquet(folder / "data.parquet")
    run(folder)
    expected = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert run(folder, data=f"data{suffix}").exit_code == 0
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == expected


def test_the_recipe_may_name_the_framework_beside_it(folder: Path) -> None:
    with_framework = {**RECIPE, "framework": "meta.csv"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(with_framework), encoding="utf-8")
    arguments = [
        str(folder / "data.csv"),
        "--recipe",
        str(folder / "recipe.yaml"),
        "--out",
        str(folder / "out"),
    ]
    assert CliRunner().invoke(alp, ["index", *arguments]).exit_code == 0
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    result = CliRunner().invoke(alp, ["index", *arguments])
    assert "recipe.yaml: neither it nor the command names a framework" in str(result.exception)


def test_a_panel_keeps_its_years(folder: Path) -> None:
    rows = ["uCode,Time,jobs,co2", "AT33,2013,1,5", "AT33,2014,2,4", "CH05,2013,3,3", "CH05,2014,1,9"]
    (folder / "data.csv").write_text("\n".join(rows), encoding="utf-8")
    said = run(folder).stdout.splitlines()[0]
    assert said == "index: 4 of 4 units × years have a score; first in 2014 AT33, CH05"
    ranks = (folder / "out" / "ranks.csv").read_text(encoding="utf-8").splitlines()
    assert ranks == ["uCode,Time,index", "AT33,2013,2", "AT33,2014,1", "CH05,2013,1", "CH05,2014,2"]


def test_what_is_wrong_with_a_file_is_said_and_nothing_is_written(folder: Path) -> None:
    assert "nothing.csv: there is no such file" in refused(folder, data="nothing.csv")
    (folder / "data.csv").write_text(DATA.replace("30", "thirty"), encoding="utf-8")
    assert "data.csv: CH05 × jobs holds 'thirty'" in refused(folder)
    (folder / "data.csv").write_text(DATA.replace("jobs", "work"), encoding="utf-8")
    assert "data.csv: the column jobs is absent" in refused(folder)
    (folder / "meta.csv").write_text(FRAMEWORK.replace("-1", "0"), encoding="utf-8")
    assert "meta.csv: co2 has the direction 0" in refused(folder)
    (folder / "meta.csv").write_text(FRAMEWORK, encoding="utf-8")
    recipe = {**RECIPE, "steps": [{"step": "normalise", "method": "minmix"}, {"step": "aggregate"}]}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    assert "recipe.yaml: steps.0.method: 'minmix' does not exist. Use one of minmax," in refused(folder)


def test_a_spreadsheets_decimal_commas_are_read_in_data_and_framework_and_said(folder: Path) -> None:
    run(folder)
    expected = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    commas = DATA.replace(",", ";").replace("10;5", "10,0;5,0").replace("30;4", "30,0;4")
    (folder / "data.csv").write_text(commas, encoding="utf-8")
    meta = FRAMEWORK.replace(",", ";").replace("-1;1;", "-1;1,0;")
    (folder / "meta.csv").write_text(meta, encoding="utf-8")
    said = json.loads(run(folder, "--json").stdout)["remarks"]
    assert said == [
        "meta.csv: numbers of Weight have no plain decimal point: 1,0 was read as 1.0",
        "data.csv: numbers of jobs, co2 have no plain decimal point: 10,0 was read as 10.0",
    ]
    found = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert list(read_log(folder / "out" / "log.yaml").remarks) == said
    assert found.keys() == expected.keys()
    assert all(found[name] == expected[name] for name in found if name != "log.yaml")
    assert "note: data.csv: numbers of jobs, co2" in run(folder).stdout


def test_a_number_of_two_readings_is_refused_with_the_way_out(folder: Path) -> None:
    text = DATA.replace(",", ";").replace("10;5", "1,234;5").replace("30;4", "1.234;4")
    (folder / "data.csv").write_text(text, encoding="utf-8")
    assert "data.csv: '1,234' may be 1.234 or 1234" in refused(folder)
    assert "with a decimal point" in refused(folder)


def test_a_power_at_its_bound_and_an_importance_out_of_reach_are_said(folder: Path) -> None:
    rng = np.random.default_rng(4)
    co2 = rng.lognormal(size=30)
    jobs = np.exp(np.linspace(0, 3, 30)) / 1e4
    table = pd.DataFrame({"uCode": [f"R{n}" for n in range(30)], "jobs": jobs, "co2": co2})
    table.to_csv(folder / "data.csv", index=False)
    steps = [
        {"step": "treat", "method": "boxcox", "apply": "always", "by_indicator": {"co2": {"method": "none"}}},
        {"step": "normalise"},
        {"step": "weight", "method": "optimised", "importance": {"jobs": 1, "co2": 1e-9}},
        {"step": "aggregate"},
    ]
    (folder / "recipe.yaml").write_text(yaml.safe_dump({**RECIPE, "steps": steps}), encoding="utf-8")
    said = json.loads(run(folder, "--json").stdout)["remarks"]
    assert said[0].startswith("1_treat: Box-Cox's power is at the bound of its search (-5 to 5) for jobs:")
    assert "3_weight: no weights give" in said[-1] or len(said) == 1
    treated = pd.read_csv(folder / "out" / "details_1_treat_treatment.csv", index_col="indicator")
    assert treated["boxcox_at_bound"].to_dict() == {"jobs": True, "co2": False}


def test_what_a_killed_run_left_is_cleared_and_said(folder: Path) -> None:
    run(folder)
    scores = (folder / "out" / "scores.csv").read_bytes()
    nobody = 2**22 + 1  # above every process number
    (folder / "out").rename(folder / f"out.partial-{nobody}-ab-earlier")
    (folder / f"out.partial-{nobody}-cd").mkdir()
    (folder / "data.csv").write_text("unit\n", encoding="utf-8")
    result = run(folder)
    assert isinstance(result.exception, BenchmarkInputError)
    assert (folder / "out" / "scores.csv").read_bytes() == scores
    (folder / "out").rename(folder / f"out.partial-{nobody}-ab-earlier")
    (folder / "data.csv").write_text(DATA, encoding="utf-8")
    said = run(folder).stdout
    assert "note: the earlier result in out was brought back after a run that was killed" in said
    assert [path.name for path in folder.iterdir() if ".partial-" in path.name] == []


def test_draws_need_something_uncertain(folder: Path) -> None:
    assert "no uncertainty, draws has nothing to act on" in refused(folder, "--draws", "10")


def test_draws_and_seed_take_the_place_of_the_recipes_and_stand_in_the_log(folder: Path) -> None:
    uncertain = {**RECIPE, "uncertainty": {"draws": 9, "seed": 1, "method": [{"distribution": "simplex"}]}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(uncertain), encoding="utf-8")

    def intervals(*more: str) -> str:
        assert run(folder, *more).exit_code == 0
        return (folder / "out" / "intervals.csv").read_text(encoding="utf-8")

    as_written, other_seed = intervals(), intervals("--draws", "40", "--seed", "2")
    log = read_log(folder / "out" / "log.yaml")
    assert (log.seed, log.recipe["uncertainty"]["draws"]) == (2, 40)
    table = pd.read_csv(folder / "out" / "intervals.csv", index_col="uCode")
    assert table["draws_ranked"].tolist() == [40, 40, 40]
    assert table["rank_nominal"].tolist() == [2, 1, 3]
    acceptability = pd.read_csv(folder / "out" / "rank_acceptability.csv", index_col="uCode")
    np.testing.assert_allclose(acceptability.sum(axis=1), 1)
    above = pd.read_csv(folder / "out" / "above.csv", index_col="uCode")
    assert above.loc["CH05", "AT33"] == 1
    sobol = pd.read_csv(folder / "out" / "sensitivity.csv")
    # One factor alone explains everything.
    assert sobol.loc[0, ["output", "factor"]].tolist() == ["mean_rank_change", "weights"]
    assert sobol.loc[0, "total"] == pytest.approx(1, abs=0.5)
    assert as_written != other_seed
    assert intervals() == as_written


def test_a_folder_of_someone_elses_is_refused_before_anything_is_computed(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.docx").write_bytes(b"mine")
    result = run(folder, data="nothing.csv")
    assert "the folder holds thesis.docx" in str(result.exception)


def test_usage_errors_exit_with_two(folder: Path) -> None:
    assert CliRunner().invoke(alp, ["index", str(folder / "data.csv")]).exit_code == 2
    assert run(folder, "--draws", "0").exit_code == 2


def test_the_real_asem_is_coinrs_stage_by_stage(realdata: Path, tmp_path: Path) -> None:
    """The documented recipe of docs/index.md, through the command, against COINr's files."""
    source = realdata / "composite"
    (tmp_path / "asem.yaml").write_text(recipe_named("asem_default"), encoding="utf-8")
    files = [str(source / "ASEM_iData.csv"), "--framework", str(source / "ASEM_iMeta.csv")]
    options = ["--recipe", str(tmp_path / "asem.yaml"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(alp, ["index", *files, *options])
    assert result.exit_code == 0, result.exception
    stages = {
        "step_0_raw": "1_Raw",
        "step_1_denominate": "2_Denominated",
        "step_2_impute": "3_Imputed",
        "step_3_screen": "4_Screened",
        "step_4_treat": "5_Treated",
        "step_5_normalise": "6_Normalised",
        "step_7_aggregate": "7_Aggregated",
        "scores": "7_Aggregated",
    }
    for ours, theirs in stages.items():
        expected = pd.read_csv(source / f"expected_default_{theirs}.csv", index_col="uCode").astype(float)
        found = pd.read_csv(tmp_path / "out" / f"{ours}.csv", index_col="uCode")
        pd.testing.assert_frame_equal(
            found.loc[expected.index, expected.columns].astype(float), expected, rtol=1e-9, atol=0
        )
    published = pd.read_csv(source / "expected_default_results.csv", index_col="uCode")
    ranks = pd.read_csv(tmp_path / "out" / "ranks.csv", index_col="uCode")
    assert ranks.loc[published.index, "Index"].tolist() == published["Rank"].tolist()
    treated = pd.read_csv(tmp_path / "out" / "details_4_treat_treatment.csv", index_col="indicator")
    theirs = pd.read_csv(source / "expected_default_treat_details.csv", index_col="iCode")
    assert treated["points"].loc[theirs.index].tolist() == theirs["winsorise.nwin"].fillna(0).tolist()


def test_the_log_of_the_folder_rebuilds_the_scores_to_the_last_bit(folder: Path) -> None:
    run(folder)
    framework = read_framework(folder / "meta.csv")
    again = rebuild(
        read_log(folder / "out" / "log.yaml"), read_units(folder / "data.csv", framework), framework
    )
    written = pd.read_csv(folder / "out" / "scores.csv", index_col="uCode")
    np.testing.assert_array_equal(again.scores.to_numpy(), written.to_numpy())
