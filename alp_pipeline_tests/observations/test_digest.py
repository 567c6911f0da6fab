import functools
import gzip
import hashlib
import io
import operator
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.observations.digest import content_digest, observations_digest
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import SHAPE

Row = tuple[str, str, str]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A.AT", "A.IT", "A.FR", "A.AT1"]),
        st.sampled_from(["2020", "2021", "2022"]),
        st.sampled_from(["708", "708 p", "0", ":", "", ": c"]),
    ),
    max_size=12,
)
SOME = settings(max_examples=25)  # each opens a database or five
TSV = "unit,geo\\time\t2015 \t2014 \nNR,AT\t: c\t708 b\nNR,IT\t1\t2\n"


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    columns = [pa.array([row[at] for row in rows], pa.string()).dictionary_encode() for at in range(3)]
    return pa.RecordBatch.from_arrays(columns, names=["series_key", "time_period", "published"])


def digest(rows: Sequence[Row]) -> str:
    return observations_digest([batch(rows)])


def of_document(
    document: str | bytes,
    format: str = "tsv",  # noqa: A002 - the readers' word for it
    dataset: DatasetShape = SHAPE,
) -> str:
    content = document.encode() if isinstance(document, str) else document
    reading = read_observations(io.BytesIO(content), format=format, dataset=dataset, document_id="d1")
    return observations_digest(reading.batches())


@SOME
@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 12))
def test_order_and_division_into_batches_do_not_matter(rows: list[Row], random: object, cut: int) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    divided = [batch(shuffled[:cut]), batch([]), batch(shuffled[cut:])]
    assert observations_digest(divided) == digest(rows)


@SOME
@given(ROWS, ROWS)
def test_two_documents_have_one_digest_exactly_when_they_have_the_same_cells(
    one: list[Row], other: list[Row]
) -> None:
    assert (digest(one) == digest(other)) == (sorted(one) == sorted(other))


@SOME
@given(ROWS.filter(bool), st.sampled_from(["709", "708 e", "708@C", "0.0"]))
def test_a_changed_added_or_dropped_cell_gives_another_digest(rows: list[Row], published: str) -> None:
    whole = digest(rows)
    assert digest([(*rows[0][:2], published), *rows[1:]]) != whole
    assert digest(rows[1:]) != whole
    assert digest([*rows, ("A.SI", "2022", "")]) != whole
    assert digest([*rows, rows[0]]) != whole


@SOME
@given(ROWS)
def test_it_is_what_its_definition_says_on_every_machine(rows: list[Row]) -> None:
    hashes = [hashlib.md5("\x1f".join(row).encode(), usedforsecurity=False).digest() for row in rows]
    numbers = [int.from_bytes(one, "little") for one in hashes]
    exclusive = functools.reduce(operator.xor, numbers, 0)
    said = f"{len(rows)} {exclusive} {sum(number % 2**64 for number in numbers)}"
    assert digest(rows) == hashlib.sha256(said.encode()).hexdigest()


@pytest.mark.parametrize(
    "same",
    [
        gzip.compress(TSV.encode(), mtime=1),
        gzip.compress(TSV.encode(), compresslevel=1, mtime=2),
        "unit,geo\\time\t2015 \t2014 \nNR,IT\t1\t2\nNR,AT\t: c\t708 b\n",
        "unit,geo\\TIME_PERIOD\t2014\t2015\r\nNR,AT\t708 b \t: c\r\nNR,IT\t2 \t1 \r\n",
        "geo,unit,freq\\TIME_PERIOD\t2014\t2015\nAT,NR,A\t708 b\t: c\nIT,NR,A\t2\t1\n",
    ],
)
def test_packing_order_and_headings_of_a_document_do_not_matter(same: str | bytes) -> None:
    assert of_document(same) == of_document(TSV)


@pytest.mark.parametrize(
    "other",
    [
        TSV.replace("\t2\n", "\t3\n"),
        TSV.replace("708 b", "708"),
        TSV.replace(": c", ":"),
        TSV.replace("NR,IT\t1\t2\n", ""),
        TSV.replace("2014", "2013"),
        TSV.replace("IT", "FR"),
        TSV + "NR,FR\t:\t:\n",
        TSV.replace("1\t2", "1"),
    ],
)
def test_another_value_flag_code_period_or_cell_gives_another_digest(other: str) -> None:
    assert of_document(other) != of_document(TSV)


@pytest.mark.parametrize("same", ["708bp", "708 bp", "708 pb", "708pb "])
def test_the_spelling_of_flags_does_not_matter(same: str) -> None:
    assert of_document(TSV.replace("708 b", same)) == of_document(TSV.replace("708 b", "708 bp"))
    assert of_document(TSV.replace(": c", ":c")) == of_document(TSV)
    assert of_document(TSV.replace("708 b", "708@N")) != of_document(TSV.replace("708 b", "708@C"))


def of_content(document: str, format: str = "tsv", dataset: DatasetShape = SHAPE) -> str | None:  # noqa: A002
    reading = read_observations(
        io.BytesIO(document.encode()), format=format, dataset=dataset, document_id="d1"
    )
    return content_digest(reading)


def test_a_document_whose_observations_are_all_that_it_says_has_their_digest() -> None:
    assert of_content(TSV) == of_document(TSV)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(TSV.replace(": c", "35 c"), id="a withheld number"),
        pytest.param(TSV.replace("708 b", "708 q"), id="a cell in quarantine"),
        pytest.param(TSV + "NR,FR\t1\t2\t3\n", id="a line that does not fit"),
    ],
)
def test_one_that_holds_more_than_its_observations_has_none(document: str) -> None:
    assert of_content(document) is None


def test_nor_has_one_that_is_read_through_a_layout() -> None:
    layout = TableLayout({"geo": "geo", "unit": "unit"}, time="year", value="n", ignore=("note",))
    dataset = replace(SHAPE, layout=layout)
    assert of_content("geo,unit,year,n,note\nAT,NR,2022,708,x\n", "csv", dataset) is None


def test_a_number_that_is_withheld_leaves_no_trace_in_it() -> None:
    assert of_document(TSV.replace(": c", "35 c")) == of_document(TSV.replace(": c", "36 c"))


def test_the_same_rows_as_csv_and_as_json_have_one_digest() -> None:
    layout = TableLayout({"geo": "geo", "unit": "unit"}, time="year", value="n", flags="flag")
    dataset = replace(SHAPE, layout=layout)
    table = "geo,unit,year,n,flag\nAT,NR,2022,708,p\nIT,NR,2022,,\n"
    rows = '[{"geo":"IT","unit":"NR","year":"2022"},{"flag":"p","n":708,"geo":"AT","unit":"NR","year":2022}]'
    assert of_document(table, "csv", dataset) == of_document(rows, "json-rows", dataset)
