"""The framework table: COINr's iMeta is read as it is; a tree that is none is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework, read_framework

ROWS = [
    ("a", 1, "P", 1, 2.0, "Indicator"),
    ("b", 1, "P", -1, 1.0, "Indicator"),
    ("c", 1, "Q", 1, 1.0, "Indicator"),
    ("P", 2, "I", 1, 1.0, "Aggregate"),
    ("Q", 2, "I", 1, 3.0, "Aggregate"),
    ("I", 3, None, 1, 1.0, "Aggregate"),
    ("side", None, None, None, None, "Group"),
    ("GDP", None, None, None, None, "Denominator"),
]
NAMES = ["code", "level", "parent", "direction", "weight", "type"]


def table(**changes) -> pd.DataFrame:
    """The small framework; `b="weight=-1"` changes a cell."""
    frame = pd.DataFrame(ROWS, columns=NAMES).astype(object)
    for code, change in changes.items():
        name, value = change
        if name not in frame:
            frame[name] = None
        frame.loc[frame["code"] == code, name] = value
    return frame


def test_coinr_s_table_is_read_as_it_is(asem_framework):
    assert [len(asem_framework.codes(level)) for level in range(1, 5)] == [49, 8, 2, 1]
    assert asem_framework.depth == 4
    assert asem_framework.codes(3) == ("Conn", "Sust")
    assert asem_framework.denominator_of["Flights"] == "Population"
    assert len(asem_framework.denominator_of) == 17
    assert asem_framework.group_codes == ("GDP_group", "GDPpc_group", "Pop_group", "EurAsia_group")
    assert asem_framework.denominator_codes == ("Area", "Energy", "GDP", "Population")
    assert asem_framework.membership(2).tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert asem_framework.targets[0] == 4.11803135
    assert asem_framework.label("LPI") == "Logistics Performance Index"


def test_the_questions_the_steps_ask():
    framework = Framework.of(table())
    assert framework.indicators == ("a", "b", "c")
    assert framework.directions.tolist() == [1, -1, 1]
    assert framework.weights(1).tolist() == [2, 1, 1]
    assert framework.weights(2).tolist() == [1, 3]
    assert framework.membership(1).tolist() == [0, 0, 1]
    assert framework.children("I") == ("P", "Q")
    assert framework.children("a") == ()
    assert framework.parent("a") == "P"
    assert framework.parent("I") is None
    assert framework.indicators_of("I") == ("a", "b", "c")
    assert framework.aggregates == ("P", "Q", "I")
    assert framework.level("Q") == 2
    assert np.isnan(framework.targets).all()


def test_names_and_types_are_read_in_any_case_and_a_weight_column_may_be_absent():
    frame = table().rename(columns={"code": "iCode", "type": "TYPE"}).drop(columns="weight")
    framework = Framework.of(frame.assign(TYPE=frame["TYPE"].str.lower()))
    assert framework.weights(1).tolist() == [1, 1, 1]


def test_rows_in_another_order_give_the_same_tree():
    framework = Framework.of(table().iloc[::-1])
    assert framework.indicators == ("c", "b", "a")
    assert [framework.parent(code) for code in framework.indicators] == ["Q", "P", "P"]
    assert framework.membership(1).tolist() == [0, 1, 1]  # Q comes first now


def test_weights_are_replaced_and_nothing_else():
    framework = Framework.of(table())
    other = framework.with_weights({"a": 7})
    assert other.weights(1).tolist() == [7, 1, 1]
    assert framework.weights(1).tolist() == [2, 1, 1]


def test_what_is_left_childless_goes_too():
    framework = Framework.of(table())
    assert framework.without(["c"]).aggregates == ("P", "I")
    assert framework.without(["P"]).indicators == ("c",)
    assert framework.without(["a"]).weights(1).tolist() == [1, 1]
    with pytest.raises(BenchmarkInputError, match="no indicator is left"):
        framework.without(["I"])


def test_the_table_handed_out_is_a_copy_and_arrays_are_read_only():
    framework = Framework.of(table())
    handed_out = framework.table
    handed_out.loc[0, "weight"] = 99
    assert framework.weights(1)[0] == 2
    with pytest.raises(ValueError, match="read-only"):
        framework.directions[0] = 0


def test_the_input_is_not_changed():
    frame = table()
    before = frame.copy()
    Framework.of(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"b": ("code", "a")}, "'a' appears more than once"),
        ({"b": ("code", "")}, "row 2 has no code"),
        ({"b": ("code", "uCode")}, "'uCode' is the name of a column of the data"),
        ({"b": ("direction", 0)}, "b has the direction 0"),
        ({"b": ("direction", None)}, "b has no direction"),
        ({"b": ("weight", -1)}, "b has the weight -1"),
        ({"b": ("weight", None)}, "b has no weight"),
        ({"b": ("weight", "heavy")}, "b has the weight 'heavy'"),
        ({"b": ("weight", np.inf)}, "b has the weight inf"),
        ({"b": ("target", "high")}, "b has the target 'high'"),
        ({"b": ("type", "Indikator")}, "b has the type 'indikator'"),
        ({"b": ("level", 2)}, "b has the level 2"),
        ({"P": ("level", 1.5)}, "P has the level 1.5"),
        ({"b": ("parent", None)}, "b has no parent"),
        ({"b": ("parent", "R")}, "the parent 'R' of b is not in the table"),
        ({"b": ("parent", "I")}, "b of level 1 has the parent I of level 3"),
        ({"c": ("parent", "P")}, "the aggregate Q has no children"),
        ({"c": ("weight", 0)}, "all children of Q have weight 0"),
        ({"b": ("denominator", "people")}, "b has the denominator 'people'"),
        ({"b": ("denominator", "a")}, "b has the denominator 'a'"),
    ],
)
def test_what_is_no_framework_is_refused_by_its_first_offender(changes, message):
    with pytest.raises(BenchmarkInputError, match=message):
        Framework.of(table(**changes))


@pytest.mark.parametrize("name", ["code", "level", "parent", "type"])
def test_a_column_that_is_needed_is_named(name):
    with pytest.raises(BenchmarkInputError, match=f"the column {name} is absent"):
        Framework.of(table().drop(columns=name))


def test_two_columns_of_one_meaning_are_refused():
    with pytest.raises(BenchmarkInputError, match="two columns give the code"):
        Framework.of(table().assign(iCode="x"))


def test_a_framework_without_indicators_is_refused():
    with pytest.raises(BenchmarkInputError, match="there is no indicator"):
        Framework.of(table().iloc[3:])


def test_several_tops_and_a_single_level_are_frameworks():
    assert Framework.of(table().drop(index=5).assign(parent=["P", "P", "Q", *[None] * 4])).codes(2) == (
        "P",
        "Q",
    )
    flat = Framework.of(table().iloc[:1].assign(parent=None))
    assert (flat.depth, flat.aggregates) == (1, ())


def test_an_unknown_code_or_level_is_refused_by_name():
    framework = Framework.of(table())
    with pytest.raises(BenchmarkInputError, match="'z' is not in the framework"):
        framework.parent("z")
    with pytest.raises(BenchmarkInputError, match="'z' is not in the framework"):
        framework.without(["z"])
    with pytest.raises(BenchmarkInputError, match="there is no level 4"):
        framework.codes(4)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "semicolons"])
def test_every_kind_of_file_gives_the_same_framework(tmp_path: Path, kind):
    path = tmp_path / f"iMeta.{'csv' if kind == 'semicolons' else kind}"
    if kind == "csv":
        table().to_csv(path, index=False)
    elif kind == "semicolons":
        table().to_csv(path, index=False, sep=";", encoding="utf-8-sig")
    elif kind == "xlsx":
        table().to_excel(path, index=False, engine="xlsxwriter")
    else:
        table().astype({"level": float, "direction": float, "weight": float}).to_parquet(path, index=False)
    pd.testing.assert_frame_equal(read_framework(path).table, Framework.of(table()).table)
