"""A GENESIS service over real sockets: accounts, statuses under 200, flat files in ZIPs, jobs.

Belongs here: the protocol. Does not: what the tests expect. A table is generated, or read from a recording.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

_HEADING = (
    "statistics_code;statistics_label;time_code;time_label;time;1_variable_code;1_variable_label;"
    "1_variable_attribute_code;1_variable_attribute_label;value;value_unit;value_variable_code;"
    "value_variable_label"
)
_YEAR = re.compile(r"\d{4}")


@dataclass
class GenesisTable:
    """A table: its metadata's `Object`, and its flat file."""

    code: str
    metadata: dict[str, Any]
    flat_file: str
    is_large: bool = False

    @classmethod
    def generated(
        cls, code: str = "13111-01-03-4", years: Sequence[int] = (2022, 2023, 2024)
    ) -> "GenesisTable":
        """Employees of three districts; the value is the number of the row."""
        rows = [_HEADING]
        for year in reversed(years):
            for district, name in (("08222", "Mannheim, Stadtkreis"), ("09180", "Garmisch-Partenkirchen")):
                rows.append(
                    f"13111;Beschäftigte;STAG;Stichtag;{year}-06-30;KREISE;Kreise;{district};{name};"
                    f"{len(rows)};Anzahl;ERW032;Beschäftigte"
                )
        covered = {"From": f"30.06.{min(years)}", "To": f"30.06.{max(years)}"}
        metadata = {
            "Code": code,
            "Content": "Beschäftigte am Arbeitsort\nnach Kreisen",
            "Time": covered,
            "Updated": "08.09.2025 09:08:56h",
        }
        return cls(code, metadata, "\n".join(rows) + "\n")

    def zipped(self, first: str, last: str) -> bytes:
        """The flat file of the years asked for; without a first year, of the last one alone."""
        heading, *rows = self.flat_file.splitlines(keepends=True)
        years = [_YEAR.search(row.split(";")[4]) for row in rows]
        newest = max(found[0] for found in years if found)
        kept = [
            row
            for row, found in zip(rows, years, strict=True)
            if found and (first or newest) <= found[0] <= (last or newest)
        ]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{self.code}_1773175772751_de_flat.csv", "".join([heading, *kept]))
        return packed.getvalue()


class GenesisServer(LoopbackServer):
    """Serves tables to those who have an account.

    Attributes, to be changed by tests:
        tables: code → table.
        accounts: user → password.
        polls_until_done: so many questions for a job's result find nothing.
        refuses_under_200: a refused account is told with status 200.
    """

    def __init__(self, *tables: GenesisTable) -> None:
        super().__init__()
        self.tables = {table.code: table for table in tables}
        self.accounts = {"observatory": "s3cret-word"}
        self.polls_until_done = 2
        self.refuses_under_200 = False
        self._jobs: dict[str, tuple[dict[str, str], int]] = {}

    def answer(self, request: Request) -> Reply:
        user = request.headers.get("username", "")
        if request.method != "POST" or self.accounts.get(user) != request.headers.get("password"):
            said = f"Ein Fehler ist aufgetreten, {user}. (Bitte überprüfen Sie das Passwort.)"
            return status(15, said, "ERROR", http=200 if self.refuses_under_200 else 401)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        path = request.path.strip("/")
        if path == "catalogue/results":
            return self._results(form)
        if path == "data/resultfile" and form["name"] in self._jobs:
            asked, _ = self._jobs[form["name"]]
            return self._file(self.tables[asked["name"]], asked)
        table = self.tables.get(form.get("name", ""))
        if table is None:
            return status(90, "Die angeforderte Tabelle ist nicht vorhanden.")
        if path == "metadata/table":
            shown = {
                "username": "********************",
                "password": "********************",
                "name": table.code,
            }
            return status(0, "erfolgreich", Parameter=shown, Object=table.metadata)
        if path == "data/tablefile":
            return self._table_file(table, form)
        return Reply(404, b"", {})

    def _table_file(self, table: GenesisTable, form: dict[str, str]) -> Reply:
        if form.get("job") == "true":
            job = f"{table.code}_{len(self._jobs) + 1:09}"
            self._jobs[job] = (form, self.polls_until_done)
            said = "Der Bearbeitungsauftrag wurde erstellt. Die Tabelle kann in Kürze als Ergebnis "
            return status(99, f"{said}mit folgendem Namen abgerufen werden: {job}")
        if table.is_large:
            return status(98, "Die Tabelle ist zu groß, um direkt abgerufen zu werden.", "Fehler")
        return self._file(table, form)

    def _results(self, form: dict[str, str]) -> Reply:
        asked, left = self._jobs.get(form["selection"], ({}, 1))
        if left > 0:
            if asked:
                self._jobs[form["selection"]] = (asked, left - 1)
            return status(104, "Es gibt keine Objekte zum angegebenen Selektionskriterium.")
        return status(0, "erfolgreich", List=[{"Code": form["selection"], "Content": "Ergebnis"}])

    def _file(self, table: GenesisTable, form: dict[str, str]) -> Reply:
        body = table.zipped(form.get("startyear", ""), form.get("endyear", ""))
        return Reply(200, body, {"Content-Type": "application/zip"})

    @property
    def paths(self) -> list[str]:
        return [request.path.strip("/") for request in self.requests]


def status(code: int, content: str, kind: str = "Information", *, http: int = 200, **more: Any) -> Reply:
    """An answer that is, or begins with, a status."""
    found = {"Ident": {}, "Status": {"Code": code, "Content": content, "Type": kind}, **more}
    body = json.dumps(found, ensure_ascii=False).encode()
    return Reply(http, body, {"Content-Type": "application/json;charset=UTF-8"})
