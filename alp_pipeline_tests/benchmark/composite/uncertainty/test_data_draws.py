"""Which cells have a spread, how large, and what is drawn for them."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.uncertainty.data_draws import (
    CellSpread,
    cell_spreads,
    perturbed,
)
from alp_pipeline.benchmark.composite.uncertainty.spec import DataSpread
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline_tests.benchmark.composite.uncertainty.small_index import CODES, UNITS, data, units


def flags(**cells: str) -> pd.DataFrame:
    frame = pd.DataFrame("", index=UNITS, columns=CODES)
    for place, letters in cells.items():
        unit, code = place.split("_")
        frame.loc[unit, code] = letters
    return frame


def by_cell(table: UnitTable, spread: CellSpread) -> pd.DataFrame:
    sd = np.zeros(table.array.size)
    sd[slice(None) if spread.places is None else spread.places] = spread.sd
    return pd.DataFrame(sd.reshape(table.array.shape), index=table.index, columns=table.codes)


def test_a_flag_gives_its_cells_the_declared_spread_and_the_largest_letter_decides() -> None:
    table = units(flags=flags(AT_jobs="e", CH_jobs="P", DE_jobs="eu", FR_jobs="b"))
    (spread,) = cell_spreads(table, DataSpread(flags={"e": 0.05, "p": 0.02, "u": 0.2}))
    found = by_cell(table, spread)
    assert found["jobs"].tolist() == [0.05, 0.02, 0.2, 0, 0, 0, 0, 0]
    assert spread.cells == 3
    assert spread.declared.all()


def test_revisions_take_the_place_of_what_was_declared_for_e_and_p_only() -> None:
    table = units(flags=flags(AT_jobs="e", CH_jobs="u", DE_co2="e"))
    declared, revised = cell_spreads(table, DataSpread(flags={"e": 0.05, "u": 0.2}, revisions={"jobs": 0.01}))
    found = by_cell(table, declared)
    assert found.loc["AT", "jobs"] == 0.0
    assert found.loc["CH", "jobs"] == 0.2
    assert found.loc["DE", "co2"] == 0.05
    assert (by_cell(table, revised)["jobs"] == 0.01).all()
    assert revised.declared.all()  # a number that somebody typed


def test_of_revisions_typed_and_estimated_only_the_estimated_ones_stay_without_what_is_declared() -> None:
    evidence = {"relative_sd": 0.02, "revisions": 40, "vintages": ["2022", "2023"]}
    data = DataSpread.model_validate({"revisions": {"jobs": 0.01, "co2": evidence}})
    (spread,) = cell_spreads(units(), data)
    left = spread.estimated()
    assert left is not None
    assert by_cell(units(), spread)[["jobs", "co2"]].loc["AT"].tolist() == [0.01, 0.02]
    assert by_cell(units(), left)[["jobs", "co2"]].loc["AT"].tolist() == [0.0, 0.02]
    (typed,) = cell_spreads(units(), DataSpread(revisions={"jobs": 0.01}))
    assert typed.estimated() is None


def test_a_gap_has_no_spread_whatever_its_flag() -> None:
    table = units(flags=flags(CH_wages="e", AT_wages="e"))
    (spread,) = cell_spreads(table, DataSpread(flags={"e": 0.05}))
    assert spread.cells == 1


def test_concordance_scales_with_the_share_that_was_moved() -> None:
    table = units()
    moved = pd.DataFrame({"jobs": {"SI": 0.5, "AT": 1.0}})
    (spread,) = cell_spreads(table, DataSpread(concordance=0.04), converted=moved)
    found = by_cell(table, spread)
    assert found.loc["SI", "jobs"] == 0.02
    assert found.loc["AT", "jobs"] == 0.04
    assert spread.cells == 2
    (everywhere,) = cell_spreads(table, DataSpread(concordance=0.04))
    assert everywhere.cells == len(UNITS) * len(CODES) - 3
    (one,) = cell_spreads(table, DataSpread(concordance={"co2": 0.04}))
    assert one.cells == len(UNITS) - 1


@pytest.mark.parametrize(
    ("spread", "converted", "message"),
    [
        (DataSpread(revisions={"gdp": 0.1}), None, "gdp"),
        (DataSpread(concordance=0.1), pd.DataFrame({"gdp": {"AT": 1.0}}), "gdp"),
        (DataSpread(concordance=0.1), pd.DataFrame({"jobs": {"XX": 1.0}}), "XX"),
        (DataSpread(concordance=0.1), pd.DataFrame({"jobs": {"AT": 1.5}}), "share"),
    ],
)
def test_a_spread_of_what_is_not_there_is_refused_by_name(
    spread: DataSpread, converted: pd.DataFrame | None, message: str
) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        cell_spreads(units(), spread, converted=converted)


def test_drawn_cells_have_the_declared_spread_around_the_published_value() -> None:
    raw = np.array([[100.0, 0.0], [-50.0, np.nan]])
    places, sd = np.arange(3), np.array([0.1, 0.1, 0.2])
    z = np.random.default_rng(1).standard_normal((40_000, 3))
    spread = CellSpread("data_flags", places, sd, sd > 0, 3)
    drawn = perturbed(raw, (spread,), {"data_flags": z}, np.arange(len(z)))
    np.testing.assert_allclose(drawn.mean(axis=0)[0, 0], 100, atol=0.2)
    np.testing.assert_allclose(drawn.std(axis=0)[[0, 1], [0, 0]], [10, 10], rtol=0.02)
    assert (drawn[:, 0, 1] == 0).all()  # a relative error of zero is zero
    assert np.isnan(drawn[:, 1, 1]).all()


def test_errors_of_two_kinds_multiply_and_dense_spreads_are_the_same_as_sparse() -> None:
    raw, z = np.array([[10.0, 20.0]]), np.array([[1.0, -1.0]])
    both = np.array([True, True])
    sparse = CellSpread("a", np.array([0, 1]), np.array([0.1, 0.2]), both, 2)
    dense = CellSpread("b", None, np.array([0.5, 0.0]), both, 1)
    found = perturbed(raw, (sparse, dense), {"a": z, "b": z}, np.array([0]))
    np.testing.assert_allclose(found, [[[10 * 1.1 * 1.5, 20 * 0.8]]])
    other_way = CellSpread("b", np.array([0]), np.array([0.5]), both[:1], 1)
    same = perturbed(raw, (sparse, other_way), {"a": z, "b": z[:, :1]}, np.array([0]))
    np.testing.assert_allclose(found, same)


def test_a_cell_with_bounds_is_drawn_evenly_between_them() -> None:
    frame = data()
    frame.loc[0, "jobs"] = ":c"
    low = pd.DataFrame({"jobs": {"AT": 10.0}})
    table = units(frame, lower=low, upper=low + 30)
    (spread,) = cell_spreads(table, DataSpread(intervals="uniform"))
    u = np.random.default_rng(2).random((5000, 1))
    found = perturbed(table.array, (spread,), {"data_intervals": u}, np.arange(5000))[:, 0, 0]
    assert found.min() >= 10
    assert found.max() <= 40
    np.testing.assert_allclose([found.mean(), found.var()], [25, 900 / 12], rtol=0.03)
