"""Rows in key order: what holds is seen, what does not is never taken to hold."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.observations.key_order import KeyOrder, laid_in_key_order

KEYS = st.lists(
    st.tuples(st.sampled_from(["A", "A.B", "Ä", "𝔸", "z"]), st.sampled_from(["2014", "2014-Q1", "9"]))
)


def batch(*keys: tuple[str | None, str | None]) -> pa.RecordBatch:
    columns = [pa.array([key[place] for key in keys], pa.string()) for place in (0, 1)]
    rows = pa.array([str(number) for number in range(len(keys))])
    return pa.RecordBatch.from_arrays(
        [column.dictionary_encode() for column in (*columns, rows)], ["series_key", "time_period", "row"]
    )


def keys_of(rows: pa.RecordBatch) -> list[tuple[str, str]]:
    return [(row["series_key"], row["time_period"]) for row in rows.to_pylist()]


@given(KEYS)
def test_a_batch_is_laid_by_series_then_period_and_equal_keys_stay_as_they_stood(
    keys: list[tuple[str, str]],
) -> None:
    laid = laid_in_key_order(batch(*keys)).to_pylist()
    expected = sorted(range(len(keys)), key=lambda row: tuple(text.encode() for text in keys[row]))
    assert [int(row["row"]) for row in laid] == expected


@given(st.lists(KEYS, max_size=4))
def test_the_order_holds_exactly_when_the_laid_batches_ascend_without_a_double(
    parts: list[list[tuple[str, str]]],
) -> None:
    order = KeyOrder()
    for part in parts:
        order.see(batch(*part))
    laid = [key for part in parts for key in keys_of(laid_in_key_order(batch(*part)))]
    as_bytes = [tuple(text.encode() for text in key) for key in laid]
    assert order.holds == all(one < other for one, other in pairwise(as_bytes))


@pytest.mark.parametrize("key", [(None, "2014"), ("A", None)])
def test_a_row_without_a_key_has_no_place(key: tuple[str | None, str | None]) -> None:
    order = KeyOrder()
    order.see(batch(("B", "2014"), key))
    assert not order.holds
    rows = batch(("B", "2014"), key)
    assert laid_in_key_order(rows) is rows


def test_a_dictionary_that_holds_a_text_twice_is_one_text() -> None:
    series = pa.DictionaryArray.from_arrays(pa.array([1, 0, 2], pa.int32()), pa.array(["A", "B", "A"]))
    periods = pa.array(["2016", "2015", "2014"]).dictionary_encode()
    laid = laid_in_key_order(pa.RecordBatch.from_arrays([series, periods], ["series_key", "time_period"]))
    assert keys_of(laid) == [("A", "2014"), ("A", "2015"), ("B", "2016")]
