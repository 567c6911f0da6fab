"""Sobol indices of a recipe's factors: zero where nothing depends on one, whole where all does."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.uncertainty.compile import compiled
from alp_pipeline.benchmark.composite.uncertainty.draws import block_draws
from alp_pipeline.benchmark.composite.uncertainty.sensitivity import SensitivityResult, sensitivity
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

NORMALISATION = {
    "factor": "normalisation",
    "step": "normalise",
    "alternatives": [{"method": "minmax"}, {"method": "rank"}],
}
IDENTICAL = {"factor": "same", "step": "aggregate", "alternatives": [{"method": "arithmetic"}] * 3}
SPEC: dict[str, Any] = {
    "seed": 3,
    "method": [NORMALISATION, IDENTICAL, {"distribution": "simplex"}],
    "data": {"flags": {"e": 0.1}},
}


def run(spec: dict[str, Any], n: int = 100, **given: Any) -> SensitivityResult:
    flags = pd.DataFrame("e", index=small.UNITS, columns=small.CODES)
    recipe = small.recipe(spec)
    return sensitivity(small.units(flags=flags), small.framework(), recipe, n=n, **given)


@pytest.fixture(scope="module")
def found() -> SensitivityResult:
    return run(SPEC, workers=1, ranks_of=["AT"], scores_of=["SI"])


def test_a_factor_with_identical_alternatives_has_no_index_at_all(found: SensitivityResult) -> None:
    for indices in found.outputs.values():
        assert indices.table.loc["same"].tolist() == [0.0] * 6


def test_one_factor_alone_has_everything() -> None:
    only = run({"seed": 1, "method": [{"distribution": "simplex"}, IDENTICAL]}, n=1500, bootstrap=0)
    table = only.indices.table
    np.testing.assert_allclose(table.loc["weights"], [1, np.nan, np.nan] * 2, atol=0.15)
    assert table.loc["same", "total"] == 0


def test_identical_alternatives_alone_leave_nothing_to_explain() -> None:
    indices = run({"method": [IDENTICAL]}, n=20).indices
    assert indices.variance == 0
    assert (indices.table == 0).all(axis=None)


def test_total_is_not_below_first_order_beyond_sampling_error() -> None:
    table = run(SPEC, n=800).indices.table
    assert (table["total"] >= table["first_order"] - 0.12).all()


def test_the_number_of_workers_does_not_show(found: SensitivityResult) -> None:
    again = run(SPEC, workers=2, ranks_of=["AT"], scores_of=["SI"])
    pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)
    assert again.manifest == found.manifest


def test_another_seed_gives_other_indices(found: SensitivityResult) -> None:
    other = run(SPEC | {"seed": 4})
    assert (other.indices.table.loc["weights"] != found.indices.table.loc["weights"]).all()


def test_indices_are_those_of_the_design_written_out() -> None:
    # 16 rows are one block: A, B and each A_B^(i), run one by one.
    n, spec = 16, UncertaintySpec.model_validate(SPEC)
    flags = pd.DataFrame("e", index=small.UNITS, columns=small.CODES)
    made = compiled(small.units(flags=flags), small.framework(), small.recipe(), spec)
    a, b = (block_draws(made.factors, seed=3, purpose=f"saltelli_{one}", block=0, draws=n) for one in "ab")
    nominal = pd.Series(made.nominal, made.units).rank(ascending=False)

    def output(drawn: dict[str, np.ndarray]) -> np.ndarray:
        ranks = pd.DataFrame(made.scores(drawn, n), columns=made.units).rank(axis=1, ascending=False)
        return (ranks - nominal).abs().mean(axis=1).to_numpy()

    y_a, y_b = output(a), output(b)
    both = np.concatenate([y_a, y_b])
    variance = np.var(both, ddof=1)
    table = run(SPEC, n=n, bootstrap=0).indices.table
    for factor in spec.factors:
        y = output({**a, factor: b[factor]})
        first = np.mean((y_b - both.mean()) * (y - y_a)) / variance
        expected = [first, np.sum((y_a - y) ** 2) / (2 * n * variance)]
        np.testing.assert_allclose(table.loc[factor, ["first_order", "total"]].tolist(), expected, atol=1e-12)


def test_the_score_of_one_unit_is_an_output_of_its_own(found: SensitivityResult) -> None:
    assert list(found.outputs) == ["mean_rank_change", "score:SI", "rank:AT"]
    assert found.indices is found.outputs["mean_rank_change"]
    assert found.table.shape == (12, 8)


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        (SPEC, {"n": 1}, "n is 1"),
        (SPEC, {"ranks_of": ["XX"]}, "XX"),
        ({"method": [], "data": {}}, {}, "nothing is said"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    spec: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        run(spec, **given)


def test_a_step_missing_from_the_recipe_fails_and_is_not_skipped() -> None:
    nominal = small.recipe()
    without = nominal.model_copy(update={"steps": (*nominal.steps[:1], *nominal.steps[2:])})
    treat = NORMALISATION | {"step": "treat", "alternatives": [{"method": "none"}]}
    spec = UncertaintySpec.model_validate({"method": [treat]})
    with pytest.raises(BenchmarkInputError, match="treat, which the recipe does not have"):
        sensitivity(small.units(), small.framework(), without, spec, n=4)


def test_a_unit_without_a_rank_cannot_be_an_output() -> None:
    frame = small.data()
    frame.loc[0, "jobs"] = ":c"
    recipe = small.recipe({"method": [NORMALISATION]})
    with pytest.raises(BenchmarkInputError, match="rank:AT has no number"):
        sensitivity(small.units(frame), small.framework(), recipe, n=4, ranks_of=["AT"])
