"""The loopback Eurostat: inventory, prepared files, costed extractions, the queue, structures.

Belongs here: the behaviour of the dissemination API, limits included. Does not: the wording of messages
(eurostat_messages), what is in a table (eurostat_tables), sockets and logs (base).

By hand: `python -m alp_pipeline_tests.servers.eurostat FOLDER --port 8801` serves the TSV files of a folder.
"""

import argparse
import gzip
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from alp_pipeline_tests.servers import eurostat_messages as messages
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request
from alp_pipeline_tests.servers.eurostat_tables import Published

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "eurostat"
BRUSSELS = ZoneInfo("Europe/Brussels")
FIRST_CHANGE = datetime(2026, 5, 13, 11, tzinfo=BRUSSELS)
COLUMNS = (
    "Code",
    "Type",
    "Source dataset",
    "Last data change",
    "Last structural change",
    "Data download url (tsv)",
    "Data download url (csv)",
    "Data download url (sdmx)",
    "Data structure download url",
    "Open in Data Browser url",
)
_PREPARED = "?format=TSV&compressed=true"
_XML = {"Content-Type": "application/xml"}
_JSON = {"Content-Type": "application/json"}
_TSV = {"Content-Type": "text/tab-separated-values"}


@dataclass
class Offer:
    """One dataset as it is offered now."""

    table: Published
    data_change: datetime
    structure_change: datetime


@dataclass
class Queued:
    """One extraction in the queue: what it will answer, and the states still to come."""

    body: bytes
    states: list[str] = field(default_factory=list)

    def next_state(self) -> str:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class EurostatServer(LoopbackServer):
    """Eurostat on 127.0.0.1.

    Args:
        tables: code → a TSV, plain or gzip, as a path or bytes.
        sync_cells, async_cells: extractions below the first are answered at once, below the second queued,
            the others refused.
        others: datasets of nobody's interest that pad the inventory.

    `queue_states` are the states that each ticket goes through, the last for ever; `without_metadata` holds
    the codes whose structure and constraint are not to be had. `path` is what precedes every request's path.
    """

    path = ""

    def __init__(
        self,
        tables: Mapping[str, Path | bytes] | None = None,
        *,
        sync_cells: int = 500_000,
        async_cells: int = 5_000_000,
        others: int = 200,
        port: int = 0,
    ) -> None:
        super().__init__()
        if port:
            self._bind(port)
        self.sync_cells, self.async_cells, self.others = sync_cells, async_cells, others
        self.offers: dict[str, Offer] = {}
        self.queue_states: list[str] = ["SUBMITTED", "PROCESSING", "AVAILABLE"]
        self.without_metadata: set[str] = set()
        self._queue: dict[str, Queued] = {}
        self._held: dict[str, int] = {}
        for code, source in (tables or {}).items():
            self.offer(code, source)

    @classmethod
    def of_folder(cls, folder: Path, *, port: int = 0) -> Self:
        """Serves every `*.tsv.gz` and `*.tsv` of a folder in place."""
        files = sorted([*folder.glob("*.tsv.gz"), *folder.glob("*.tsv")])
        return cls({path.name.partition(".")[0]: path for path in files}, port=port)

    @classmethod
    def of_sample(cls, tables: Mapping[str, Path | bytes] | None = None) -> Self:
        """Serves the whole TSV documents of the project's sample, and `tables` besides or in their place."""
        files = {path.name.partition(".")[0]: path for path in sorted(SAMPLE.glob("*.tsv.gz"))}
        del files["tgs00003"]  # not catalogued
        files["nama_10r_2gdp"] = SAMPLE / "nama_10r_2gdp.2017-03-06.tsv.gz"  # the later one is broken
        return cls({**files, **(tables or {})})

    @classmethod
    def of_realdata(cls, realdata: Path, *, port: int = 0) -> Self:
        """Serves the real bulk files in place."""
        files = sorted((realdata / "eurostat").glob("bulk*/*.tsv.gz"))
        return cls({path.name.partition(".")[0]: path for path in files}, port=port)

    def _bind(self, port: int) -> None:
        """A port of a person's choice, in the place of the free one."""
        handler = self._server.RequestHandlerClass
        self._server.server_close()
        self._server = type(self._server)(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    # -- what a test may change ---------------------------------------------------------------------

    def offer(self, code: str, source: Path | bytes, *, at: datetime = FIRST_CHANGE) -> None:
        """A dataset appears."""
        self.offers[code.upper()] = Offer(Published(source), at, at)

    def touch(self, code: str, *, structure: bool = False) -> None:
        """The time of the last change moves by half a day; the content stays."""
        offer = self.offers[code.upper()]
        offer.data_change += timedelta(hours=12)
        if structure:
            offer.structure_change += timedelta(hours=12)

    def replace(self, code: str, content: Path | bytes, *, structure: bool = False) -> None:
        """New content, and a new time."""
        self.offers[code.upper()] = replace(self.offers[code.upper()], table=Published(content))
        self.touch(code, structure=structure)

    def remove(self, code: str) -> None:
        """A dataset is gone."""
        del self.offers[code.upper()]

    def rename(self, old: str, new: str) -> None:
        """A rename shows as delete and create."""
        self.offers[new.upper()] = self.offers.pop(old.upper())
        self.touch(new, structure=True)

    def content(self, code: str) -> bytes:
        """What the prepared file of a dataset is now."""
        return self.offers[code.upper()].table.packed

    def hold(self, code: str, *, times: int = 1) -> None:
        """The next answers with a prepared file are tickets of the queue."""
        self._held[code.upper()] = times

    def forget(self) -> None:
        """An empty log, an empty queue, and no misbehaviour still to come."""
        with self._lock:
            self.requests.clear()
            self._faults.clear()
            self._queue.clear()

    # -- answering ----------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        parts = [part for part in request.path.removeprefix("/eurostat/api/dissemination").split("/") if part]
        if parts == ["files", "inventory"]:
            return Reply(200, self.inventory(), {"Content-Type": "application/octet-stream"})
        if parts[:2] == ["1.0", "async"] and len(parts) == 4:
            return self._async(parts[2], parts[3])
        if parts[:2] == ["sdmx", "2.1"] and len(parts) >= 4:
            if parts[2] == "data":
                return self._data(parts[3].upper(), "".join(parts[4:5]), request.query)
            if len(parts) >= 5 and parts[3] == "ESTAT":
                return self._metadata(parts[2], parts[4].upper(), request.query)
        return Reply(404, messages.json_error(404, "ERR_NOT_FOUND: no such resource"), _JSON)

    def inventory(self) -> bytes:
        """The inventory of type `data`, as it is now."""
        rows = [COLUMNS, *(self._row(code, offer) for code, offer in sorted(self.offers.items()))]
        then = FIRST_CHANGE - timedelta(days=300)
        idle = Offer(Published(b""), then, then)
        rows += [self._row(f"ZZ_OTHER_{number:04}", idle) for number in range(self.others)]
        extract = self._row("BD_9AC_L_FORM_R2$DV_343", idle)
        rows.append((extract[0], "EXTRACTION", "BD_9AC_L_FORM_R2", *extract[3:]))
        return "".join("\t".join(row) + "\n" for row in rows).encode()

    def _row(self, code: str, offer: Offer) -> Sequence[str]:
        data, flow = f"{self.url}/sdmx/2.1/data/{code}", f"{self.url}/sdmx/2.1/dataflow/ESTAT/{code}"
        return (
            code,
            "DATASET",
            "-",
            offer.data_change.strftime("%Y-%m-%dT%H:%M:%S%z"),
            offer.structure_change.strftime("%Y-%m-%dT%H:%M:%S%z"),
            f"{data}/{_PREPARED}",
            f"{data}/?format=SDMX-CSV&compressed=true",
            f"{data}/?format=sdmx_2.1_generic&compressed=true",
            f"{flow}/?references=descendants&format=sdmx_2.1_generic",
            f"{self.url}/databrowser/product/view/{code}",
        )

    def _data(self, code: str, key: str, query: Mapping[str, str]) -> Reply:
        offer = self.offers.get(code)
        if offer is None:
            return _fault(404, 100, messages.NOT_AVAILABLE.format(code=code))
        is_prepared = not key and dict(query) == {"format": "TSV", "compressed": "true"}
        if is_prepared:
            if self._held.get(code, 0) > 0:
                self._held[code] -= 1
                return self._queued(offer.table.packed)
            return Reply(200, offer.table.packed, _TSV)
        return self._extraction(offer.table, key, query)

    def _extraction(self, table: Published, key: str, query: Mapping[str, str]) -> Reply:
        """Any key or further parameter makes an extraction that is computed, and costs."""
        names = table.dimensions
        codes = key.split(".") if key else [""] * len(names)
        if len(codes) != len(names) or query.get("format") != "TSV":
            return _fault(400, 140, f"INVALID_QUERY_KEY: {len(codes)} positions for {len(names)} dimensions")
        wanted = {name: part.split("+") if part else [] for name, part in zip(names, codes, strict=True)}
        for name, asked in wanted.items():
            if lost := sorted(set(asked) - set(table.codes[name])):
                return _fault(400, 150, f"INVALID_QUERY_DIMENSION_VALUE: {name} {lost[0]}")
        since = query.get("startPeriod")
        cost = table.cost(wanted, since)
        if cost >= self.async_cells:
            return _fault(413, 413, messages.TOO_BIG.format(cells=cost, most=self.async_cells))
        part = table.part(wanted, since)
        if part is None:
            return _fault(400, 100, messages.NO_RESULTS)
        body = gzip.compress(part, mtime=0) if query.get("compressed") == "true" else part
        return self._queued(body) if cost >= self.sync_cells else Reply(200, body, _TSV)

    def _queued(self, body: bytes) -> Reply:
        number = f"{len(self._queue) + 1:08x}-540a-43d3-903b-7c9e14faf808"
        self._queue[number] = Queued(body, list(self.queue_states))
        return Reply(200, messages.ticket(number), _XML)

    def _async(self, kind: str, number: str) -> Reply:
        queued = self._queue.get(number)
        if queued is None:
            return _fault(404, 100, messages.UNKNOWN_REQUEST)
        if kind == "status":
            return Reply(200, messages.ticket(number, queued.next_state()), _XML)
        if queued.states != ["AVAILABLE"]:
            return _fault(404, 100, messages.NOT_YET)
        return Reply(200, queued.body, _TSV)

    def _metadata(self, kind: str, code: str, query: Mapping[str, str]) -> Reply:
        offer = self.offers.get(code)
        if offer is None or code in self.without_metadata:
            return _fault(404, 100, messages.NOT_AVAILABLE.format(code=code))
        table = offer.table
        if kind == "contentconstraint":
            return Reply(200, messages.constraint(code, table.codes, table.periods), _XML)
        if kind not in ("dataflow", "datastructure"):
            return _fault(501, 501, "Not implemented")
        structure = messages.datastructure(
            code,
            table.codes,
            table.periods,
            with_codelists=query.get("references") in ("descendants", "children"),
            observations=table.observations,
        )
        return Reply(200, structure, _XML)


def _fault(status: int, code: int, text: str) -> Reply:
    return Reply(status, messages.fault(code, text), _XML)


def main() -> None:
    """Serve a folder until interrupted."""
    parser = argparse.ArgumentParser(description="A Eurostat on this machine, of the TSV files of a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8801)
    chosen = parser.parse_args()
    with EurostatServer.of_folder(chosen.folder, port=chosen.port) as server:
        print(f"export ALP_ALLOWED_HOSTS='{json.dumps([server.host])}'")
        print(f"export ALP_SOURCE_URLS='{json.dumps({'eurostat': server.url})}'")
        print(f"# {len(server.offers)} tables; end with Ctrl-C", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
