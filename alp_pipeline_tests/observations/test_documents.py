import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.errors import AlpError
from alp_pipeline.observations.errors import (
    DamagedDocument,
    EmptyDocument,
    MalformedDocument,
    NotADataDocument,
    WrongEncoding,
)
from alp_pipeline.observations.reader import read_observations
from alp_pipeline_tests.observations.documents import SHAPE, reading_of, rows_of

TSV = b"unit,geo\\time\t2015 \t2014 \nNR,AT\t: c\t708 b\nNR,FR\t: \t0 \n"
CSV = (
    b"DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\nX,t,A,NR,AT,2014,7,p,\n"
)
JSON = (
    b'{"class":"dataset","version":"2.0","id":["unit","geo","time"],"size":[1,1,2],"value":{"0":7},'
    b'"status":{"1":"|C"},"dimension":{"unit":{"category":{"label":{"NR":"x"}}},"geo":{"category":{"index":'
    b'["AT"]}},"time":{"category":{"index":{"2014":0,"2015":1}}}}}'
)


def test_compression_is_seen_from_the_bytes_and_not_from_the_name(tmp_path: Path) -> None:
    compressed, plain = tmp_path / "a.tsv", tmp_path / "b.tsv.gz"
    compressed.write_bytes(gzip.compress(TSV))
    plain.write_bytes(TSV)
    for path in (compressed, plain):
        reading = read_observations(path, format="tsv", dataset=SHAPE, document_id="d1")
        assert sum(batch.num_rows for batch in reading.batches()) == 4


def test_a_gzip_of_several_members_is_one_document() -> None:
    assert len(rows_of(gzip.compress(TSV[:30]) + gzip.compress(TSV[30:]))) == 4


def test_a_stream_is_read_from_where_it_stands_and_stays_open() -> None:
    stream = io.BytesIO(b"before" + gzip.compress(TSV))
    stream.seek(6)
    reading = read_observations(stream, format="tsv", dataset=SHAPE, document_id="d1")
    assert sum(batch.num_rows for batch in reading.batches()) == 4
    assert sum(batch.num_rows for batch in reading.batches()) == 4
    assert not stream.closed


@pytest.mark.parametrize("cut", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("form", ["tsv", "sdmx-csv-1", "json-stat-2"])
def test_a_truncated_gzip_is_damaged_and_gives_no_reading(form: str, cut: float) -> None:
    body = {"tsv": TSV, "sdmx-csv-1": CSV, "json-stat-2": JSON}[form]
    compressed = gzip.compress(body + b"\n" * 9)
    with pytest.raises(DamagedDocument, match="damaged or end early"):
        rows_of(compressed[: int(len(compressed) * cut)], format=form)


def test_a_wrong_checksum_is_damage() -> None:
    compressed = bytearray(gzip.compress(TSV))
    compressed[-8] ^= 1
    with pytest.raises(DamagedDocument, match="incorrect data check"):
        rows_of(bytes(compressed))


@pytest.mark.parametrize("form", ["tsv", "sdmx-csv-2", "json-stat-1"])
@pytest.mark.parametrize("content", [b"", b" \n\r\n", gzip.compress(b"", mtime=0)])
def test_nothing_is_an_empty_document(form: str, content: bytes) -> None:
    with pytest.raises(EmptyDocument, match="it is empty"):
        rows_of(content, format=form)


HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
QUEUED = b"<env:Envelope><queued><id>98de</id><status>SUBMITTED</status></queued></env:Envelope>"
FAULT = (
    b'<?xml version="1.0"?><S:Fault xmlns:S="x"><faultcode>413</faultcode>'
    b"<faultstring>EXTRACTION_TOO_BIG: too big.</faultstring></S:Fault>"
)
ERROR = b'{"error": [{"status": 404,"id": 100,"label": "ERR_NOT_FOUND_4: X is not available."}]}'
WARNING = b'{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Your request will be treated."}}'


@pytest.mark.parametrize(
    "form", ["tsv", "tsv-2017", "sdmx-csv-1", "sdmx-csv-2", "json-stat-1", "json-stat-2"]
)
@pytest.mark.parametrize(
    ("content", "named"),
    [
        (HTML, r"a web page \('Maintenance'\)"),
        (b"\n  " + HTML, r"a web page \('Maintenance'\)"),
        (QUEUED, "a ticket of the queue"),
        (FAULT, "a fault message of the API: 413 EXTRACTION_TOO_BIG: too big"),
        (ERROR, "an error message of the API: 404 ERR_NOT_FOUND_4: X is not available"),
        (WARNING, "a warning of the API in the place of data: 413 ASYNCHRONOUS_RESPONSE"),
        (gzip.compress(FAULT, mtime=0), "a fault message of the API"),
        (b"PK\x03\x04rest", "a ZIP archive"),
    ],
)
def test_what_came_instead_of_data_is_refused_by_name(form: str, content: bytes, named: str) -> None:
    with pytest.raises(NotADataDocument, match=named):
        rows_of(content, format=form)


def test_json_under_the_name_of_a_table_is_refused() -> None:
    with pytest.raises(NotADataDocument, match="a JSON document, not a table"):
        rows_of(JSON)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (TSV.decode().encode("utf-16"), "it is UTF-16"),
        (TSV.replace(b"708", b"70\xff"), "not UTF-8"),
        (TSV.replace(b"NR,FR", b"NR,F\xfc"), "not UTF-8"),
        (TSV.replace(b"geo", b"g\xe9o"), "byte 6 .0xe9. is not UTF-8"),
        (TSV.replace(b"708", b"7\x008"), "NUL bytes"),
        (TSV.replace(b"NR,FR", b"NR,\x00F"), "NUL bytes"),
    ],
)
def test_bytes_that_are_no_utf8_text_are_refused(content: bytes, named: str) -> None:
    with pytest.raises(WrongEncoding, match=named):
        rows_of(content)


def test_a_byte_order_mark_is_no_part_of_the_first_dimension() -> None:
    assert len(rows_of(b"\xef\xbb\xbf" + TSV)) == 4
    assert len(rows_of(b"\xef\xbb\xbf" + JSON, format="json-stat-2")) == 2


@pytest.mark.parametrize("at", [0, 5, 20])
def test_a_carriage_return_inside_the_first_line_is_refused(at: int) -> None:
    for form, content in (("tsv", TSV), ("sdmx-csv-1", CSV)):
        with pytest.raises(MalformedDocument, match="a carriage return inside the first line"):
            rows_of(content[:at] + b"\r" + content[at:], format=form)


def test_a_first_line_with_an_open_quote_is_refused() -> None:
    with pytest.raises(MalformedDocument, match="its first line is not CSV"):
        rows_of(b'"' + CSV, format="sdmx-csv-1")


def test_a_missing_file_is_an_error_of_the_caller(tmp_path: Path) -> None:
    reading = read_observations(tmp_path / "none.tsv", format="tsv", dataset=SHAPE, document_id="d1")
    with pytest.raises(FileNotFoundError):
        list(reading.batches())


# pyarrow cannot hand over a ragged line that is not UTF-8; it says so, and refuses the document as it should.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([("tsv", TSV), ("sdmx-csv-1", CSV), ("json-stat-2", JSON)]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 4)), max_size=4),
    st.booleans(),
)
def test_a_mangled_document_is_accounted_for_or_refused_with_a_typed_error(
    original: tuple[str, bytes], edits: list[tuple[int, bytes, int]], is_compressed: bool
) -> None:
    form, content = original
    for at, new, removed in edits:
        content = content[:at] + new + content[at + removed :]
    refusal = ""
    try:
        rows, reading = reading_of(gzip.compress(content) if is_compressed else content, format=form)
    except AlpError as error:
        refusal = error.where
    assert refusal.endswith("document d1") or len(rows) == reading.cells
