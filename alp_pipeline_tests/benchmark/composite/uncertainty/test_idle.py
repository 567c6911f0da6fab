"""A spread of data that has no cell to move is never passed over in silence."""

from typing import Any

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

NONE_CONVERTED = pd.DataFrame(0.0, index=small.UNITS, columns=small.CODES)
NOT_IMPUTED = [small.STEPS[0] | {"method": "none", "group": None}, *small.STEPS[1:]]


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        ({"flags": {"e": 0.05}}, {}, "data_flags moves no cell: no number carries.*Pass flags.*leave it out"),
        ({"intervals": "uniform"}, {}, "data_intervals moves no cell.*Pass bounds"),
        ({"concordance": 0.1}, {"converted": NONE_CONVERTED}, "data_concordance moves no cell.*converted="),
        ({"imputed": 0.1}, {"gaps": False}, "data_imputed moves no cell"),
        ({"imputed": "residual"}, {"gaps": False}, "data_imputed moves no cell"),
        ({"imputed": 0.1}, {"steps": NOT_IMPUTED}, "data_imputed moves no cell"),
    ],
)
def test_without_a_cell_to_move_it_is_refused_by_name_or_named_in_the_result(
    data: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    weights = {"draws": 10, "method": [{"distribution": "simplex"}]}
    recipe = small.recipe(weights | {"data": data}, given.pop("steps", None))
    units = small.units(small.data(gaps=given.pop("gaps", True)))
    for drawing, more in ((monte_carlo, {}), (sensitivity, {"n": 4, "bootstrap": 0})):
        with pytest.raises(BenchmarkInputError, match=message):
            drawing(units, small.framework(), recipe, **given, **more)
    found = monte_carlo(units, small.framework(), recipe, refuse_idle=False, **given)
    assert found.idle == (f"data_{next(iter(data))}",)
    bare = monte_carlo(units, small.framework(), small.recipe(weights, list(plain(recipe))))
    assert bare.idle == ()
    pd.testing.assert_frame_equal(found.scores, bare.scores)


def plain(recipe: Any) -> Any:
    for step in recipe.steps:
        yield {"step": step.step, **step.parameters}


def test_letters_of_which_one_is_there_and_a_declared_zero_are_no_silence() -> None:
    flags = pd.DataFrame("", index=small.UNITS, columns=small.CODES)
    flags.loc["AT", "jobs"] = "e"
    spec = {"draws": 5, "data": {"flags": {"e": 0.05, "u": 0.2}}}
    found = monte_carlo(small.units(flags=flags), small.framework(), small.recipe(spec))
    table = found.configuration.set_index("what")["cells"]
    assert table.to_dict() == {"e": 1, "u": 0}
    zero = {"draws": 5, "data": {"flags": {"e": 0.0}}}
    assert monte_carlo(small.units(), small.framework(), small.recipe(zero)).idle == ()


def test_concordance_of_which_nobody_said_what_was_converted_says_that_it_takes_every_number() -> None:
    spec = {"draws": 5, "data": {"concordance": 0.02}}
    table = monte_carlo(small.units(), small.framework(), small.recipe(spec)).configuration
    assert table["what"].tolist() == ["every number: nobody said which were converted"]
    some = pd.DataFrame({"jobs": {"AT": 1.0}})
    known = monte_carlo(small.units(), small.framework(), small.recipe(spec), converted=some).configuration
    assert known[["what", "cells"]].to_numpy().tolist() == [["converted cells", 1]]
