"""What both fault matrices of Eurostat share: a table, its addresses, answers of one's own.

Belongs here: building. Does not: any assertion.
"""

import gzip
import io
import zipfile

from alp_pipeline.sources.eurostat.connector import EurostatConnector
from alp_pipeline.sources.family import Fetched, Upstream
from alp_pipeline_tests.servers import eurostat_messages as messages
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request
from alp_pipeline_tests.servers.eurostat import EurostatServer
from alp_pipeline_tests.sources.eurostat.asking import entry, tsv

PACKED = gzip.compress(tsv(), mtime=0)
DATA = "/sdmx/2.1/data/TGS00001"
FIRST = "00000001-540a-43d3-903b-7c9e14faf808"
STATUS, RESULT = f"/1.0/async/status/{FIRST}", f"/1.0/async/data/{FIRST}"
POLLS, SUBMISSIONS = 6, 3
TOO_BIG = messages.TOO_BIG.format(cells=17348292, most=5000000)
NOT_THERE = messages.NOT_AVAILABLE.format(code="TGS00001")


def xml(body: bytes, status: int = 200) -> Reply:
    return Reply(status, body, {"Content-Type": "application/xml"})


def fault(code: int, text: str, status: int = 200) -> Reply:
    return xml(messages.fault(code, text), status)


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("data.xml", "<x/>")
    return content.getvalue()


def asked(server: EurostatServer) -> list[str]:
    return [request.path for request in server.requests]


def fetch(source: EurostatConnector) -> bytes:
    """The bytes of the bulk file."""
    (document,) = source.fetch(entry(), Upstream("offered", "2026"))
    return document.path.read_bytes()


def together(documents: list[Fetched]) -> list[bytes]:
    """Every line of the documents, sorted, the heading once."""
    lines = [gzip.decompress(one.path.read_bytes()).splitlines() for one in documents]
    assert len({heading for heading, *_ in lines}) == 1
    return sorted([lines[0][0], *(row for _, *rows in lines for row in rows)])


class Elsewhere(LoopbackServer):
    """Where a message would like us to go."""

    def answer(self, request: Request) -> Reply:
        return Reply(200, PACKED)
