"""The fault matrix of portals that page: Socrata and CKAN. One table each; a cell is a `Case`."""

from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.sources.ckan import CkanConnector
from alp_pipeline.sources.errors import (
    AnswerIncomplete,
    AnswerTruncated,
    CredentialsMissing,
    NotData,
    QueryRefused,
    QueueUnfinished,
    ServiceUnavailable,
)
from alp_pipeline.sources.pages import TableMoved
from alp_pipeline.sources.socrata import SocrataConnector
from alp_pipeline_tests.faults.portal_cases import SECRET, Case, changed, shown
from alp_pipeline_tests.servers import ckan, socrata
from alp_pipeline_tests.servers.base import Reply, Request
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.sources.portals import entry, rows_in

OFFSET = "offset="
THE_MORNING = {"X-SODA2-Truth-Last-Modified": "Wed, 13 May 2026 09:00:00 GMT"}
NOON = {"X-SODA2-Truth-Last-Modified": "Wed, 13 May 2026 11:00:00 GMT"}

# A faultless fetch of these takes 6 requests: metadata, count, 3 pages of 20, count.
TABLE = entry({"family": "socrata", "resource": socrata.TABLE, "page_rows": 20})
BAD_COLUMN = entry({"family": "socrata", "resource": socrata.TABLE, "where": "provincia = 'MI'"})


def _counts(*numbers: int) -> Any:
    left = iter(numbers)
    return changed(lambda _: [{"count": str(next(left))}])


def _replaced(server: socrata.SocrataServer) -> None:
    server.row_headers = THE_MORNING
    server.fault(lambda _, good: Reply(200, good.body, NOON), match="offset=20")


SOCRATA: dict[str, Case] = {
    "202 twice, then rows": Case(lambda s: s.fault(Reply(202), times=2, match=OFFSET), None, 8),
    "202 for ever": Case(
        lambda s: s.fault(Reply(202), times=99, match=OFFSET), QueueUnfinished, 8, "after 6 requests"
    ),
    "a page is empty": Case(
        lambda s: s.fault(Reply.json([]), match="offset=40"),
        AnswerIncomplete,
        6,
        "40 rows came, the source declares 50",
    ),
    "counts rows that never come": Case(
        lambda s: s.fault(_counts(60, 60), times=2, match="count"), AnswerIncomplete, 7, "declares 60"
    ),
    "counts in no number": Case(lambda s: s.fault(Reply.json([{}]), match="count"), NotData, 2, "no count"),
    "grows while it is read": Case(lambda s: setattr(s, "grows_after", 2), None, 11),
    "grows at every reading": Case(
        lambda s: s.fault(_counts(50, 51, 50, 51), times=4, match="count"),
        TableMoved,
        11,
        "50 rows were announced before, 51 after",
    ),
    "is replaced while it is read": Case(_replaced, None, 9),
    "an error under 200": Case(
        lambda s: s.fault(Reply.json({"errorCode": "query.execution", "message": "no"}), match=OFFSET),
        QueryRefused,
        3,
        "query.execution: no",
    ),
    "an old error under 200": Case(
        lambda s: s.fault(Reply.json({"code": "invalid", "error": True, "message": "no"}), match=OFFSET),
        QueryRefused,
        3,
        "invalid: no",
    ),
    "an unknown column": Case(lambda s: None, QueryRefused, 2, "query.soql.no-such-column", BAD_COLUMN),
    "an unknown column, told in the old shape": Case(
        lambda s: setattr(s, "speaks_old", True), QueryRefused, 2, "No such column: provincia", BAD_COLUMN
    ),
    "another token is wanted": Case(
        lambda s: setattr(s, "token", "another"), CredentialsMissing, 1, "Invalid app_token"
    ),
    "throttled once": Case(lambda s: s.fault("429", match=OFFSET), None, 7),
    "throttled for ever": Case(lambda s: s.fault("429", times=99, match=OFFSET), ServiceUnavailable, 5),
    "a web page under 200": Case(lambda s: s.fault("html 200", match="offset=20"), NotData, 4, "web page"),
    "nothing under 200": Case(lambda s: s.fault("empty 200", match="offset=20"), NotData, 4),
    "no rows but numbers": Case(lambda s: s.fault(Reply.json([1]), match=OFFSET), NotData, 3, "list of rows"),
    "half a page, once": Case(lambda s: s.fault("half a body", match="offset=20"), None, 7),
    "half a page, always": Case(
        lambda s: s.fault("half a body", times=99, match="offset=20"), AnswerTruncated, 6
    ),
    "half a page that claims to be whole": Case(
        lambda s: s.fault(lambda _, good: Reply(200, good.body[:90]), match="offset=20"),
        NotData,
        4,
        "breaks off",
    ),
    "metadata that are a list": Case(lambda s: s.fault(Reply.json([])), NotData, 1, "the table's metadata"),
}


@pytest.mark.parametrize("fault", SOCRATA)
def test_socrata(fault: str, tmp_path: Path) -> None:
    with socrata.SocrataServer(employment(50)) as server:
        document = shown(SOCRATA[fault], SocrataConnector, server, TABLE, tmp_path)
        expected = [{k: str(v) for k, v in row.items() if v is not None} for row in server.rows]
    assert document is None or rows_in(document) == expected


# A faultless fetch of this takes 5 requests: package, 3 pages of 20, total.
_RESOURCE = {"family": "ckan", "package": ckan.PACKAGE, "resource": ckan.DATASTORE}
DATASTORE = entry({**_RESOURCE, "via": "datastore", "page_rows": 20})
NO_DATASTORE = entry({**_RESOURCE, "resource": ckan.FILE, "via": "datastore"})
NO_PACKAGE = entry({**_RESOURCE, "package": "perso", "via": "datastore"})


def _error(kind: str, status: int = 200, **fields: Any) -> Reply:
    return Reply.json({"help": "", "success": False, "error": {"__type": kind, **fields}}, status)


def _without_offset(server: ckan.CkanServer) -> None:
    def first_page(request: Request, _: Reply) -> Reply:
        query = {**request.query, "offset": "0"}
        return server.answer(Request("GET", request.path, query, request.headers, b""))

    server.fault(first_page, times=99, match=OFFSET)


def _without_records(envelope: Any) -> Any:
    del envelope["result"]["records"]
    return envelope


CKAN: dict[str, Case] = {
    "no such package": Case(lambda s: None, QueryRefused, 1, "Not Found Error: Not found", NO_PACKAGE),
    "no such package, under 200": Case(
        lambda s: setattr(s, "errors_as_200", True), QueryRefused, 1, "Not Found Error", NO_PACKAGE
    ),
    "a resource without a datastore": Case(lambda s: None, QueryRefused, 2, "Not Found Error", NO_DATASTORE),
    "a validation error under 200": Case(
        lambda s: s.fault(_error("Validation Error", limit=["zu groß"]), match=OFFSET),
        QueryRefused,
        3,
        "zu groß",
    ),
    "a search query error": Case(
        lambda s: s.fault(_error("Search Query Error", 400, message="no"), match=OFFSET),
        QueryRefused,
        3,
        "Search Query Error: no",
    ),
    "not authorised, repeating the token": Case(
        lambda s: s.fault(_error("Authorization Error", 403, message=f"{SECRET} is not valid")),
        CredentialsMissing,
        1,
        "… is not valid",
    ),
    "not authorised, under 200": Case(
        lambda s: s.fault(_error("Authorization Error", message="Access denied")),
        CredentialsMissing,
        1,
        "ALP_SOURCE_CREDENTIALS",
    ),
    "failed, under 200": Case(
        lambda s: s.fault(_error("Internal Server Error", message="database")), NotData, 1, "database"
    ),
    "no envelope": Case(lambda s: s.fault(Reply.json({"records": []})), NotData, 1, "no envelope of CKAN"),
    "no records": Case(lambda s: s.fault(changed(_without_records), match=OFFSET), NotData, 3, "no records"),
    "a web page under 404": Case(lambda s: s.fault("404"), QueryRefused, 1, "status 404"),
    "a web page under 200": Case(lambda s: s.fault("html 200", match=OFFSET), NotData, 3, "web page"),
    "announces rows that never come": Case(
        lambda s: setattr(s, "total", 60), AnswerIncomplete, 6, "50 rows came, the source declares 60"
    ),
    "shrinks while it is read": Case(lambda s: setattr(s, "shrinks_after", 2), None, 10),
    "the first page for ever": Case(_without_offset, TableMoved, 5, "the row 1 came after the row 20"),
    "clamps to the default": Case(lambda s: setattr(s, "most_rows", 9), None, 8),
    "throttled once": Case(lambda s: s.fault("429", match=OFFSET), None, 6),
    "down": Case(lambda s: s.fault("503", times=99, match=OFFSET), ServiceUnavailable, 5),
    "hangs up once": Case(lambda s: s.fault("drop", match=OFFSET), None, 6),
}


@pytest.mark.parametrize("fault", CKAN)
def test_ckan(fault: str, tmp_path: Path) -> None:
    with ckan.CkanServer(employment(50)) as server:
        document = shown(CKAN[fault], CkanConnector, server, DATASTORE, tmp_path)
        assert document is None or rows_in(document) == server.rows
