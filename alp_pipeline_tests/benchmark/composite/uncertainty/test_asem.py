"""COINr's ASEM example with an uncertainty section like that of its documentation, on the real table."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.composite.framework import Framework, read_framework
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity
from alp_pipeline.benchmark.composite.units import UnitTable, read_units

STEPS = [
    {"step": "denominate"},
    {"step": "impute", "method": "group_mean", "group": "EurAsia_group"},
    {"step": "screen", "availability_min": 0.9},
    {"step": "treat", "method": "winsorise", "max_points": 5, "then": "log_ct"},
    {"step": "normalise", "method": "minmax"},
    {"step": "aggregate", "method": "arithmetic"},
]
UNCERTAINTY: dict[str, Any] = {
    "draws": 1000,
    "seed": 20140101,
    "method": [
        {
            "factor": "imputation",
            "step": "impute",
            "alternatives": [
                {"method": "group_mean", "group": "EurAsia_group"},
                {"method": "mean"},
                {"method": "median"},
            ],
        },
        {
            "factor": "winsorising",
            "step": "treat",
            "alternatives": [{"max_points": 1}, {"max_points": 3}, {"max_points": 5}],
        },
        {
            "factor": "normalisation",
            "step": "normalise",
            "alternatives": [{"method": "minmax"}, {"method": "zscore"}, {"method": "rank"}],
        },
        {"factor": "weights", "distribution": "noise", "size": 0.25},
    ],
    "data": {"imputed": "residual", "concordance": 0.02},
}


@pytest.fixture(scope="module")
def asem(realdata: Path) -> tuple[UnitTable, Framework, Recipe]:
    folder = realdata / "composite"
    framework = read_framework(folder / "ASEM_iMeta.csv")
    recipe = {"id": "asem", "version": "1", "label": "ASEM", "steps": STEPS, "uncertainty": UNCERTAINTY}
    return read_units(folder / "ASEM_iData.csv", framework), framework, Recipe.of(recipe)


@pytest.fixture(scope="module")
def result(asem: tuple[UnitTable, Framework, Recipe]) -> UncertaintyResult:
    return monte_carlo(*asem)


def test_the_nominal_run_is_the_published_index(result: UncertaintyResult, realdata: Path) -> None:
    published = pd.read_csv(realdata / "composite" / "expected_default_results.csv", index_col="uCode")
    summary = result.summary.loc[published.index]
    np.testing.assert_allclose(summary["score_nominal"], published["Index"], atol=1e-9)
    assert summary["rank_nominal"].tolist() == published["Rank"].tolist()


def test_ranks_contain_the_nominal_one_and_waver_most_in_the_middle(result: UncertaintyResult) -> None:
    summary = result.summary.sort_values("rank_nominal")
    assert summary["rank_nominal"].between(summary["rank_best"], summary["rank_worst"]).all()
    width = (summary["rank_high"] - summary["rank_low"]).to_numpy()
    assert width[10:41].mean() > 2 * max(width[:2].mean(), width[-1])
    assert result.rank_acceptability.loc["CHE", [1, 2, 3]].sum() > 0.95


def test_single_imputations_and_few_points_move_ranks_less_than_normalisation(
    asem: tuple[UnitTable, Framework, Recipe],
) -> None:
    total = sensitivity(*asem, n=200, bootstrap=0).indices.table["total"]
    assert total["normalisation"] > 3 * max(total["imputation"], total["winsorising"])


def test_every_cell_of_the_real_table_is_accounted_for(
    result: UncertaintyResult, asem: tuple[UnitTable, Framework, Recipe]
) -> None:
    numbers = asem[0].array
    table = result.configuration.set_index("factor")
    imputed = table.loc["data_imputed"]
    first = imputed[imputed["what"].str.startswith("2_impute, alternative 1")]
    # A number without a denominator is a gap for the imputation, too.
    assert first["cells"].sum() == np.isnan(numbers).sum() + 2 == 65
    assert table.loc["data_concordance", "cells"] == (~np.isnan(numbers) & (numbers != 0)).sum()
