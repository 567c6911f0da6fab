"""A time is what the document says, or unknown."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from alp_pipeline.archive.document_times import DocumentTimes, document_times, json_stat_updated
from alp_pipeline.archive.objects import DocumentUnreadable
from alp_pipeline.archive.utc import utc_time

PACKED = 1501511714  # 2017-07-31 14:35:14 UTC
UNKNOWN = DocumentTimes()


def times(tmp_path: Path, content: bytes, document_format: str) -> DocumentTimes:
    path = tmp_path / "document"
    path.write_bytes(content)
    return document_times(path, document_format)


def zipped(*contents: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.xml", content)
    return packed.getvalue()


def published(time: str, origin: str = "document") -> DocumentTimes:
    return DocumentTimes(published_at=time, published_at_origin=origin)  # type: ignore[arg-type]


def test_a_bulk_file_was_published_when_it_was_packed(tmp_path: Path) -> None:
    packed = gzip.compress(b"geo\\time\t2014\n", mtime=PACKED)
    assert times(tmp_path, packed, "tsv-2017") == published("2017-07-31T14:35:14Z", "gzip header")
    assert times(tmp_path, gzip.compress(b"x", mtime=0), "tsv") == UNKNOWN
    assert times(tmp_path, b"geo\\time\t2014\n", "tsv") == UNKNOWN
    assert times(tmp_path, b"", "tsv") == UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-11-27", "2012-11-27T00:00:00Z"),
        ("2012-12-27T12:25:09Z", "2012-12-27T12:25:09Z"),
        ("2012-12-27T12:25:09.999Z", "2012-12-27T12:25:09Z"),
        ("2026-02-06T23:00:00+0100", "2026-02-06T22:00:00Z"),
        ("2017-01-26T00:00:00+01:00", "2017-01-25T23:00:00Z"),
        ("2022-11-07T12:07:26", "2022-11-07T12:07:26Z"),
        ("14/09/2016 09:42:12", "2016-09-14T09:42:12Z"),
        ("08/08/2014 16:39:07", "2014-08-08T16:39:07Z"),
        ("03/04/2016", None),
        ("09/14/2016", None),
        ("14/09/16", None),
        ("2016-02-30", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2016-W05", None),
        ("20160914", None),
        ("Sept. 2016", None),
        ("", None),
    ],
)
def test_a_time_is_understood_beyond_doubt_or_stays_unknown(text: str, expected: str | None) -> None:
    assert utc_time(text) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'{"class":"dataset","updated":"2012-11-27","value":[1,2]}', "2012-11-27T00:00:00Z"),
        (b'{"dataset":{"value":{"0":1},"updated":"2012-12-27T12:25:09Z"}}', "2012-12-27T12:25:09Z"),
        (b'{"a":{"updated":"2012-09-27"},"b":{"updated":"2012-11-27"}}', "2012-11-27T00:00:00Z"),
        (b'{"a":{"updated":"2012-09-27"},"b":{"updated":"soon"}}', None),
        (b'\xef\xbb\xbf{ "updated" : "2012\\u002d11-27" }', None),
        (b'{"updated":null,"class":"dataset"}', None),
        (b'{"class":"dataset","extension":{"updated":"2020-01-01"}}', None),
        (b'{"class":"dataset","label":"updated","note":"\\"updated\\":\\"2020-01-01\\""}', None),
        (b'{"value":["updated","2020-01-01"],"size":[2]}', None),
        (b'{"updated":"2012-11-27', None),
        (b"<html>updated</html>", None),
        (b"", None),
    ],
)
def test_updated_is_that_of_the_dataset_or_of_the_newest_part_of_a_bundle(
    document: bytes, expected: str | None
) -> None:
    assert json_stat_updated(document) == expected


def test_an_answers_own_time_comes_before_the_time_of_its_packing(tmp_path: Path) -> None:
    answer = b'{"class":"dataset","updated":"2012-11-27"}'
    assert times(tmp_path, gzip.compress(answer, mtime=PACKED), "json-stat-2") == published(
        "2012-11-27T00:00:00Z"
    )


def test_prepared_is_when_the_message_was_made_not_when_the_data_were_published(tmp_path: Path) -> None:
    message = b"<m:Header><m:Prepared>2022-11-11T12:30:30.333Z</m:Prepared></m:Header>"
    expected = DocumentTimes(seen_at="2022-11-11T12:30:30Z", seen_at_origin="document")
    assert times(tmp_path, message, "sdmx-ml-2.1") == expected
    assert times(tmp_path, gzip.compress(message, mtime=PACKED), "sdmx-ml-2.1") == expected
    assert times(tmp_path, zipped(message), "sdmx-ml-2.1") == expected
    assert times(tmp_path, zipped(message, message), "sdmx-ml-2.1") == UNKNOWN
    assert times(tmp_path, zipped(message)[:-9], "sdmx-ml-2.1") == UNKNOWN
    assert times(tmp_path, b"<Header><Prepared> \n</Prepared></Header>", "sdmx-ml-2.1") == UNKNOWN


def test_last_update_of_sdmx_csv_is_day_first_in_brussels(tmp_path: Path) -> None:
    comma = b"\xef\xbb\xbfDATAFLOW,LAST UPDATE,freq\r\nESTAT:TGS00001(1.0),10/02/26 11:00:00,A\r\n"
    semicolon = b'STRUCTURE;"LAST_UPDATE";freq\ndataflow;10/07/26 23:00:00;A\n'
    assert times(tmp_path, comma, "sdmx-csv-1") == published("2026-02-10T10:00:00Z")
    assert times(tmp_path, gzip.compress(semicolon, mtime=PACKED), "sdmx-csv-2") == published(
        "2026-07-10T21:00:00Z"
    )
    assert times(tmp_path, b"DATAFLOW,LAST UPDATE\n", "sdmx-csv-1") == UNKNOWN
    assert times(tmp_path, b"DATAFLOW,freq\nX,A\n", "sdmx-csv-1") == UNKNOWN


def test_a_document_broken_inside_tells_less_and_an_absent_one_is_an_error(tmp_path: Path) -> None:
    answer = gzip.compress(b'{"class":"dataset","updated":"2012-11-27"}' + b" " * 10_000, mtime=0)
    assert times(tmp_path, answer[:30], "json-stat-2") == UNKNOWN
    with pytest.raises(DocumentUnreadable, match=r"absent\.tsv"):
        document_times(tmp_path / "absent.tsv", "tsv")
