import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from alp_pipeline.observations.errors import (
    AmbiguousBundle,
    DuplicatePeriod,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
    UnknownPeriod,
)
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import DatasetShape
from alp_pipeline_tests.observations.documents import SHAPE, by_cell, reading_of, rows_of

TEXTS = pa.schema([("series_key", pa.string()), ("time_period", pa.string()), ("value", pa.float64())])
EXPECTED = {
    ("A.NR.AT", "2014"): (708.0, "reported", "b"),
    ("A.NR.AT", "2015"): (None, "confidential", ""),
    ("A.NR.FR", "2014"): (0.0, "reported", ""),
    ("A.NR.FR", "2015"): (None, "not_available", ""),
}


def cube(**changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "class": "dataset",
        "id": ["unit", "geo", "time"],
        "size": [1, 2, 2],
        "value": {"0": 708, "2": 0},
        "status": {"0": "b", "1": "|C"},
        "dimension": {
            "unit": {"category": {"label": {"NR": "Number"}}},
            "geo": {"category": {"index": ["AT", "FR"]}},
            "time": {"category": {"index": {"2015": 1, "2014": 0}}},
        },
    } | changes


def read(document: object, *, dataset: DatasetShape = SHAPE) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = rows_of(json.dumps(document), format="json-stat-2", dataset=dataset)
    return by_cell(rows, "value", "cell_state", "obs_status")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"value": [708, None, 0, None]},
        {"value": [708.0, None, 0.0, None], "status": ["b", "|C", None, None]},
        {"status": {"0": "b", "1": "c"}},
        {"status": {"0": "b", "1": ":c", "3": ":"}},
        {"status": {"0": "b|", "1": " |C", "2": "|"}},
    ],
)
def test_dense_and_sparse_values_and_statuses_say_the_same(changes: dict[str, Any]) -> None:
    assert read(cube(**changes)) == EXPECTED


def test_one_status_for_all_cells_is_a_text_or_a_list_of_one() -> None:
    for status in ("p", ["p"]):
        cells = read(cube(status=status))
        assert {cell[2] for cell in cells.values()} == {"p"}
        assert cells[("A.NR.FR", "2015")] == (None, "not_available", "p")


def test_flags_and_confidentiality_stand_on_both_sides_of_the_bar() -> None:
    rows = rows_of(json.dumps(cube(status={"1": "bp|N"})), format="json-stat-2")
    [row] = [row for row in rows if row["conf_status"]]
    assert (row["obs_status"], row["conf_status"], row["published"]) == ("bp", "N", ": bp@N")


def test_numbers_are_kept_as_they_were_written() -> None:
    text = json.dumps(cube()).replace('"0": 708', '"0": 1.20E-5')
    [row] = [row for row in rows_of(text, format="json-stat-2") if row["value"]]
    assert (row["value"], row["published"]) == (1.2e-05, "1.20E-5 b")


def test_version_1_keeps_id_size_and_role_in_the_dimension() -> None:
    dataset = cube()
    dimension = dataset["dimension"] | {"id": dataset["id"], "size": dataset["size"]}
    dimension["year"] = dimension.pop("time")
    dimension |= {"id": ["unit", "geo", "year"], "role": {"time": ["year"]}}
    inner = {"value": dataset["value"], "status": dataset["status"], "dimension": dimension}
    for document in (inner | {"class": "dataset"}, {"dataset": inner}, {"some name": inner, "note": "x"}):
        assert read(document) == EXPECTED


def test_of_several_datasets_the_one_with_the_code_is_read_or_all_are_named() -> None:
    wanted = {
        "value": [1],
        "dimension": {"id": ["time"], "size": [1], "time": {"category": {"index": ["2014"]}}},
    }
    other = wanted | {"value": [2]}
    shape = DatasetShape("eurostat.wanted", ("freq",))
    assert read({"other": other, "Wanted": wanted}, dataset=shape) == {("A", "2014"): (1.0, "reported", "")}
    with pytest.raises(AmbiguousBundle, match=r"holds 2 datasets \(a, b\), none of them called 'wanted'"):
        read({"a": wanted, "b": other}, dataset=shape)


def test_time_is_found_by_name_alias_or_role_and_may_stand_anywhere() -> None:
    by_geo = cube(id=["time", "unit", "geo"], size=[2, 1, 2], value=[708, 0, None, None], status={"0": "b"})
    expected = EXPECTED | {("A.NR.AT", "2015"): (None, "not_available", "")}
    assert read(by_geo) == expected
    renamed = json.loads(json.dumps(by_geo).replace('"time"', '"Tid"'))
    alias = DatasetShape("eurostat.x", SHAPE.dimensions, dimension_aliases={"Tid": "time"})
    assert read(renamed, dataset=alias) == expected
    assert read(renamed | {"role": {"time": ["Tid"]}}) == expected
    with pytest.raises(HeaderMismatch, match=r"0 of its dimensions \(Tid, unit, geo\) are time"):
        read(renamed)


def test_a_cube_without_cells_is_an_empty_dataset() -> None:
    empty = cube(size=[1, 0, 2], value={}, status={})
    empty["dimension"]["geo"] = {"category": {"index": {}, "label": {}}}
    rows, reading = reading_of(json.dumps(empty), format="json-stat-2")
    assert (rows, reading.series_count, reading.cells) == ([], 0, 0)


def test_an_empty_answer_to_an_unknown_code_is_all_not_available() -> None:
    assert {cell[1] for cell in read(cube(value={}, status={})).values()} == {"not_available"}


def test_a_text_in_the_place_of_a_number_goes_to_quarantine() -> None:
    rows = rows_of(json.dumps(cube(value=["A1", 5, None, "NaN"], status=None)), format="json-stat-2")
    assert [(row["value"], row["cell_state"], row["published"]) for row in rows] == [
        (None, None, "A1"),
        (5.0, "reported", "5"),
        (None, "not_available", ""),
        (None, None, "NaN"),
    ]


def test_not_a_number_and_infinity_are_no_numbers() -> None:
    text = json.dumps(cube(value=[float("nan"), float("inf"), 0, 1], status=None))
    states = [row["cell_state"] for row in rows_of(text, format="json-stat-2")]
    assert states == [None, None, "reported", "reported"]


def test_a_status_that_contradicts_its_number_goes_to_quarantine() -> None:
    assert read(cube(status={"0": ":"}))[("A.NR.AT", "2014")] == (None, None, "")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"size": [1, 2]}, "names 3 dimensions and 2 sizes"),
        ({"size": [1, 3, 2]}, "the dimension geo has 2 categories and says 3"),
        ({"size": "x"}, "`id` and `size` are not lists"),
        ({"value": [1, 2, 3]}, "`value` has 3 entries for 4 cells"),
        ({"value": {"4": 1}}, "`value` names the cell 4 of 4"),
        ({"value": {"-1": 1}}, "`value` names the cell -1 of 4"),
        ({"value": {"1": 1, "01": 2}}, "`value` names a cell twice"),
        ({"value": {"x": 1}}, "keyed by something that is not a cell's number"),
        ({"value": 5}, "`value` is neither a list nor an object"),
        ({"value": [[1], 2, 3, 4]}, "neither number, text nor null"),
        ({"value": [True, 2, 3, 4]}, "neither number, text nor null"),
        ({"status": ["b", "b"]}, "`status` has 2 entries for 4 cells"),
        ({"status": {"9": "b"}}, "`status` names the cell 9 of 4"),
        ({"dimension": {}}, "the dimension unit has no categories"),
        ({"dimension": None}, "no dataset with values and dimensions"),
    ],
)
def test_a_cube_that_breaks_the_rules_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedDocument, match=named):
        read(cube(**changes))


@pytest.mark.parametrize(
    ("index", "named"),
    [
        ({"AT": 0, "FR": 2}, "not numbered from 0 without gaps"),
        ({"AT": 0, "FR": 0}, "not numbered from 0 without gaps"),
        ({"AT": 0, "FR": "x"}, "not numbered from 0 without gaps"),
        ("AT", "neither a list nor an object"),
    ],
)
def test_categories_must_have_an_order(index: object, named: str) -> None:
    document = cube()
    document["dimension"]["geo"]["category"] = {"index": index}
    with pytest.raises(MalformedDocument, match=named):
        read(document)


def test_several_categories_without_order_are_refused() -> None:
    document = cube()
    document["dimension"]["geo"]["category"] = {"label": {"AT": "Austria", "FR": "France"}}
    with pytest.raises(MalformedDocument, match="the dimension geo has 2 categories and no order"):
        read(document)


def test_periods_must_be_periods_each_once() -> None:
    document = cube()
    document["dimension"]["time"]["category"] = {"index": ["2014", "total"]}
    with pytest.raises(UnknownPeriod, match="'total'"):
        read(document)
    document["dimension"]["time"]["category"] = {"index": ["2014Q1", "2014-Q1"]}
    with pytest.raises(DuplicatePeriod, match="2014-Q1"):
        read(document)


def with_years(index: list[str], label: object) -> dict[str, Any]:
    document = cube()
    document["dimension"]["time"]["category"] = {"index": index, "label": label}
    return document


def test_years_that_are_only_numbered_are_named_by_their_labels() -> None:
    labelled = read(with_years(["0", "1"], {"1": "2015", "0": "2014"}))
    assert labelled == read(with_years(["2014", "2015"], {"2014": "the first", "2015": "the second"}))


@pytest.mark.parametrize(
    ("index", "label", "named"),
    [
        (["0", "1"], {"0": "2014"}, "'0'"),
        (["0", "1"], {"0": "2014", "1": "all years"}, "'0'"),
        (["0", "1"], {"0": "2014", "1": "2014"}, "'0'"),
        (["0", "1"], {"0": 2014, "1": None}, "'0'"),
        (["0", "1"], ["2014", "2015"], "'0'"),
        (["2014", "x"], {"2014": "2015", "x": "2016"}, "'x'"),
    ],
    ids=["one without", "one is none", "twice the same", "null", "no object", "code and label disagree"],
)
def test_labels_that_do_not_name_every_period_name_none(index: list[str], label: object, named: str) -> None:
    with pytest.raises(UnknownPeriod, match=f"{named} is not a time period"):
        read(with_years(index, label))


def test_dimensions_must_be_the_catalogues() -> None:
    with pytest.raises(HeaderMismatch, match="it lacks nace_r2"):
        read(cube(), dataset=DatasetShape("eurostat.x", ("freq", "nace_r2", "unit", "geo")))


def test_collections_and_lone_dimensions_hold_no_observations() -> None:
    for kind in ("collection", "dimension"):
        with pytest.raises(NotADataDocument, match=f"a JSON-stat {kind}, which holds no observations"):
            read({"class": kind, "version": "2.0"})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"value": [1,', "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[1, 2]", "its outermost value is not an object"),
        ('{"a": {"label": "x"}}', "no dataset with values and dimensions"),
        ('{"value": [1]}', "no dataset with values and dimensions"),
    ],
)
def test_other_json_is_refused(text: str, named: str) -> None:
    with pytest.raises(MalformedDocument, match=named):
        rows_of(text, format="json-stat-2")


def test_a_cube_that_claims_more_cells_than_any_service_hands_out_is_refused() -> None:
    codes = [str(number) for number in range(5000)]
    huge = cube(size=[5000, 5000, 1], value={}, status=None)
    huge["dimension"] = {
        "unit": {"category": {"index": codes}},
        "geo": {"category": {"index": codes}},
        "time": {"category": {"index": ["2014"]}},
    }
    with pytest.raises(MalformedDocument, match="spans 25,000,000 cells, more than the 20,000,000"):
        read(huge)


def test_a_cube_of_several_batches_has_every_cell_once() -> None:
    large = cube(size=[1, 600, 1000], value={"599999": 7}, status=None)
    large["dimension"] |= {
        "geo": {"category": {"index": [f"R{number}" for number in range(600)]}},
        "time": {"category": {"index": [str(year) for year in range(1000, 2000)]}},
    }
    document = io.BytesIO(json.dumps(large).encode())
    reading = read_observations(document, format="json-stat-2", dataset=SHAPE, document_id="d1")
    batches = [batch.select(["series_key", "time_period", "value"]) for batch in reading.batches()]
    table = pa.Table.from_batches(batches).cast(TEXTS)
    assert len(batches) > 1
    assert table.group_by(["series_key", "time_period"]).aggregate([]).num_rows == 600_000
    assert (reading.series_count, reading.cells) == (600, 600_000)
    [row] = table.filter(pc.is_valid(table["value"])).to_pylist()
    assert (row["series_key"], row["time_period"], row["value"]) == ("A.NR.R599", "1999", 7.0)
