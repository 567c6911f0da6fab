"""The step `aggregate`: COINr's ASEM, levels, hidden cells and their intervals, panels."""

import itertools

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregate import aggregate
from alp_pipeline.benchmark.composite.aggregation import METHODS
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalise import normalise
from alp_pipeline.benchmark.composite.ranking import rank_table
from alp_pipeline.benchmark.composite.units import UnitTable

# Every method with parameters, for what must hold whichever is chosen.
SPECS = [
    {"method": "arithmetic"},
    {"method": "geometric"},
    {"method": "harmonic"},
    {"method": "generalised", "power": 3},
    {"method": "generalised", "power": -2},
    {"method": "copeland"},
    {"method": "copeland", "score": "wins"},
    {"method": "mpi"},
    {"method": "mpi", "penalty": "plus"},
    {"method": "ampi"},
    {"method": "ampi", "reference": "u3"},
    {"method": "p2_distance"},
    {"method": "benefit_of_the_doubt"},
    {"method": "benefit_of_the_doubt", "share_min": 0.1, "share_max": 0.9},
]


def table(framework: Framework, rows: int = 9, seed: int = 1, **cells: object) -> UnitTable:
    """Units u0, u1, … with numbers from 1 to 100; `cells` replaces some: u0_a=":c"."""
    codes = framework.indicators
    values = np.random.default_rng(seed).uniform(1, 100, (rows, len(codes))).round(2)
    data = pd.DataFrame(values, columns=list(codes)).astype(object)
    data.insert(0, "unit", [f"u{n}" for n in range(rows)])
    bounds = {"lower": {}, "upper": {}}
    for name, cell in cells.items():
        unit, code = name.split("_")
        place = (data.index[data["unit"] == unit][0], code)
        data.loc[place] = ":c" if isinstance(cell, tuple) else cell
        for end, value in zip(bounds, cell if isinstance(cell, tuple) else (), strict=False):
            bounds[end].setdefault(code, {})[unit] = value
    ends = {end: pd.DataFrame(found, dtype="float64") if found else None for end, found in bounds.items()}
    return UnitTable.of(data, framework, **ends)


def test_asem_is_aggregated_and_ranked_as_by_coinr(asem_units, asem_framework, asem_stage):
    stage = asem_stage("6_Normalised").reindex(columns=asem_units.codes).astype(float)
    result = aggregate(asem_units.with_values(stage), asem_framework)
    expected = asem_stage("7_Aggregated")
    found = result.units.values.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False, rtol=1e-9)
    published = asem_stage("results")
    ranks = rank_table(result.units, ["Index"])["Index"]
    assert ranks.loc[published.index].tolist() == published["Rank"].tolist()
    assert (result.units.states == "reported").to_numpy().all()
    assert (result.details["availability"] == 1).to_numpy().all()


def test_asem_under_other_means_is_the_definition_written_out(asem_units, asem_framework, asem_stage):
    treated = asem_units.with_values(asem_stage("5_Treated").reindex(columns=asem_units.codes).astype(float))
    scaled = normalise(treated, asem_framework, low=1, high=100).units
    found = aggregate(scaled, asem_framework, methods=["geometric", "harmonic", "arithmetic"]).units.values
    kids = asem_framework.children
    for unit in ("CHE", "AUT", "SVN"):
        x = scaled.values.loc[unit]
        pillars = {
            pillar: np.exp(np.mean([np.log(x[code]) for code in kids(pillar)]))
            for pillar in asem_framework.codes(2)
        }
        halves = [1 / np.mean([1 / pillars[p] for p in kids(half)]) for half in kids("Index")]
        assert found.loc[unit, "Index"] == pytest.approx(np.mean(halves), rel=1e-12)


def test_columns_are_the_indicators_and_then_every_level(two_pillars):
    units = table(two_pillars)
    scores = aggregate(units, two_pillars).units
    assert scores.codes == ("a", "b", "c", "d", "P", "Q", "I")
    pd.testing.assert_frame_equal(scores.values[list("abcd")], units.values)
    np.testing.assert_allclose(scores.values["I"], units.values.mean(axis=1), rtol=1e-12)


def test_weights_count_within_their_parent_only(two_pillars):
    units = table(two_pillars)
    weighted = two_pillars.with_weights({"a": 3, "P": 9})
    found = aggregate(units, weighted).units.values
    x = units.values
    np.testing.assert_allclose(found["P"], (3 * x["a"] + x["c"]) / 4, rtol=1e-12)
    np.testing.assert_allclose(found["I"], (9 * found["P"] + found["Q"]) / 10, rtol=1e-12)


def test_a_missing_cell_is_passed_over_and_a_hidden_one_is_not(two_pillars):
    scores = aggregate(table(two_pillars, u0_a=None, u1_a=":c"), two_pillars).units
    x = scores.values
    assert x.loc["u0", "P"] == x.loc["u0", "c"]
    assert scores.states.loc["u0", ["P", "I"]].tolist() == ["reported", "reported"]
    assert x.loc["u1", ["P", "I"]].isna().all()
    assert scores.states.loc["u1", ["P", "Q", "I"]].tolist() == ["undetermined", "reported", "undetermined"]
    assert x.loc["u1", "Q"] == pytest.approx(x.loc["u1", ["b", "d"]].mean())


@pytest.mark.parametrize("parameters", SPECS)
def test_what_rests_on_a_hidden_cell_is_undetermined_whatever_the_method(two_pillars, parameters):
    scores = aggregate(table(two_pillars, u1_a=":c"), two_pillars, **parameters).units
    assert scores.states.loc["u1", ["P", "I"]].tolist() == ["undetermined", "undetermined"]
    assert scores.values.loc["u1", ["P", "I"]].isna().all()
    others = scores.values.drop(index="u1")
    assert others.notna().to_numpy().all()


@pytest.mark.parametrize("parameters", SPECS)
def test_a_hidden_cell_without_weight_hides_nothing(two_pillars, parameters):
    framework = two_pillars.with_weights({"a": 0})
    scores = aggregate(table(two_pillars, u1_a=":c"), framework, **parameters).units
    assert scores.states.loc["u1", ["P", "I"]].tolist() == ["reported", "reported"]
    known = aggregate(table(two_pillars), framework, **parameters).units
    np.testing.assert_allclose(scores.values[["P", "Q", "I"]], known.values[["P", "Q", "I"]], rtol=1e-12)


def test_a_unit_below_the_least_availability_has_no_score(two_pillars):
    units = table(two_pillars, u0_a=None, u1_b=None, u1_d=None)
    result = aggregate(units, two_pillars, availability_min=0.6)
    states = result.units.states
    assert states.loc["u0", ["P", "Q", "I"]].tolist() == ["not_available", "reported", "not_available"]
    assert result.details["availability"].loc["u0"].tolist() == [0.5, 1.0, 0.5]
    lenient = aggregate(
        units, two_pillars, by_level={1: {"availability_min": 1}, 2: {"availability_min": 0.5}}
    )
    assert lenient.units.values.loc["u0", "I"] == lenient.units.values.loc["u0", "Q"]
    assert lenient.units.values.loc["u1", "I"] == lenient.units.values.loc["u1", "P"]


def test_how_much_rests_on_imputed_numbers_is_said(two_pillars):
    units = table(two_pillars)
    flags = units.flags.copy()
    flags.loc["u0", ["a", "b"]] = ["i", "ei"]
    marked = units.with_values(units.values, flags=flags)
    imputed = aggregate(marked, two_pillars.with_weights({"a": 3})).details["imputed"]
    assert imputed.loc["u0"].tolist() == [0.75, 0.5, 0.625]
    assert (imputed.drop(index="u0") == 0).to_numpy().all()


@pytest.mark.parametrize("parameters", SPECS)
def test_bounds_of_a_cell_become_bounds_of_the_scores_above(two_pillars, parameters):
    """Held against the index that each end would give, with what is learnt from the known numbers."""
    ends = (20.0, 60.0)
    hidden = aggregate(table(two_pillars, u1_a=ends), two_pillars, **parameters).units
    low, high = (float(bound.loc["u1", "P"]) for bound in (hidden.lower, hidden.upper))
    # Under the benefit of the doubt a unit may be at the top whatever the hidden number is.
    at_the_top = parameters["method"] == "benefit_of_the_doubt" and low == 1
    assert low < high or at_the_top
    assert hidden.values.loc["u1", "P":].drop("Q").isna().all()
    assert float(hidden.lower.loc["u1", "I"]) < float(hidden.upper.loc["u1", "I"]) or at_the_top
    if parameters["method"] in ("arithmetic", "geometric", "harmonic", "generalised", "copeland"):
        for value, expected in zip(ends, (low, high), strict=True):
            known = aggregate(table(two_pillars, u1_a=value), two_pillars, **parameters).units
            assert known.values.loc["u1", "P"] == pytest.approx(expected)
    only = hidden.lower.notna().to_numpy().sum()
    assert only == 3  # a itself, P and I of u1


def test_bounds_that_several_hidden_cells_leave_open_contain_every_index_that_is_possible(two_pillars):
    cells = {"u1_a": (10.0, 30.0), "u1_b": (5.0, 80.0), "u1_d": (40.0, 41.0)}
    for method in ("arithmetic", "geometric"):
        hidden = aggregate(table(two_pillars, **cells), two_pillars, method=method).units
        tried = []
        for values in itertools.product(*[np.linspace(*ends, 3) for ends in cells.values()]):
            known = table(two_pillars, **dict(zip(cells, values, strict=True)))
            tried.append(aggregate(known, two_pillars, method=method).units.values.loc["u1", "I"])
        assert hidden.lower.loc["u1", "I"] == pytest.approx(min(tried))
        assert hidden.upper.loc["u1", "I"] == pytest.approx(max(tried))


def test_one_hidden_cell_without_bounds_leaves_everything_above_open(two_pillars):
    units = table(two_pillars, u1_a=(10.0, 30.0), u1_b=":c")
    scores = aggregate(units, two_pillars).units
    assert scores.lower.loc["u1"].notna().tolist() == [True, False, False, False, True, False, False]


def test_a_bound_that_the_method_is_not_defined_for_gives_no_bounds(two_pillars):
    units = table(two_pillars, u1_a=(-5.0, 30.0))
    assert aggregate(units, two_pillars, method="geometric").units.lower.loc["u1", "P":].isna().all()
    assert aggregate(units, two_pillars).units.lower.loc["u1", "P":].notna().tolist() == [True, False, True]
    doubt = aggregate(units, two_pillars, method="benefit_of_the_doubt").units
    assert doubt.lower.loc["u1", "P":].isna().all()


def test_bounds_of_a_cell_that_is_only_missing_are_not_used(two_pillars):
    ends = pd.DataFrame({"a": [1.0]}, index=["u1"])
    data = table(two_pillars).values.astype(object)
    data.loc["u1", "a"] = None
    units = UnitTable.of(data.reset_index(), two_pillars, lower=ends, upper=ends + 9)
    scores = aggregate(units, two_pillars).units
    assert scores.values.loc["u1", "P"] == scores.values.loc["u1", "c"]
    assert scores.lower.loc["u1", "P":].isna().all()


@pytest.mark.parametrize("parameters", SPECS)
def test_nothing_depends_on_a_number_that_its_state_hides(two_pillars, parameters):
    ends = pd.DataFrame({"a": [10.0]}, index=["u1"])
    states = pd.DataFrame({"a": ["confidential"]}, index=["u1"])
    found = []
    for secret in (11.0, 29.0):
        data = table(two_pillars, u1_a=secret).values.reset_index()
        units = UnitTable.of(data, two_pillars, states=states, lower=ends, upper=ends + 20)
        found.append(aggregate(units, two_pillars, **parameters))
    one, other = found
    for name in ("values", "states", "lower", "upper"):
        pd.testing.assert_frame_equal(getattr(one.units, name), getattr(other.units, name), rtol=0, atol=0)
    for name, detail in one.details.items():
        pd.testing.assert_frame_equal(detail, other.details[name], rtol=0, atol=0)
    assert one.units.values.loc["u1", ["a", "P", "I"]].isna().all()


@pytest.mark.parametrize("parameters", SPECS)
def test_rows_and_columns_in_another_order_give_the_same_scores_to_the_last_bit(two_pillars, parameters):
    units = table(two_pillars, rows=12, u1_a=(20.0, 50.0), u5_b=None)
    turned = Framework.of(two_pillars.table.iloc[::-1])
    data = units.values.astype(object)
    data.loc["u1", "a"] = ":c"
    order = np.random.default_rng(0).permutation(12)
    shuffled = UnitTable.of(
        data.iloc[order, ::-1].reset_index(), turned, lower=units.lower, upper=units.upper
    )
    expected, found = (
        aggregate(one, framework, **parameters).units
        for one, framework in ((units, two_pillars), (shuffled, turned))
    )
    columns = list(expected.codes)
    for name in ("values", "states", "lower", "upper"):
        ours, theirs = getattr(expected, name), getattr(found, name)
        assert theirs.loc[ours.index, columns].equals(ours)


def test_p2_distance_tells_its_order_and_its_factors(two_pillars):
    result = aggregate(table(two_pillars), two_pillars, methods=["p2_distance", "arithmetic"])
    told = result.details["p2_distance"]
    assert told[["level", "learnt_from", "parent", "code"]].values.tolist() == [
        [1, "all", "P", "a"],
        [1, "all", "P", "c"],
        [1, "all", "Q", "b"],
        [1, "all", "Q", "d"],
    ]
    x = result.units.values
    for parent, own in told.groupby("parent"):
        assert sorted(own["place"]) == [1, 2]
        parts = [
            (x[c] - x[c].min()) / x[c].std() * f for c, f in zip(own["code"], own["factor"], strict=True)
        ]
        np.testing.assert_allclose(x[parent], sum(parts), rtol=1e-12)


def panel(framework: Framework) -> UnitTable:
    one = table(framework, 6).values.reset_index().assign(time=2013)
    other = table(framework, 6, seed=2).values.reset_index().assign(time=2014)
    return UnitTable.of(pd.concat([one, other]), framework)


@pytest.mark.parametrize("parameters", [one for one in SPECS if one.get("reference") is None])
def test_a_panel_year_by_year_is_each_year_alone(two_pillars, parameters):
    units = panel(two_pillars)
    found = aggregate(units, two_pillars, reference_time="each", **parameters).units.values
    for time, seed in ((2013, 1), (2014, 2)):
        alone = aggregate(table(two_pillars, 6, seed), two_pillars, **parameters).units.values
        np.testing.assert_allclose(found.xs(time, level="time"), alone, rtol=1e-12)


def test_with_a_base_year_the_past_stays_and_the_present_is_measured_by_it(two_pillars):
    for parameters in ({"method": "ampi"}, {"method": "ampi", "reference": "u3"}, {"method": "p2_distance"}):
        found = aggregate(panel(two_pillars), two_pillars, reference_time=2013, **parameters).units.values
        alone = aggregate(table(two_pillars, 6), two_pillars, **parameters).units.values
        np.testing.assert_allclose(found.xs(2013, level="time")[["P", "Q"]], alone[["P", "Q"]], rtol=1e-12)
    assert aggregate(
        panel(two_pillars), two_pillars, method="ampi", reference="u3", reference_time=2013
    ).units.values.loc[("u3", 2013), "P"] == pytest.approx(100)
    with pytest.raises(BenchmarkInputError, match="compares all rows"):
        aggregate(panel(two_pillars), two_pillars, method="copeland", reference_time=2013)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "median"}, "'median' is not a method"),
        ({"methods": ["arithmetic"]}, "1 methods are given for 2 levels"),
        ({"power": 2}, "'power' is not a parameter"),
        ({"availability_min": 2}, "availability_min is 2"),
        ({"by_level": {3: {"method": "mpi"}}}, "by_level names level 3"),
        ({"by_level": {1: {"power": 2}}}, "level 1: 'power' is not a parameter"),
        ({"method": "generalised"}, "power is None"),
        ({"method": "ampi", "reference": "ZZ"}, "'ZZ' is not in the table"),
        ({"reference_time": 2013}, "the table has one time"),
    ],
)
def test_what_makes_no_sense_is_refused(two_pillars, parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        aggregate(table(two_pillars), two_pillars, **parameters)


def test_a_number_that_a_mean_is_not_defined_for_is_named(two_pillars):
    with pytest.raises(BenchmarkInputError, match="u4 × c is 0"):
        aggregate(table(two_pillars, u4_c=0), two_pillars, method="geometric")


def test_a_framework_of_one_level_has_nothing_to_aggregate():
    framework = Framework.of(
        pd.DataFrame({"code": ["a"], "level": 1, "parent": None, "direction": 1, "type": "Indicator"})
    )
    result = aggregate(table(framework), framework)
    assert result.units.codes == ("a",)


def test_one_unit_has_a_mean_and_nothing_to_be_compared_with(two_pillars):
    alone = table(two_pillars, 1)
    assert aggregate(alone, two_pillars).units.values["I"].notna().all()
    assert aggregate(alone, two_pillars, method="copeland").units.values["I"].tolist() == [0.0]
    for method in ("mpi", "ampi", "p2_distance"):
        with pytest.raises(BenchmarkInputError):
            aggregate(alone, two_pillars, method=method)


def test_every_method_is_tried():
    assert {one["method"] for one in SPECS} == set(METHODS)
