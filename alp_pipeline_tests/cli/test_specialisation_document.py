"""The analysts' page of `alp specialisation` says what there is, and its examples are true."""

import re
from pathlib import Path

import pandas as pd

from alp_pipeline.benchmark.on_files.methods import METHODS
from alp_pipeline_tests.cli.test_specialisation import run, written

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "specialisation.md"


def test_the_analysts_page_names_every_method_and_every_choice():
    from dataclasses import fields

    from alp_pipeline.benchmark.on_files.request import Choices

    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in METHODS if f"`{name}`" not in text] == []
    options = ["--" + field.name.replace("_", "-") for field in fields(Choices)]
    assert [option for option in options if option not in text] == []


REFERENCE = "activity,value\nC10,300\nC28,50\nC29,150\nI55,500\n"


def test_the_results_that_the_analysts_page_shows_are_true(tmp_path):
    text = DOCUMENT.read_text(encoding="utf-8")
    matrix = written(tmp_path, text.split("```csv\n")[1].split("```")[0])
    reference = written(tmp_path, REFERENCE, "eu.csv")
    for method, asked in (("lq-interval", ["--reference", reference]), ("entropy", [])):
        out = tmp_path / "out.csv"
        assert run(method, matrix, "--groups", "nace", "--out", out, *asked).exit_code == 0
        shown = text.split(f"$ alp specialisation {method}")[1].split("```")[0].splitlines()[1:]
        assert set(shown) <= set(out.read_text(encoding="utf-8").splitlines())


def test_every_command_of_the_analysts_page_runs(tmp_path, monkeypatch):
    text = DOCUMENT.read_text(encoding="utf-8")
    regions = ("AT33", "ITH1", "SI03", "DE21")
    counts = pd.DataFrame(
        [[60, 10, 5, 40], [20, 20, 30, 10], [5, 10, 30, 1], [50, 90, 80, 20]],
        index=pd.Index(regions, name="geo"),
        columns=["C10", "C28", "C29", "I55"],
    )
    years = {year: counts + year % 5 for year in range(2007, 2020)}
    files = {
        "sections.csv": text.split("```csv\n")[1].split("```")[0],
        "eu.csv": REFERENCE,
        "jobs.csv": counts.to_csv(),
        "2014.csv": years[2014].to_csv(),
        "2019.csv": years[2019].to_csv(),
        "jobs_by_year.csv": pd.concat(years, names=["year"]).reset_index("year").to_csv(),
        "structure.csv": (counts / 7).to_csv(),
        "indicators.csv": (counts - 20).to_csv(),
        "dimensions.csv": "variable,dimension\nC10,food\nC28,machines\nC29,machines\n",
        "signs.csv": "indicator,direction\nC10,1\nI55,-1\n",
    }
    for name, content in files.items():
        written(tmp_path, content, name)
    counts.to_excel(tmp_path / "jobs.xlsx", engine="xlsxwriter")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"alp specialisation (?!METHOD)([^`\n]+ --out \S+|shift-share 2014[^`\n]+)", text)
    assert len(commands) >= 9
    for command in commands:
        asked = command.split() + ([] if "--out" in command else ["--out", "out.csv"])
        assert run(*asked).exit_code == 0
