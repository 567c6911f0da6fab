import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import AnswerIncomplete, AnswerTooLarge, AnswerTruncated, NotData
from alp_pipeline.sources.http import Answer
from alp_pipeline.sources.inspection import (
    Form,
    looks_broken_inside,
    refuse_short,
    refuse_unless_data,
    refuse_unless_json,
)

TABLE = b"geo,2020,2021\n" + b"AT31,1,2\nITC4,:,3\n" * 20000
PAGE = b"\n<!DOCTYPE html><html><head><title>Maintenance</title></head></html>"
TICKET = b"<S:Envelope><S:Body><queued><id>9</id><status>SUBMITTED</status></queued></S:Body></S:Envelope>"
API_ERROR = b'{"error":[{"status":404,"label":"ERR_NOT_FOUND"}]}'
STREAM_BROKE = b"\nStreaming interrupted due to the following error: timeout in shard 3"


def _gzip(content: bytes) -> bytes:
    # Without the time: contents name tests, and every worker must find the same ones.
    return gzip.compress(content, mtime=0)


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return buffer.getvalue()


WORKBOOK = _zip(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))


def _look(tmp_path: Path, content: bytes, form: Form, **more: int) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    refuse_unless_data(path, "lombardia.x", form=form, **more)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (TABLE, "text"),
        (b"\xef\xbb\xbf" + TABLE, "text"),
        ("Comune;Addetti\nForlì;3\n".encode("latin-1"), "text"),
        ("geo\tvalue\nAT\t1\n".encode("utf-16"), "text"),
        (b"geo\\TIME_PERIOD\t2020\n", "text"),
        (b"name,note\nx,a <b>bold</b> word of exception and error\n", "text"),
        (_gzip(TABLE), "text"),
        (_gzip(TABLE), "gzip"),
        (_gzip(b"geo,2020\n") + _gzip(b"AT,1\n"), "gzip"),
        (_gzip(TABLE) + b"\0" * 512, "gzip"),
        (_zip(("a.csv", TABLE)), "zip"),
        (_zip(("0001.json", b"{}"), method=zipfile.ZIP_STORED), "zip"),
        (WORKBOOK, "xlsx"),
        (b'{"value": {}, "error": "none"}', "json"),
        (b"\xef\xbb\xbf [1, 2]", "json"),
    ],
)
def test_data_of_its_form_passes(tmp_path: Path, content: bytes, form: Form) -> None:
    _look(tmp_path, content, form)


@pytest.mark.parametrize("form", ["text", "gzip", "zip", "xlsx", "json"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b" \r\n\t\n", "nothing but blanks"),
        (b"\xef\xbb\xbf\n", "nothing but blanks"),
        (PAGE, r"a web page \('Maintenance'\)"),
        (TICKET, "a ticket of the queue"),
        (API_ERROR, "an error message of the API: 404 ERR_NOT_FOUND"),
        (b"%PDF-1.7 ...", "it is a PDF"),
        (b"\xd0\xcf\x11\xe0 old", "an old or an encrypted Excel"),
        (b"GIF89a\0\0\0\0\0", "a binary file"),
    ],
)
def test_what_is_no_data_is_named_whatever_was_expected(
    tmp_path: Path, form: Form, content: bytes, what: str
) -> None:
    with pytest.raises(NotData, match=f"lombardia.x: .*{what}"):
        _look(tmp_path, content, form)


@pytest.mark.parametrize(
    ("content", "form", "what"),
    [
        (_zip(("a.csv", TABLE)), "text", "it is a ZIP archive"),
        (_zip(("a.csv", TABLE)), "xlsx", "without a workbook"),
        (_gzip(TABLE), "zip", "it is gzip"),
        (_gzip(TABLE), "json", "it is gzip"),
        (TABLE, "gzip", "it is text, not gzip"),
        (TABLE, "xlsx", "it is text, not xlsx"),
        (TABLE, "json", "it is text, not json"),
        (b'{"a": 1}', "text", "a JSON document, not a table"),
        (_gzip(PAGE), "gzip", "a web page"),
        (_gzip(b" \n"), "text", "nothing but blanks"),
        (_gzip(b""), "gzip", "nothing but blanks"),
    ],
)
def test_another_form_than_expected_is_no_data(tmp_path: Path, content: bytes, form: Form, what: str) -> None:
    with pytest.raises(NotData, match=what):
        _look(tmp_path, content, form)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
@pytest.mark.parametrize(
    ("content", "form"),
    [
        (_gzip(TABLE), "gzip"),
        (_gzip(TABLE), "text"),
        (_zip(("a.csv", TABLE)), "zip"),
        (WORKBOOK, "xlsx"),
        (json.dumps([{"a": 1}] * 1000).encode(), "json"),
    ],
)
def test_compressed_or_nested_data_that_ends_early_is_truncated(
    tmp_path: Path, content: bytes, form: Form, kept: float
) -> None:
    with pytest.raises(AnswerTruncated):
        _look(tmp_path, content[: int(len(content) * kept)], form)


def test_a_wrong_checksum_is_found_in_gzip_and_in_zip(tmp_path: Path) -> None:
    zipped = _gzip(TABLE)
    with pytest.raises(AnswerTruncated, match="damaged"):
        _look(tmp_path, zipped[:-8] + b"abcd" + zipped[-4:], "gzip")
    stored = _zip(("a.csv", TABLE), method=zipfile.ZIP_STORED)
    with pytest.raises(AnswerTruncated, match="damaged"):
        _look(tmp_path, stored.replace(b"AT31,1", b"AT31,9", 1), "zip")


def test_something_glued_behind_a_gzip_file_is_damage(tmp_path: Path) -> None:
    with pytest.raises(AnswerTruncated, match="damaged"):
        _look(tmp_path, _gzip(TABLE) + b"<html>", "gzip")


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_a_file_that_swells_is_refused_at_the_limit(tmp_path: Path, form: Form) -> None:
    content = b"0" * (4 << 20)
    packed = _gzip(content) if form == "gzip" else _zip(("a", content))
    _look(tmp_path, packed, form, most_bytes=4 << 20)
    with pytest.raises(AnswerTooLarge, match="larger than 4194303 bytes"):
        _look(tmp_path, packed, form, most_bytes=(4 << 20) - 1)


def test_a_zip_that_lies_about_its_size_swells_no_further(tmp_path: Path) -> None:
    honest = _zip(("a", b"0" * (4 << 20)))
    lying = honest.replace((4 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(AnswerTruncated, match="damaged"):
        _look(tmp_path, lying, "zip", most_bytes=1 << 20)


def test_an_encrypted_zip_is_no_data(tmp_path: Path) -> None:
    content = bytearray(_zip(("a", b"abc")))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    with pytest.raises(NotData, match="encrypted"):
        _look(tmp_path, bytes(content), "zip")


@pytest.mark.parametrize(
    "end",
    [
        STREAM_BROKE,
        b"\nFatal error: Allowed memory size exhausted in /srv/x.php",
        b"\nTraceback (most recent call last):\n  File x\n",
        b"\n<html><body><h1>504 Gateway Time-out</h1></body></html>",
        b"\njava.lang.OutOfMemoryError: Java heap space",
        b'\n{"error": "query timed out"}',
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_stream_that_breaks_off_with_an_error_text_is_incomplete(
    tmp_path: Path, end: bytes, packed: bool
) -> None:
    content = _gzip(TABLE + end) if packed else TABLE + end
    with pytest.raises(AnswerIncomplete, match="breaks off with an error text"):
        _look(tmp_path, content, "text")
    said = looks_broken_inside(tmp_path / "document")
    assert said is not None
    assert said.encode() in end


def test_a_table_that_speaks_of_errors_is_not_broken(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TABLE + b'x,"fatal error: in a cell",<html>\norgan,exception,1\n')
    (tmp_path / "b").write_bytes(_gzip(TABLE))
    assert looks_broken_inside(tmp_path / "a") is None
    assert looks_broken_inside(tmp_path / "b") is None


def _answer(content: bytes) -> Answer:
    return Answer("https://x.eu/", 200, {}, content, "2026-05-13T09:00:00Z")


def test_json_is_read_and_a_familys_own_error_left_to_the_family() -> None:
    assert refuse_unless_json(_answer(b'{"success": false, "error": {}}'), "x") == {
        "success": False,
        "error": {},
    }
    assert refuse_unless_json(_answer(b"\xef\xbb\xbf[]"), "x") == []


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "nothing but blanks"),
        (PAGE, "a web page"),
        (TICKET, "a ticket"),
        (b"OK", "it is text, not json"),
        (b'{"a": [1, 2', "breaks off"),
        (b"[" * 100_000, "breaks off"),
        (b'{"a": "\xff"}', "no JSON"),
    ],
)
def test_what_is_no_json_is_named(content: bytes, what: str) -> None:
    with pytest.raises(NotData, match=what):
        refuse_unless_json(_answer(content), "x")


@pytest.mark.parametrize(("found", "declared"), [(12, 12), (13, 12), (0, None), (0, 0)])
def test_as_many_rows_as_declared_or_more_pass(found: int, declared: int | None) -> None:
    refuse_short(found, declared, "x")


def test_fewer_rows_than_declared_are_incomplete() -> None:
    with pytest.raises(AnswerIncomplete, match="x: 11 rows came, the source declares 12"):
        refuse_short(11, 12, "x")


def test_real_documents_pass(realdata: Path, tmp_path: Path) -> None:
    for path in sorted((realdata / "eurostat").rglob("*.tsv.gz")):
        refuse_unless_data(path, path.name, form="gzip")
        assert looks_broken_inside(path) is None
    for path in sorted((realdata / "eurostat" / "payloads").glob("error_*.json")):
        with pytest.raises(NotData, match="error message of the API"):
            refuse_unless_data(path, path.name, form="json")
    for path in sorted((realdata / "eurostat" / "payloads").glob("fault_*.xml")):
        with pytest.raises(NotData, match="a fault message of the API"):
            refuse_unless_data(path, path.name, form="gzip")
