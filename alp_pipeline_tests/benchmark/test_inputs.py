"""A public function refuses what is not what its signature names: never a wrong number, nor a bare error."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError, IntArray
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.presence import without_unknown
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalisation import normalised
from alp_pipeline.benchmark.concentration import herfindahl
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline.benchmark.quotients import quotients, symmetric_quotients
from alp_pipeline.benchmark.ranks import places, rank_within
from alp_pipeline.benchmark.shift_share import shift_share

JOBS = pd.DataFrame({"C28": [10, 0], "I55": [0, 10]}, index=["A", "B"])
TWICE = pd.concat([JOBS, JOBS["C28"]], axis=1)


@pytest.mark.parametrize("function", [location_quotient, quotients, herfindahl, relatedness, complexity])
@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "jobs",
        [[1, 2]],
        JOBS["C28"],
        JOBS.to_numpy(),
        JOBS.iloc[:0],
        JOBS.astype(str) + "x",
        TWICE,
        -JOBS,
    ],
    ids=["none", "text", "list", "series", "array", "no_rows", "text_cells", "column_twice", "negative"],
)
def test_what_is_no_table_of_counts_is_refused_by_every_measure_of_one(function, wrong):
    with pytest.raises(BenchmarkInputError):
        function(wrong)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: symmetric_quotients(JOBS), "found: a DataFrame was given. Pass an ActivityTable"),
        (lambda: rank_within(JOBS, "AT33"), "perimeter_regions: text was given. Pass a list"),
        (lambda: location_quotient(JOBS, region_totals=[1, 2]), "region_totals: a list was given"),
        (lambda: location_quotient(JOBS, reference_total="20"), "Pass a number"),
        (lambda: quotients(JOBS, reference_total=-1), "reference_total: it is negative or infinite"),
        (lambda: without_unknown(JOBS), "M: A × C28 holds 10"),
        (lambda: Framework.of([1]), "table: a list was given. Pass a DataFrame"),
        (lambda: normalised(np.array([["a"]])), "values: a numpy array of <U1"),
        (lambda: normalised(np.eye(2), "rank", directions=[0, 1]), "neither 1 nor -1"),
        (lambda: normalised(np.eye(2), directions="up"), "directions: it is no array of numbers"),
    ],
)
def test_the_refusal_names_the_parameter_and_what_belongs_there(call, message):
    with pytest.raises(BenchmarkInputError, match=message):
        call()


@pytest.mark.parametrize(
    ("value", "group", "taking_part"),
    [([1.0, 2, 3], [0, 0], [True, True]), ([1.0, np.nan], [0, 0], [True, True]), ([[1.0]], [[0]], [[True]])],
)
def test_places_need_numbers_and_arrays_of_one_length(value, group, taking_part):
    with pytest.raises(BenchmarkInputError, match="value: "):
        places(np.array(value), np.array(group), np.array(taking_part))


def test_a_reference_that_lacks_an_activity_leaves_quotients_and_terms_unknown():
    found = quotients(JOBS, reference=pd.Series({"C28": 5}))
    assert set(found.states.to_numpy().ravel()) == {"not_available"}
    known = quotients(JOBS, reference=pd.Series({"C28": 5}), reference_total=10)
    assert known.values.loc["A", "C28"] == 2.0
    rows = pd.MultiIndex.from_product([["A"], [2013, 2014]], names=["region", "year"])
    table = ActivityTable.of(pd.DataFrame({"C28": [10, 12], "I55": [5, 6]}, index=rows))
    eu = pd.DataFrame({"C28": [100, 110]}, index=[2013, 2014])
    terms = shift_share(table, first_year=2013, last_year=2014, reference=eu)
    assert terms["national_share"].isna().all()


def test_arguments_that_a_signature_allows_pass_as_they_are():
    @checked
    def given(
        a: pd.Series | None, b: float = 1.0, *c: int, d: IntArray | None = None, **e: Any
    ) -> tuple[object, ...]:
        return a, b, c, d, e

    whole = np.array([1, 2])
    assert given(None, np.float64(2), 3, d=whole, e="x") == (None, 2.0, (3,), whole, {"e": "x"})
    with pytest.raises(BenchmarkInputError, match="d: a numpy array of float64"):
        given(None, d=np.array([1.5]))
    with pytest.raises(TypeError, match="missing"):
        given()
