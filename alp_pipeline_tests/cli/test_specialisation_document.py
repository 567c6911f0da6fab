"""The analysts' page of `alp specialisation` says what there is, and its examples are true."""

from pathlib import Path

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


def test_the_examples_of_the_analysts_page_are_true(tmp_path):
    text = DOCUMENT.read_text(encoding="utf-8")
    matrix = written(tmp_path, text.split("```csv\n")[1].split("```")[0])
    reference = written(tmp_path, "activity,value\nC10,300\nC28,50\nC29,150\nI55,500\n", "eu.csv")
    for method, asked in (("lq-interval", ["--reference", reference]), ("entropy", [])):
        out = tmp_path / "out.csv"
        assert run(method, matrix, "--groups", "nace", "--out", out, *asked).exit_code == 0
        shown = text.split(f"$ alp specialisation {method}")[1].split("```")[0].splitlines()[1:]
        assert set(shown) <= set(out.read_text(encoding="utf-8").splitlines())
