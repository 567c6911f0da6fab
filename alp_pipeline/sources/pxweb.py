"""PxWeb (Swiss STAT-TAB, Slovenian SiStat, Liechtenstein's eTab): tables within the service's limits.

Belongs here: addresses, the service's own limits on cells and calls, the order of calls, what its refusals
mean. Does not: which cells are asked for in which query (pxweb_cells), parsing observations
(observations.jsonstat), retry and rate policy (http).

A service answers so many cells at once and so many calls in so many seconds, and bans who asks in parallel:
each call counts, `?config` included, and they are sent one after the other.
"""

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import quote

from alp_pipeline.archive.utc import utc_time
from alp_pipeline.catalog.access import PxWebAccess
from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.sources.claims import claim
from alp_pipeline.sources.discarding import kept_if_sound
from alp_pipeline.sources.errors import HttpRefused, NotData, QueryRefused
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.http import PoliteSession
from alp_pipeline.sources.inspection import refuse_unless_data, refuse_unless_json
from alp_pipeline.sources.one_by_one import one_by_one
from alp_pipeline.sources.pxweb_cells import (
    RETRY,
    Selection,
    Variable,
    asked,
    cells,
    query,
    refuse_other_cells,
    split,
    wanted,
)

_MOST_BYTES: Final = 1 << 26  # the reader of JSON-stat takes no more
_KEPT_HEADERS: Final = ("content-type", "last-modified", "etag")


@dataclass(frozen=True)
class Limits:
    """What `?config` allows: cells in one answer; calls in so many seconds, where it limits them."""

    cells: int
    calls: int | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, found: Any, *, where: str) -> "Limits":
        """From the answer of `?config`; `maxCells` is the younger name of `maxValues`.

        Raises:
            NotData: it names no number of cells.

        >>> Limits.of({"maxValues": 5000, "maxCalls": 10, "timeWindow": 10, "CORS": True}, where="x")
        Limits(cells=5000, calls=10, seconds=10.0)
        """
        given: Mapping[str, Any] = found if isinstance(found, dict) else {}
        most = given.get("maxCells", given.get("maxValues"))
        if not isinstance(most, int) or most < 1:
            raise NotData("?config names no number of cells per answer", where=where, todo=RETRY)
        calls, seconds = given.get("maxCalls"), given.get("timeWindow")
        if not isinstance(calls, int) or calls < 1 or not isinstance(seconds, int | float):
            return cls(most)
        return cls(most, calls, float(seconds))


class TooManyCells(QueryRefused):
    """The service refuses a query that keeps to the limit which it announces."""


class PxWebConnector(Connector):
    """One PxWeb service. Its calls follow one another, at the pace that its `?config` names."""

    family: ClassVar[str] = "pxweb"

    def __init__(
        self,
        source: SourceEntry,
        *,
        base_url: str,
        http: PoliteSession,
        folder: Path,
        credential: str | None = None,
    ) -> None:
        super().__init__(source, base_url=base_url, http=http, folder=folder, credential=credential)
        self._limits: dict[str, Limits] = {}
        self._calls: deque[float] = deque(maxlen=10_000)

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """The `updated` of one cell of each table; the structure's signal is a hash of its variables."""
        return one_by_one(datasets, self._upstream)

    def _upstream(self, dataset: DatasetEntry) -> Upstream:
        _, variables = self._table(dataset)
        shape = json.dumps([[variable.code, variable.values] for variable in variables], ensure_ascii=False)
        updated = self._updated(dataset, variables)
        return Upstream(
            status="offered" if updated else "unknown",
            signal=updated,
            changed_at=utc_time(updated) if updated else None,
            structure_signal=hashlib.sha256(shape.encode()).hexdigest()[:16],
        )

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """One JSON-stat document per query, each with the extent that it was asked for.

        Raises:
            StructureChanged: a variable or value that only the table or only the entry knows.
            QueryRefused: no allowed split brings a query under the service's limit; nothing was asked then.
            AnswerIncomplete: an answer with other cells than those asked for.
        """
        where = self._where(dataset)
        _, variables = self._table(dataset)
        limit = self._config(dataset).cells
        selections = wanted(_access(dataset), variables, where=where)
        pending = [part for whole in selections for part in split(whole, variables, limit, where=where)]
        number, is_lowered = 0, False
        while pending:
            part = pending[0]
            try:
                document = self._document(dataset, variables, part, number + 1)
            except TooManyCells as error:
                if is_lowered:
                    raise
                # The service counts otherwise than it announces: half of this must do, for the rest too.
                is_lowered, limit = True, cells(part) // 2
                try:
                    pending = [half for p in pending for half in split(p, variables, limit, where=where)]
                except QueryRefused:
                    raise error from None
                continue
            yield document
            pending, number = pending[1:], number + 1

    def describe(self, dataset: DatasetEntry) -> Description:
        """The table's variables in its own words; `rows` counts all its cells."""
        title, variables = self._table(dataset)
        updated = self._updated(dataset, variables)
        latest = [max(zip(v.periods, v.values, strict=True))[1] for v in variables if v.is_time and v.periods]
        return Description(
            columns={variable.code: variable.values for variable in variables},
            latest_period=latest[0] if latest else None,
            rows=cells({variable.code: variable.values for variable in variables}),
            title=title,
            changed_at=utc_time(updated) if updated else None,
        )

    # -- calls --------------------------------------------------------------------------------------

    def _config(self, dataset: DatasetEntry) -> Limits:
        """The service's limits, asked for once per language."""
        language = _access(dataset).language
        if language not in self._limits:
            url = f"{self.base_url}/{quote(language)}/?config"
            with self._counted(dataset):
                answer = self.http.ask(url)
            self._limits[language] = Limits.of(refuse_unless_json(answer, url), where=url)
        return self._limits[language]

    @contextmanager
    def _counted(self, dataset: DatasetEntry, part: Selection | None = None) -> Iterator[None]:
        """One call, whatever becomes of it, once the service's own pace allows it.

        The session keeps the catalogue's rate; this is the service's word. A call counts from its end, so
        that one that travelled slowly is not forgotten too early.
        """
        limits = self._limits.get(_access(dataset).language)
        if limits and limits.calls and len(self._calls) >= limits.calls:
            time.sleep(max(0.0, self._calls[-limits.calls] + limits.seconds - time.monotonic()))
        try:
            yield
        except HttpRefused as error:
            raise self._translated(error, dataset, part) from error
        finally:
            self._calls.append(time.monotonic())

    def _table(self, dataset: DatasetEntry) -> tuple[str | None, tuple[Variable, ...]]:
        """Title and variables of a table."""
        where = self._where(dataset)
        self._config(dataset)
        with self._counted(dataset):
            answer = self.http.ask(self._url(dataset))
        found = refuse_unless_json(answer, where)
        if isinstance(found, list):
            raise QueryRefused(
                "the address is that of a folder of tables, not of a table",
                where=where,
                todo="Give the entry's access.table the path of one table.",
            )
        try:
            return found.get("title"), tuple(Variable.of(given) for given in found["variables"])
        except (KeyError, TypeError, AttributeError) as error:
            raise NotData(
                f"the table's metadata cannot be understood ({type(error).__name__}: {error})",
                where=where,
                todo=RETRY,
            ) from error

    def _updated(self, dataset: DatasetEntry, variables: Sequence[Variable]) -> str | None:
        """When the table was last updated, in its own words. Only an answer with data says so: one cell."""
        one_cell = {variable.code: variable.values[:1] for variable in variables}
        with self._counted(dataset):
            answer = self.http.ask(self._url(dataset), method="POST", json=query(one_cell, variables))
        found = refuse_unless_json(answer, self._where(dataset))
        refuse_other_cells(found, one_cell, where=self._where(dataset))
        updated = found.get("updated")
        return updated if isinstance(updated, str) and updated.strip() else None

    def _document(
        self, dataset: DatasetEntry, variables: Sequence[Variable], part: Selection, number: int
    ) -> Fetched:
        body, where = query(part, variables), self._where(dataset)
        path = self.folder / f"{dataset.code.lower()}.{number:04}.json"
        with self._counted(dataset, part):
            download = self.http.download(
                self._url(dataset), to=path, method="POST", json=body, most_bytes=_MOST_BYTES
            )
        with kept_if_sound(path):
            refuse_unless_data(path, where, form="json")
            found = json.loads(path.read_bytes())
            refuse_other_cells(found, part, where=where)
        published_at = utc_time(str(found.get("updated") or ""))
        return Fetched(
            path=path,
            dataset_code=dataset.code.lower(),
            format="json-stat-2",
            extent=claim(dataset, *asked(part, _access(dataset), variables)),
            url=download.url,
            seen_at=download.seen_at,
            published_at=published_at,
            published_at_origin="document" if published_at else "unknown",
            parameters=body,
            headers={name: download.headers[name] for name in _KEPT_HEADERS if name in download.headers},
        )

    # -- names and refusals -------------------------------------------------------------------------

    def _url(self, dataset: DatasetEntry) -> str:
        access = _access(dataset)
        return f"{self.base_url}/{quote(access.language)}/{quote(access.table)}"

    def _where(self, dataset: DatasetEntry) -> str:
        return f"{dataset.id} ({self._url(dataset)})"

    def _translated(self, error: HttpRefused, dataset: DatasetEntry, part: Selection | None) -> QueryRefused:
        where = self._where(dataset)
        if error.status == 403 and part is not None:
            return TooManyCells(
                f"the service refuses {cells(part):,} cells as too many, within the limit that it announces",
                where=where,
                todo="Narrow the entry's access.select.",
            )
        if error.status == 404:
            return QueryRefused(
                "the service knows no such table",
                where=where,
                todo="Look for its new path and correct the entry's access.table.",
            )
        said = error.body[:200].decode("utf-8", "replace").strip()
        return QueryRefused(
            f"the service refuses with status {error.status}" + (f": {said}" if said else ""),
            where=where,
            todo="Check the entry's access with `alp sources verify`.",
        )


def _access(dataset: DatasetEntry) -> PxWebAccess:
    assert isinstance(dataset.access, PxWebAccess)  # noqa: S101 - an entry's family is its source's
    return dataset.access
