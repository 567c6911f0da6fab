"""The fault matrix of portals that hand out files: Opendatasoft's exports, udata, files behind CKAN."""

from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.sources.ckan import CkanConnector
from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerIncomplete,
    AnswerTruncated,
    NotData,
    QueryRefused,
    ServiceUnavailable,
)
from alp_pipeline.sources.opendatasoft import OpendatasoftConnector
from alp_pipeline.sources.pages import TableMoved
from alp_pipeline.sources.udata import UdataConnector
from alp_pipeline_tests.faults.portal_cases import Case, changed, shown
from alp_pipeline_tests.servers import ckan, opendatasoft, udata
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.sources.portals import entry, rows_in

CONTENT = "comune,anno,ateco,addetti\r\nGenève,2021,C28,7\r\n".encode()

# A faultless fetch of these takes 3 requests: metadata, count, export.
EXPORT = entry({"family": "opendatasoft", "dataset": opendatasoft.DATASET})
BAD_FIELD = entry({"family": "opendatasoft", "dataset": opendatasoft.DATASET, "where": "région = '84'"})
FILE = "/exports/csv"


def _without_total(answer: Any) -> Any:
    del answer["total_count"]
    return answer


def _quota(server: opendatasoft.OpendatasoftServer, left: int) -> None:
    server.quota = left


OPENDATASOFT: dict[str, Case] = {
    "an error text inside the stream": Case(
        lambda s: setattr(s, "breaks_after", 30), AnswerIncomplete, 3, "Streaming interrupted due to"
    ),
    "the last rows are missing": Case(
        lambda s: setattr(s, "loses", 2), AnswerIncomplete, 4, "48 rows came, the source declares 50"
    ),
    "the last row is half": Case(
        lambda s: s.fault(lambda _, good: Reply(200, good.body.rpartition(b",")[0]), match=FILE),
        AnswerIncomplete,
        3,
        "row 50 has 3 of 4 fields",
    ),
    "it ends inside a quoted text": Case(
        lambda s: s.fault(lambda _, good: Reply(200, good.body + b'"Besan'), match=FILE),
        AnswerIncomplete,
        3,
        "damaged",
    ),
    "grows while it is counted": Case(
        lambda s: s.fault(changed(lambda answer: answer | {"total_count": 49}), match="/records"), None, 6
    ),
    "grows at every reading": Case(
        lambda s: [
            s.fault(changed(lambda answer, n=number: answer | {"total_count": n}), match="/records")
            for number in (60, 61, 60, 61)
        ],
        TableMoved,
        7,
        "60 rows were announced before, 61 after",
    ),
    "the quota ends before the export": Case(
        lambda s: _quota(s, 2), ServiceUnavailable, 2, "renewed 2099-01-01T00:00:00Z"
    ),
    "the quota ended before": Case(lambda s: _quota(s, 0), ServiceUnavailable, 1, "quota of requests"),
    "the quota ends with the export": Case(lambda s: _quota(s, 3), None, 3),
    "too many at once": Case(lambda s: s.fault("429", match="/records"), None, 4),
    "an unknown field": Case(lambda s: None, QueryRefused, 2, "ODSQLError: Unknown field", BAD_FIELD),
    "an error under 200": Case(
        lambda s: s.fault(Reply.json({"error_code": "ODSQLError", "message": "no"}), match="/records"),
        QueryRefused,
        2,
        "ODSQLError: no",
    ),
    "an error in the place of the export": Case(
        lambda s: s.fault(Reply.json({"error_code": "ODSQLError", "message": "no"}), match=FILE),
        NotData,
        3,
    ),
    "a web page in the place of the export": Case(
        lambda s: s.fault("html 200", match=FILE), NotData, 3, "web page"
    ),
    "no total": Case(lambda s: s.fault(changed(_without_total), match="/records"), NotData, 2, "total_count"),
    "half an export, always": Case(
        lambda s: s.fault("half a body", times=99, match=FILE), AnswerTruncated, 5
    ),
}


@pytest.mark.parametrize("fault", OPENDATASOFT)
def test_opendatasoft(fault: str, tmp_path: Path) -> None:
    with opendatasoft.OpendatasoftServer(employment(50)) as server:
        document = shown(OPENDATASOFT[fault], OpendatasoftConnector, server, EXPORT, tmp_path)
        expected = [{k: "" if v is None else str(v) for k, v in row.items()} for row in server.rows]
    assert document is None or rows_in(document) == expected


# A faultless fetch of this takes 3 requests: record, permanent link, file.
HOSTED = entry({"family": "udata", "dataset": udata.DATASET, "resource": udata.RESOURCE})
LINK, TARGET = "/fr/datasets/r/", "/resources/salaries.csv"

UDATA: dict[str, Case] = {
    "another checksum": Case(
        lambda s: s.resource.update(checksum={"type": "sha256", "value": "0" * 64}),
        AnswerIncomplete,
        3,
        "its sha256 is",
    ),
    "another size": Case(
        lambda s: s.resource.update(filesize=1000), AnswerIncomplete, 3, f"{len(CONTENT)} bytes, and 1000 are"
    ),
    "a web page in the place of the file": Case(
        lambda s: s.fault("html 200", match=TARGET), NotData, 3, "web page"
    ),
    "an empty file": Case(lambda s: s.fault("empty 200", match=TARGET), NotData, 3, "empty"),
    "no file behind the link": Case(lambda s: s.fault("404", match=TARGET), QueryRefused, 3, "status 404"),
    "a link to a host that is not listed": Case(
        lambda s: s.fault("other host", match=LINK), AddressRefused, 2
    ),
    "half a file, once": Case(lambda s: s.fault("half a body", match=TARGET), None, 5),
    "no such dataset": Case(
        lambda s: None,
        QueryRefused,
        1,
        "The requested URL was not found",
        entry({"family": "udata", "dataset": "perdu", "resource": udata.RESOURCE}),
    ),
    "a web page in the place of the record": Case(lambda s: s.fault("html 200"), NotData, 1, "web page"),
    "a record that is a list": Case(lambda s: s.fault(Reply.json([])), NotData, 1, "the dataset's record"),
}


@pytest.mark.parametrize("fault", UDATA)
def test_udata(fault: str, tmp_path: Path) -> None:
    with udata.UdataServer(CONTENT) as server:
        document = shown(UDATA[fault], UdataConnector, server, HOSTED, tmp_path)
    assert document is None or document.path.read_bytes() == CONTENT


# A faultless fetch of these takes 2 requests: package, file.
_FILE = {"family": "ckan", "package": ckan.PACKAGE, "resource": ckan.FILE, "via": "file"}
CSV, ZIP, XLSX = entry(_FILE), entry(_FILE | {"file_format": "zip"}), entry(_FILE | {"file_format": "xlsx"})
DOWNLOAD = "/download/"

CKAN_FILES: dict[str, Case] = {
    "a web page": Case(lambda s: s.fault("html 200", match=DOWNLOAD), NotData, 2, "web page"),
    "an empty file": Case(lambda s: s.fault("empty 200", match=DOWNLOAD), NotData, 2, "empty"),
    "a file that is gone": Case(lambda s: s.fault("404", match=DOWNLOAD), QueryRefused, 2, "status 404"),
    "a truncated gzip": Case(lambda s: s.fault("truncated gzip", match=DOWNLOAD), AnswerTruncated, 2),
    "a table that is no ZIP": Case(lambda s: None, NotData, 2, dataset=ZIP),
    "a table that is no workbook": Case(lambda s: None, NotData, 2, dataset=XLSX),
    "half a ZIP": Case(
        lambda s: s.fault(Reply(200, b"PK\x03\x04 and no more"), match=DOWNLOAD),
        AnswerTruncated,
        2,
        dataset=ZIP,
    ),
    "a resource without an address": Case(lambda s: s.file.update(url=""), AddressRefused, 1),
    "hangs up once": Case(lambda s: s.fault("drop", match=DOWNLOAD), None, 3),
}


@pytest.mark.parametrize("fault", CKAN_FILES)
def test_files_behind_ckan(fault: str, tmp_path: Path) -> None:
    with ckan.CkanServer(employment(1), {"addetti.csv": CONTENT}) as server:
        server.file["url"] = f"{server.url}/download/addetti.csv"
        document = shown(CKAN_FILES[fault], CkanConnector, server, CSV, tmp_path)
    assert document is None or document.path.read_bytes() == CONTENT
