"""Every method answers or refuses by name, whatever the matrix; no answer holds a number that it must not."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.on_files.methods import METHODS, compute
from alp_pipeline.benchmark.stars import StarCriterion, StarScheme

MATRICES = {
    "one cell": "geo,C28\nA,5\n",
    "zeros": "geo,C28,I55\nA,0,0\nB,0,0\n",
    "all missing": "geo,C28,I55\nA,,\nB,,\n",
    "all hidden": "geo,C28,I55\nA,:c,:c\nB,:c,:c\n",
    "an empty region": "geo,C28,I55,J62\nA,0,0,0\nB,5,3,1\nC,2,8,9\n",
    "an empty activity": "geo,C28,I55,J62\nA,0,1,2\nB,0,3,1\nC,0,8,9\n",
    "regions alike": "geo,C28,I55\nA,3,3\nB,3,3\n",
    "disconnected": "geo,C28,I55\nA,3,0\nB,0,3\n",
    "of all kinds": "geo,C28,I55,J62\nA,:c,1,\nB,4,3,1\nC,:m,8,9\nD,1,1,1\n",
    "one region": "geo,C28,I55\nA,3,4\n",
    "one activity": "geo,C28\nA,3\nB,4\n",
    "nothing can exist": "geo,C28,I55\nA,:m,:m\nB,1,2\n",
    "years": "geo,year,C28,I55\nA,2013,3,4\nA,2014,:c,4\nB,2013,1,0\nB,2014,0,1\n",
}


def given(method: str, folder: Path) -> list[dict[str, Any]]:
    """The choices to try: none, and each that changes what a gap does."""
    heeds = METHODS[method].heeds
    base: dict[str, Any] = {}
    if "neighbours" in heeds:
        base["neighbours"] = folder / "pairs.csv"
        base["neighbours"].write_text("region,neighbour\nA,B\nB,C\nC,D\n", encoding="utf-8")
    if "scheme" in heeds:
        base["scheme"] = StarScheme("lq", "1", (StarCriterion("specialisation", "threshold", 1.5),))
    if "peak_years" in heeds:
        base |= {"peak_years": "2013", "fall_years": "2014"}
    more = {"groups": "nace", "reference": "published", "unknown": "fewest"}
    return [base, *({**base, name: value} for name, value in more.items() if name in heeds)]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_degenerate_matrix_gets_an_answer_or_a_refusal_that_says_what_to_do(method, tmp_path):
    path = tmp_path / "matrix.csv"
    for text in MATRICES.values():
        path.write_text(text, encoding="utf-8")
        for choices in given(method, tmp_path):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    found = compute(method, (path,), choices)
                except BenchmarkInputError:  # says what, where, and what to do; nothing else may be raised
                    continue
            assert len(found.table.columns) > 1


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_matrix_of_hidden_cells_gives_no_number_at_all(method, tmp_path):
    path = tmp_path / "matrix.csv"
    path.write_text(MATRICES["all hidden"], encoding="utf-8")
    for choices in given(method, tmp_path):
        try:
            found = compute(method, (path,), choices).table
        except BenchmarkInputError:
            continue
        # How many stars are certain and possible is no figure of a cell.
        counted = [name for name in found if name.startswith(("stars_", "grade_")) or name == "unjudged"]
        numbers = found.drop(columns=counted).select_dtypes("number")
        assert numbers.isna().all(axis=None), (method, choices, found)


def test_each_method_heeds_only_choices_that_there_are():
    from dataclasses import fields

    from alp_pipeline.benchmark.on_files.request import Choices

    known = {field.name for field in fields(Choices)}
    heeded = set().union(*(method.heeds for method in METHODS.values()))
    assert heeded <= known
    # And no choice is there for nothing.
    assert known - heeded == {"sheet", "year", "total_column", "total_row"}


def test_a_frame_of_the_callers_is_never_changed(tmp_path):
    path = tmp_path / "matrix.csv"
    path.write_text(MATRICES["of all kinds"], encoding="utf-8")
    before = path.read_bytes()
    compute("lq", (path,), {})
    assert path.read_bytes() == before
    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.quotients import quotients
    from alp_pipeline.benchmark.structure import structure

    values = pd.DataFrame({"C28": [3.0, None], "I55": [1.0, 4.0]}, index=["A", "B"])
    copy = values.copy(deep=True)
    structure(ActivityTable.of(values), {"C28": "C", "I55": "I"})
    quotients(values)
    pd.testing.assert_frame_equal(values, copy, check_exact=True)


def test_what_a_method_refuses_of_the_matrix_names_its_file(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text(MATRICES["years"], encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match=r"jobs\.csv: the matrix has several years"):
        compute("eci", (path,), {})


def test_complexity_without_a_direction_asks_for_the_option_that_gives_one(tmp_path) -> None:
    matrix = tmp_path / "m.csv"
    matrix.write_text("geo,V,W,X,Y,Z\nA,1,1,0,0,0\nB,0,1,1,0,0\nC,0,0,1,1,0\nD,0,0,0,1,1\n", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match="Pass --anchor FILE with columns region, value"):
        compute("eci", (matrix,), {})
    anchor = tmp_path / "anchor.csv"
    anchor.write_text("region,value\nA,1\nB,2\nC,3\nD,4\n", encoding="utf-8")
    assert compute("eci", (matrix,), {"anchor": anchor}).table["eci"].is_monotonic_increasing
