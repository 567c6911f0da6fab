"""The fault matrix of statistics services and plain files: what each does wrong, and what comes of it here.

Each case says how the server misbehaves, the error (or None where the data must come all the same), the
requests that the whole took, freshness included, and words of the message. After an error no part of the
refused document is left, whole documents before it may be; the same fault gives the same words again.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerIncomplete,
    AnswerTruncated,
    CredentialsMissing,
    NotData,
    QueryRefused,
    QueueUnfinished,
    ServiceUnavailable,
    StructureChanged,
)
from alp_pipeline.sources.genesis import GenesisConnector
from alp_pipeline.sources.plain import PlainConnector
from alp_pipeline.sources.pxweb import PxWebConnector, TooManyCells
from alp_pipeline.sources.sdmx import SdmxConnector
from alp_pipeline_tests.faults.service_case import (
    Case,
    Misbehave,
    after,
    always,
    cut,
    edited,
    named,
    once,
    play,
    text,
)
from alp_pipeline_tests.servers import sdmx
from alp_pipeline_tests.servers.base import Fault, Reply
from alp_pipeline_tests.servers.genesis import GenesisServer, GenesisTable, status
from alp_pipeline_tests.servers.plain import PlainServer
from alp_pipeline_tests.servers.pxweb import PxWebServer
from alp_pipeline_tests.servers.sdmx import SdmxServer
from alp_pipeline_tests.sources.services import (
    PATH,
    genesis_entry,
    plain_entry,
    pxweb_entry,
    sdmx_entry,
    table,
)

# -- PxWeb: ?config, metadata, one cell, metadata, then the data in two parts of twelve cells -------------

META = f"{PATH}?"


def data(fault: str | Reply | Fault) -> Misbehave:
    """Well for both readings of the metadata and the one cell, then so for the data."""
    return after(3, fault, META)


def _without_a_variable(answer: Any) -> None:
    """What comes when a variable is summed."""
    at = answer["id"].index("MERITVE")
    del answer["id"][at], answer["size"][at], answer["dimension"]["MERITVE"]
    answer["value"] = answer["value"][::2]


def _without_a_code(answer: Any) -> None:
    del answer["dimension"]["LETO"]["category"]["index"]["2020"]
    answer["size"][2] = 1
    answer["value"] = answer["value"][::2]


PXWEB = [
    Case("config is a web page", always("html 200", "config"), NotData, 1, "a web page"),
    Case(
        "config names no limit", once(Reply.json({"CORS": True}), "config"), NotData, 1, "no number of cells"
    ),
    Case("no such table", always("404", META), QueryRefused, 2, "no such table"),
    Case(
        "the table became a folder",
        once(Reply.json([{"id": "a"}]), META),
        QueryRefused,
        2,
        "a folder of tables",
    ),
    Case(
        "metadata without variables",
        once(Reply.json({"title": "x"}), META),
        NotData,
        2,
        "cannot be understood",
    ),
    Case(
        "a value left the table between two calls",
        data(Reply.json({"error": "Parameter error"}, status=400)),
        QueryRefused,
        5,
        'refuses with status 400: {"error": "Parameter error"}',
    ),
    Case("refuses its own limit once", after(3, "403", META), TooManyCells, 6, "6 cells as too many"),
    Case(
        "throttled once",
        lambda s: (s.fault(lambda _, g: g, times=3, match=META), s.fault("429", match=META)),
        None,
        7,
    ),
    Case("throttled for ever", data("429"), ServiceUnavailable, 7),
    Case("times out for ever", data("503"), ServiceUnavailable, 7),
    Case("a variable was summed", data(edited(_without_a_variable)), StructureChanged, 5, "MERITVE"),
    Case("a code is missing", data(edited(_without_a_code)), AnswerIncomplete, 5, "differing: 2020"),
    Case(
        "fewer values than cells", data(edited(lambda a: a["value"].pop())), AnswerIncomplete, 5, "11 values"
    ),
    Case("a web page as data", data("html 200"), NotData, 5, "a web page"),
    Case("an error under 200", data(Reply.json({"error": "busy"})), NotData, 5, "busy"),
    Case("nothing at all", data("empty 200"), NotData, 5, "it is empty"),
    Case("JSON that breaks off", data(cut(0.5)), AnswerTruncated, 5, "breaks off"),
    Case("the connection breaks for ever", data("half a body"), AnswerTruncated, 7),
    Case("the second part is bad", after(4, "html 200", META), NotData, 6, "a web page", left=1),
]


@named(PXWEB)
def test_pxweb(case: Case, tmp_path: Path) -> None:
    with PxWebServer({PATH: table()}, most_cells=12) as server:
        play(PxWebConnector, server, case, pxweb_entry(), tmp_path)


def test_pxweb_counts_what_it_may_not_split_before_it_asks(tmp_path: Path) -> None:
    case = Case(
        "limit below the smallest query", lambda s: None, QueryRefused, 4, "2 cells, the service allows 1"
    )
    with PxWebServer({PATH: table()}, most_cells=1) as server:
        play(PxWebConnector, server, case, pxweb_entry(), tmp_path)


# -- SDMX: dataflow, then data --------------------------------------------------------------------------

DATA = "/data/"
ML = sdmx_entry(answer="sdmx-ml-2.1")
BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'


def _footer(*footer: Any) -> Misbehave:
    def misbehave(server: SdmxServer) -> None:
        server.footer = footer

    return misbehave


SDMX = [
    Case("nothing found, 404", once(text("NoRecordsFound", 404), DATA), QueryRefused, 2, "finds no record"),
    Case("nothing found, 200", once(text("NoRecordsFound"), DATA), QueryRefused, 2, "finds no record"),
    Case(
        "nothing found, 200, ML asked", once(text("NoRecordsFound"), DATA), QueryRefused, 2, "no record", ML
    ),
    Case(
        "an error message under 200",
        once(sdmx.error(200, 100, ""), DATA),
        QueryRefused,
        2,
    ),
    Case("a heading alone", once(text("FREQ,TIME_PERIOD,OBS_VALUE\n"), DATA), NotData, 2, "no observation"),
    Case("too large, 413", once(sdmx.error(413, 510, "too many"), DATA), QueryRefused, 2, "too large"),
    Case("too large, in the footer", _footer(510, "Information", "cut"), QueryRefused, 2, "too large", ML),
    Case(
        "a warning in the footer",
        _footer(1000, "Warning", "partial"),
        AnswerIncomplete,
        2,
        "1000 partial",
        ML,
    ),
    Case("a word in the footer", _footer(1001, "Information", "cached"), None, 2, "", ML),
    Case(
        "an error of its own under 200",
        once(sdmx.error(200, 500, "x"), DATA),
        ServiceUnavailable,
        2,
        "(500): x",
    ),
    Case("this form is not offered", once(text("no", 406), DATA), QueryRefused, 2, "sdmx-ml-2.1"),
    Case("an unknown code", once(sdmx.error(404, 150, "no code X"), DATA), QueryRefused, 2, "no code X"),
    Case("a web page", once("html 200", DATA), NotData, 2),
    Case("a web page, ML asked", once("html 200", DATA), NotData, 2, "declares a document type", ML),
    Case("entities that grow", once(text(BOMB), DATA), NotData, 2, "declares a document type", ML),
    Case("XML that breaks off", once(cut(0.7), DATA), AnswerTruncated, 2, "ends early", ML),
    Case(
        "ML in the place of CSV",
        once(text(sdmx.as_xml(sdmx.Flow(), [(("A", "IT", "C", "2021"), 1)])), DATA),
        NotData,
        2,
        "CSV was asked for",
    ),
    Case(
        "another flow's data",
        once(lambda _, g: replace(g, body=g.body.replace(b"183_277", b"183_278")), DATA),
        NotData,
        2,
        "of 183_278, not of 183_277",
    ),
    Case(
        "CSV that ends with an error",
        once(lambda _, g: replace(g, body=g.body + b"java.lang.OutOfMemoryError: heap\n"), DATA),
        AnswerIncomplete,
        2,
        "OutOfMemoryError",
    ),
    Case(
        "no structure behind the flow",
        once(lambda _, g: replace(g, body=g.body.replace(b"Dimension", b"Other"))),
        NotData,
        1,
        "without its data structure",
    ),
    Case(
        "the flow is unknown",
        once(sdmx.error(404, 100, "Could not find Dataflow")),
        QueryRefused,
        1,
        "no such flow",
    ),
    Case("throttled once", once("429", DATA), None, 3),
    Case("throttled for ever", always("429", DATA), ServiceUnavailable, 4),
]


@named(SDMX)
def test_sdmx(case: Case, tmp_path: Path) -> None:
    with SdmxServer() as server:
        play(SdmxConnector, server, case, sdmx_entry(), tmp_path)


# -- GENESIS: metadata, then the file -------------------------------------------------------------------

FILE = "data/tablefile"
JOB = "catalogue/results"
TABLE = GenesisTable.generated()


class Impatient(GenesisConnector):
    poll_seconds = 0.01
    most_polls = 3


def _zip(*contents: str) -> Reply:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), content)
    return Reply(200, packed.getvalue(), "application/zip")


def _large(*faults: Callable[[GenesisServer], object]) -> Misbehave:
    def misbehave(server: GenesisServer) -> None:
        server.tables[TABLE.code] = replace(TABLE, is_large=True)
        server._jobs.clear()
        for fault in faults:
            fault(server)

    return misbehave


HEADING = TABLE.flat_file.partition("\n")[0]
OTHER_HEADING = TABLE.flat_file.replace("1_variable_attribute_code", "1_variable_code_new")
GENESIS = [
    Case("no such table", lambda s: s.tables.clear(), QueryRefused, 1, "90 Die angeforderte Tabelle"),
    Case(
        "another table's metadata",
        once(edited(lambda a: a["Object"].update(Code="1")), "metadata"),
        NotData,
        1,
    ),
    Case("no status in the metadata", once(Reply.json({"Ident": {}}), "metadata"), NotData, 1, "no status"),
    Case(
        "the account expires between two calls",
        once(status(15, "Passwort abgelaufen", "ERROR"), FILE),
        CredentialsMissing,
        2,
        "Passwort abgelaufen",
    ),
    Case("forbidden", once(text("observatory may not", 403), FILE), CredentialsMissing, 2, "… may not"),
    Case("a status and no table", once(status(0, "erfolgreich"), FILE), NotData, 2, "sends no table"),
    Case(
        "a refusal under 200",
        once(status(25, "Parameter ungültig", "Fehler"), FILE),
        QueryRefused,
        2,
        "25 Parameter",
    ),
    Case("a web page", once("html 200", FILE), NotData, 2, "a web page"),
    Case("a ZIP that ends early", once(cut(0.6), FILE), AnswerTruncated, 2, "ZIP"),
    Case("two files in the ZIP", once(_zip("a;b\n", "a;b\n"), FILE), NotData, 2, "2 files instead of one"),
    Case("a heading alone", once(_zip(HEADING + "\n"), FILE), NotData, 2, "no rows"),
    Case(
        "a column is gone", once(_zip(OTHER_HEADING), FILE), StructureChanged, 2, "1_variable_attribute_code"
    ),
    Case("a CSV without a ZIP", once(text(TABLE.flat_file), FILE), None, 2),
    Case("throttled once", once("429", FILE), None, 3),
    Case("down", always("503", FILE), ServiceUnavailable, 4),
    Case(
        "the job has no name",
        _large(once(status(98, "zu groß", "Fehler"), FILE), once(status(99, "erstellt"), FILE)),
        QueueUnfinished,
        3,
        "without a name",
    ),
    Case(
        "the job is refused",
        _large(once(lambda _, g: g, FILE), once(status(70, "Kontingent", "Fehler"), FILE)),
        QueryRefused,
        3,
        "70 Kontingent",
    ),
    Case("the job is never done", _large(always(status(104, "keine Objekte"), JOB)), QueueUnfinished, 6),
    Case("the result is gone", _large(once(status(104, "keine Objekte"), "resultfile")), QueryRefused, 7),
]


@named(GENESIS)
def test_genesis(case: Case, tmp_path: Path) -> None:
    with GenesisServer(TABLE) as server:
        play(Impatient, server, case, genesis_entry(TABLE), tmp_path, credential="observatory:s3cret-word")


# -- plain files: HEAD, then GET ------------------------------------------------------------------------

BROKEN = b"a,b\n1,2\nStreaming interrupted due to the following error: offset\n"


def _get(fault: str | Reply | Fault, *, for_ever: bool = False) -> Misbehave:
    """Well for the HEAD, then so."""
    return lambda s: (s.fault(lambda _, g: g), s.fault(fault, times=20 if for_ever else 1))


def _form(name: str) -> DatasetEntry:
    return plain_entry("f", name, layout=None)


ERROR = Reply.json({"error": [{"status": 404, "label": "ERR_NOT_FOUND"}]})
PLAIN = [
    Case("the file is gone", once("404"), QueryRefused, 1, "no such file"),
    Case("the file goes between two calls", _get("404"), QueryRefused, 2, "no such file"),
    Case("an account is wanted", _get(Reply(401)), CredentialsMissing, 2, "wants an account"),
    Case("forbidden", _get("403"), QueryRefused, 2, "status 403"),
    Case("a web page as CSV", _get("html 200"), NotData, 2, "a web page"),
    Case("a web page as XLSX", _get("html 200"), NotData, 2, "a web page", _form("xlsx")),
    Case("a web page as ZIP", _get("html 200"), NotData, 2, "a web page", _form("zip")),
    Case("a workbook that is a plain ZIP", _get(_zip("a")), NotData, 2, "without a workbook", _form("xlsx")),
    Case(
        "a ZIP that ends early",
        _get(replace(_zip("a" * 999), body=_zip("a" * 999).body[:300])),
        AnswerTruncated,
        2,
        "ZIP",
        _form("zip"),
    ),
    Case("nothing at all", _get("empty 200"), NotData, 2, "it is empty"),
    Case("an error as JSON-stat", _get(ERROR), NotData, 2, "ERR_NOT_FOUND", _form("json-stat-2")),
    Case(
        "JSON-stat without values",
        _get(Reply.json({"class": "dataset", "value": {}, "dimension": {}})),
        NotData,
        2,
        "with values",
        _form("json-stat-2"),
    ),
    Case(
        "a CSV that is no SDMX-CSV", _get(text("a,b\n1,2\n")), NotData, 2, "no SDMX-CSV", _form("sdmx-csv-1")
    ),
    Case(
        "a CSV that breaks off with an error",
        _get(Reply(200, BROKEN)),
        AnswerIncomplete,
        2,
        "Streaming interrupted",
    ),
    Case("sent to another host", _get("other host"), AddressRefused, 2),
    Case("the connection breaks once", _get("half a body"), None, 3),
    Case("the connection breaks for ever", _get("half a body", for_ever=True), AnswerTruncated, 4),
    Case("down", once("503"), None, 3),
]


@named(PLAIN)
def test_plain(case: Case, tmp_path: Path) -> None:
    with PlainServer({"/f": b"comune,ateco,anno,addetti\nAosta,C25,2021,10\n"}) as server:
        play(PlainConnector, server, case, plain_entry("f"), tmp_path)
