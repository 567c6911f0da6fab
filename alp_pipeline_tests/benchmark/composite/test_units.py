"""The units: every cell a number or a state, labels never mixed up, nothing changed in place."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.units import UnitTable, read_units

FRAMEWORK = Framework.of(
    pd.DataFrame(
        [
            ("a", 1, "I", 1, "Indicator"),
            ("b", 1, "I", 1, "Indicator"),
            ("I", 2, None, 1, "Aggregate"),
            ("side", None, None, None, "Group"),
            ("GDP", None, None, None, "Denominator"),
        ],
        columns=["code", "level", "parent", "direction", "type"],
    )
)
DATA = pd.DataFrame(
    {
        "uCode": ["AT", "CH", "NA"],
        "uName": ["Austria", "Switzerland", "Namibia"],
        "side": ["north", "", "south"],
        "a": [1.5, ":c", 0],
        "b": ["", 2, None],
        "GDP": [10, "c", ":"],
        "unused": ["x", "y", "z"],
    }
)


def table(**changes) -> UnitTable:
    return UnitTable.of(DATA.assign(**changes), FRAMEWORK)


def frame(column: str, *cells: object) -> pd.DataFrame:
    return pd.DataFrame({column: cells}, index=["AT", "CH", "NA"])


def test_coinr_s_data_are_read_as_they_are(asem_units, asem_stage):
    raw = asem_stage("1_Raw")
    pd.testing.assert_frame_equal(
        asem_units.values.loc[raw.index, raw.columns], raw.astype(float), check_names=False, check_exact=True
    )
    assert (asem_units.states == "not_available").to_numpy().sum() == 63
    assert not asem_units.is_panel  # its Time is 2018 throughout
    assert asem_units.names["CHE"] == "Switzerland"
    assert asem_units.groups.loc["CHE", "EurAsia_group"] == "Europe"


def test_a_cell_is_a_number_or_a_state():
    units = table()
    assert units.values["a"].fillna(-1).tolist() == [1.5, -1, 0]
    assert units.states["a"].tolist() == ["reported", "confidential", "reported"]
    assert units.states["b"].tolist() == ["not_available", "reported", "not_available"]
    assert units.denominators["GDP"].fillna(-1).tolist() == [10, -1, -1]
    assert units.denominator_states["GDP"].tolist() == ["reported", "confidential", "not_available"]
    assert units.groups["side"].isna().tolist() == [False, True, False]
    assert units.flags.to_numpy().tolist() == [["", ""]] * 3
    assert units.index.tolist() == ["AT", "CH", "NA"]


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("not_yet_published", "not_yet_published"),
        ("lost_in_concordance", "lost_in_concordance"),
        ("not_applicable", "not_applicable"),
        (":z", "not_applicable"),
        (" :C ", "confidential"),
        ("confidential", "confidential"),
        ("NA", "not_available"),
        (np.nan, "not_available"),
        (" 1.5 ", "reported"),
        ("-2e3", "reported"),
    ],
)
def test_the_words_of_a_cell_without_a_number(cell, state):
    assert table(a=[cell, 1, 2]).states.loc["AT", "a"] == state


@pytest.mark.parametrize("kind", ["Int64", "Float64", "double[pyarrow]", "float64", "object", "string"])
def test_a_column_of_any_type_says_the_same(kind):
    units = table(a=pd.Series([1, None, 3], dtype="object").astype(kind))
    assert units.values["a"].fillna(-1).tolist() == [1, -1, 3]
    assert units.states["a"].tolist() == ["reported", "not_available", "reported"]
    decimals = table(a=[Decimal("1.5"), Decimal("2"), None])
    assert decimals.values["a"].fillna(-1).tolist() == [1.5, 2, -1]


@pytest.mark.parametrize("cell", ["1,5", "n.v.", np.inf, "reported", True, 1j, pd.Timestamp("2014-01-01")])
def test_what_is_neither_number_nor_word_is_refused_by_unit_and_indicator(cell):
    with pytest.raises(BenchmarkInputError, match="CH × a holds"):
        table(a=pd.Series([1, cell, 2], dtype=object))


def test_a_state_given_beside_takes_the_number_away():
    units = UnitTable.of(DATA, FRAMEWORK, states=frame("a", "confidential", None, None))
    assert units.states["a"].tolist() == ["confidential", "confidential", "reported"]
    assert np.isnan(units.values.loc["AT", "a"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"states": frame("a", "reported", "reported", None)}, "CH × a is reported without a number"),
        ({"states": frame("a", "hidden", None, None)}, "AT × a has an unknown state"),
        ({"states": frame("z", None, None, None)}, "the column z is not in the data"),
        ({"flags": frame("a", "", "", "").rename(index={"NA": "SI"})}, "the unit SI is not in the data"),
        ({"lower": frame("b", 1, 1, 1)}, "one of the two bounds is absent"),
        (
            {"lower": frame("b", 3, 1, 1), "upper": frame("b", 2, 2, 2)},
            r"AT × b has the bounds 3\.0 and 2\.0",
        ),
        ({"lower": frame("b", 3, 1, 1), "upper": frame("b", None, 2, 2)}, "AT × b has the bounds"),
    ],
)
def test_states_flags_and_bounds_that_do_not_fit_are_refused(given, message):
    with pytest.raises(BenchmarkInputError, match=message):
        UnitTable.of(DATA, FRAMEWORK, **given)


def test_bounds_stay_only_where_there_is_no_number():
    units = UnitTable.of(DATA, FRAMEWORK, lower=frame("b", 1, 1, None), upper=frame("b", 4, 4, None))
    assert units.lower["b"].fillna(-1).tolist() == [1, -1, -1]
    assert units.upper["b"].fillna(-1).tolist() == [4, -1, -1]
    assert table().lower is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (DATA.drop(columns="uCode"), "no column says which unit"),
        (DATA[:0], "there are no units"),
        (DATA.drop(columns="b"), "the column b is absent"),
        (DATA.drop(columns="side"), "the column side is absent"),
        (DATA.drop(columns="GDP"), "the column GDP is absent"),
        (DATA.assign(uCode=["AT", "AT", "NA"]), "the unit AT appears more than once"),
        (DATA.assign(uCode=["AT", "", "NA"]), "row 2 has no unit"),
        (DATA.assign(Time=[2014, "Q1", 2015]), "CH has the time 'Q1'"),
        (DATA.assign(uCode="AT", Time=[2014, 2015, 2015]), "the unit AT in 2015 appears more than once"),
    ],
)
def test_rows_and_columns_that_are_wrong_are_named(data, message):
    with pytest.raises(BenchmarkInputError, match=message):
        UnitTable.of(data, FRAMEWORK)


def test_several_years_make_a_panel():
    units = UnitTable.of(DATA.assign(uCode="AT", Time=["2014", "2015", "2016"]), FRAMEWORK)
    assert units.is_panel
    assert units.index.tolist() == [("AT", 2014), ("AT", 2015), ("AT", 2016)]
    assert units.index.names == ["unit", "time"]
    assert units.names.to_dict() == {"AT": "Austria"}
    assert units.take([("AT", 2015)]).values.index.tolist() == [("AT", 2015)]


def test_the_input_is_not_changed_and_no_row_is_reordered():
    data = DATA.copy()
    units = UnitTable.of(data, FRAMEWORK)
    pd.testing.assert_frame_equal(data, DATA)
    reverse = UnitTable.of(data.iloc[::-1], FRAMEWORK)
    pd.testing.assert_frame_equal(reverse.values.loc[units.index], units.values)
    with pytest.raises(ValueError, match="read-only"):
        units.array[0, 0] = 1


def test_other_numbers_keep_the_states_of_cells_that_still_have_none():
    units = table()
    values = units.values.copy()
    values.loc["AT", "b"] = 7.0  # was missing
    values.loc["NA", "a"] = np.nan  # was a number
    other = units.with_values(values)
    assert other.states["a"].tolist() == ["reported", "confidential", "not_available"]
    assert other.states["b"].tolist() == ["reported", "reported", "not_available"]
    assert units.values.loc["NA", "a"] == 0


def test_other_numbers_may_bring_new_columns_and_leave_out_units():
    units = table().with_values(pd.DataFrame({"I": [1.0, 2.0]}, index=["NA", "AT"]))
    assert units.codes == ("I",)
    assert units.names.tolist() == ["Namibia", "Austria"]
    assert units.denominators["GDP"].fillna(-1).tolist() == [-1, 10]
    assert units.flags["I"].tolist() == ["", ""]


def test_a_unit_or_column_that_is_not_there_is_refused():
    units = table()
    with pytest.raises(BenchmarkInputError, match="the unit SI is not in the table"):
        units.take(["SI"])
    with pytest.raises(BenchmarkInputError, match="the unit AT appears more than once"):
        units.take(["AT", "AT"])
    with pytest.raises(BenchmarkInputError, match="the column z is absent"):
        units.only(["z"])
    with pytest.raises(BenchmarkInputError, match="AT × a is infinite"):
        units.with_values(units.values.replace(1.5, np.inf))


def test_a_number_whose_powers_would_be_infinite_is_refused():
    with pytest.raises(BenchmarkInputError, match=r"AT × a is beyond 1e\+70"):
        table(a=[1e200, 2e200, 4e200])


def test_only_hidden_and_inapplicable_cells_may_not_be_filled():
    units = table(a=[":c", ":z", ":"], b=["not_yet_published", "lost_in_concordance", 1])
    assert units.fillable.tolist() == [[False, True], [False, True], [True, False]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_kind_of_file_gives_the_same_units(tmp_path, kind):
    path = tmp_path / f"iData.{kind}"
    if kind == "csv":
        DATA.to_csv(path, index=False)
    else:
        DATA.to_excel(path, index=False, engine="xlsxwriter")
    units = read_units(path, FRAMEWORK)
    pd.testing.assert_frame_equal(units.values, table().values)
    pd.testing.assert_frame_equal(units.states, table().states)
