"""GENESIS (Regionalstatistik, statistical offices of the Länder): tables as flat files, REST of 2020.

Belongs here: the account, forms and addresses, the status inside an answer, jobs for large tables, whether
the file holds the periods that the metadata announce. Does not: parsing observations (observations, by the
entry's layout), retry and rate policy (http).

Everything is a POST with the account in two headers, and an error comes with status 200 and a JSON body.
Without a first year the service answers with the latest period alone, so one is always named. The service
repeats account names in what it says: nothing of its words goes on before they are taken out.
"""

import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.utc import canonical
from alp_pipeline.catalog.access import GenesisAccess, Layout
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.discarding import kept_if_sound
from alp_pipeline.sources.errors import (
    AnswerIncomplete,
    CredentialsMissing,
    HttpRefused,
    NotData,
    QueryRefused,
    QueueUnfinished,
    SourceError,
)
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.glance import describe_table
from alp_pipeline.sources.http import Download
from alp_pipeline.sources.inspection import refuse_unless_data, refuse_unless_json
from alp_pipeline.sources.one_by_one import one_by_one
from alp_pipeline.sources.portal import refuse_missing_columns

_AGAIN: Final = "The next refresh asks again; the last vintage stays in use."
_KEPT_HEADERS: Final = ("content-type", "last-modified", "etag")
_FORM: Final[Mapping[str, str]] = {
    "area": "all",
    "compress": "false",
    "endyear": "",
    "format": "ffcsv",
    "job": "false",
    "quality": "off",
    "regionalkey": "",
    "regionalvariable": "",
    "stand": "",
    "timeslices": "",
}
# Status codes, as clients of these services document them.
_FINE: Final = (0, 22)  # 22: parameters were adjusted
_NO_SUCH_TABLE, _TOO_LARGE, _JOB_STARTED, _NOTHING_FOUND = 90, 98, 99, 104
_UPDATED_FORMS: Final = ("%d.%m.%Y %H:%M:%Sh", "%Y-%m-%d %H:%M:%Sh")
_BEFORE_ALL: Final = "1900"
_YEAR: Final = re.compile(r"\b[12]\d{3}\b")
_DATED: Final = re.compile(r"([12]\d{3})(?:-\d\d-\d\d)?")


@dataclass(frozen=True)
class Announced:
    """What the metadata say of a table: title, when it changed, its first and last period as published."""

    title: str | None
    updated: str | None
    first: str | None
    last: str | None

    @property
    def changed_at(self) -> str | None:
        """The moment of the change, UTC; these offices write German local time."""
        for form in _UPDATED_FORMS:
            try:
                local = datetime.strptime(self.updated or "", form)
            except ValueError:
                continue
            return canonical(local.replace(tzinfo=ZoneInfo("Europe/Berlin")))
        return None


class GenesisConnector(Connector):
    """One GENESIS service, asked with the account that the settings hold for it."""

    family: ClassVar[str] = "genesis"
    poll_seconds: float = 5
    """Between two questions whether a job is done."""
    most_polls: int = 120

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """`Updated` of the table's metadata; first and last period go to `fetch` as facts."""
        return one_by_one(datasets, self._upstream)

    def _upstream(self, dataset: DatasetEntry) -> Upstream:
        announced = self._announced(dataset)
        return Upstream(
            status="offered" if announced.updated else "unknown",
            signal=announced.updated,
            changed_at=announced.changed_at,
            facts={"first": announced.first, "last": announced.last},
        )

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The table as one flat file, from the entry's first year or the table's.

        Raises:
            CredentialsMissing: no account, or a refused one.
            QueryRefused: an unknown table, or a query that the service does not take.
            QueueUnfinished: the job for a large table was not done in time.
            AnswerIncomplete: the file lacks periods that the metadata announce.
        """
        announced = self._announced(dataset) if "last" not in upstream.facts else None
        first = announced.first if announced else upstream.facts["first"]
        last = announced.last if announced else upstream.facts["last"]
        since = _access(dataset).since
        start = max(filter(None, (since, _year(first))), default=_BEFORE_ALL)
        ends = (start if first else None, _year(last))
        with kept_if_sound(self._path(dataset)):
            download, form = self._flat_file(dataset, {"startyear": start})
            _refuse_missing_periods(dataset, download.path, form, ends, self._where(dataset))
        yield Fetched(
            path=download.path,
            dataset_code=dataset.code.lower(),
            format=form,
            extent=Extent(periods=(since, None) if since else None),
            url=download.url,
            seen_at=download.seen_at,
            published_at=upstream.changed_at,
            published_at_origin="inventory" if upstream.changed_at else "unknown",
            parameters=self._form(dataset, {"startyear": start}),
            headers={name: download.headers[name] for name in _KEPT_HEADERS if name in download.headers},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """The columns of the flat file of the last period, codes where the layout calls them dimensions."""
        announced = self._announced(dataset)
        year = _year(announced.last) or ""
        with kept_if_sound(self._path(dataset)):
            download, form = self._flat_file(dataset, {"startyear": year, "endyear": year})
        layout = dataset.layout or Layout(columns={"1_variable_attribute_code": "geo"}, delimiter=";")
        found = describe_table(download.path, file_format=form, layout=layout, where=self._where(dataset))
        download.path.unlink()
        return Description(
            columns=found.columns,
            latest_period=found.latest_period or announced.last,
            title=announced.title,
            changed_at=announced.changed_at,
        )

    # -- the protocol -------------------------------------------------------------------------------

    def _announced(self, dataset: DatasetEntry) -> Announced:
        found = self._asked("metadata/table", dataset, {"name": _access(dataset).table, "area": "all"})
        table = found.get("Object")
        if not isinstance(table, dict) or table.get("Code") != _access(dataset).table:
            raise NotData("the metadata are not those of the table", where=self._where(dataset), todo=_AGAIN)
        covered = table.get("Time")
        covered = covered if isinstance(covered, dict) else {}
        return Announced(
            title=_text(table.get("Content")),
            updated=_text(table.get("Updated")),
            first=_text(covered.get("From")),
            last=_text(covered.get("To")),
        )

    def _flat_file(
        self, dataset: DatasetEntry, years: Mapping[str, str]
    ) -> tuple[Download, Literal["zip", "csv"]]:
        """The flat file, by a job where the table is too large to be had at once."""
        where = self._where(dataset)
        form = self._form(dataset, years)
        download = self._downloaded("data/tablefile", dataset, form)
        if _is_json(download.path):
            code, said = self._status(_json(download.path), dataset)
            if code != _TOO_LARGE:
                raise self._refusal(code, said, dataset)
            job = self._job(dataset, form)
            download = self._downloaded("data/resultfile", dataset, {**form, "name": job})
            if _is_json(download.path):
                raise self._refusal(*self._status(_json(download.path), dataset), dataset)
        with download.path.open("rb") as stream:
            is_zip = stream.read(2) == b"PK"
        refuse_unless_data(download.path, where, form="zip" if is_zip else "text")
        return download, "zip" if is_zip else "csv"

    def _job(self, dataset: DatasetEntry, form: Mapping[str, str]) -> str:
        """Start a job and wait until its result is listed. Returns: the result's name."""
        table, where = _access(dataset).table, self._where(dataset)
        started = self._asked("data/tablefile", dataset, {**form, "job": "true"}, fine=(*_FINE, _JOB_STARTED))
        named = re.search(rf"{re.escape(table)}_\w+", self._status(started, dataset)[1])
        if named is None:
            raise QueueUnfinished("the service started a job without a name", where=where, todo=_AGAIN)
        job = named[0]
        wanted = {"selection": job, "area": "all", "searchcriterion": "code", "pagelength": "1"}
        for _ in range(self.most_polls):
            time.sleep(self.poll_seconds)
            listed = self._asked("catalogue/results", dataset, wanted, fine=(*_FINE, _NOTHING_FOUND))
            if any(isinstance(r, dict) and r.get("Code") == job for r in listed.get("List") or ()):
                return job
        raise QueueUnfinished(
            f"the job for the table was not done after {self.most_polls} questions", where=where, todo=_AGAIN
        )

    def _asked(
        self, path: str, dataset: DatasetEntry, form: Mapping[str, str], *, fine: Sequence[int] = _FINE
    ) -> dict[str, Any]:
        """A JSON answer whose status is one of `fine`."""
        with self._refusals_named(dataset):
            answer = self.http.ask(
                f"{self.base_url}/{path}",
                method="POST",
                headers=self._account(dataset),
                data={"language": _access(dataset).language, **form},
            )
        found = refuse_unless_json(answer, self._where(dataset))
        code, said = self._status(found, dataset)
        if code not in fine:
            raise self._refusal(code, said, dataset)
        return dict(found)

    def _downloaded(self, path: str, dataset: DatasetEntry, form: Mapping[str, str]) -> Download:
        with self._refusals_named(dataset):
            return self.http.download(
                f"{self.base_url}/{path}",
                to=self._path(dataset),
                method="POST",
                headers=self._account(dataset),
                data=dict(form),
            )

    def _path(self, dataset: DatasetEntry) -> Path:
        return self.folder / f"{dataset.code.lower()}.flat"

    def _form(self, dataset: DatasetEntry, years: Mapping[str, str]) -> dict[str, str]:
        access = _access(dataset)
        return {**_FORM, "language": access.language, "name": access.table, **years}

    def _account(self, dataset: DatasetEntry) -> dict[str, str]:
        user, colon, password = (self.credential or "").partition(":")
        if not (user and colon and password):
            lacks = "is not written as user:password" if self.credential else "is missing"
            raise CredentialsMissing(
                f"the service wants an account, and the one for {self.source.id} {lacks}",
                where=self._where(dataset),
                todo=f'Set ALP_SOURCE_CREDENTIALS to {{"{self.source.id}": "user:password"}}.',
            )
        return {"username": user, "password": password}

    # -- what the service says ----------------------------------------------------------------------

    def _status(self, found: Any, dataset: DatasetEntry) -> tuple[int, str]:
        """The status inside an answer; newer services write it without the frame `Status`."""
        status = found.get("Status", found) if isinstance(found, dict) else None
        if isinstance(status, dict) and isinstance(status.get("Code"), int):
            return status["Code"], self._quoted(str(status.get("Content") or ""))
        raise NotData("the answer has no status", where=self._where(dataset), todo=_AGAIN)

    def _refusal(self, code: int, said: str, dataset: DatasetEntry) -> SourceError:
        where = self._where(dataset)
        if code in _FINE:
            return NotData(f"the service says '{said}' and sends no table", where=where, todo=_AGAIN)
        if "passwor" in said.lower():
            return self._account_refused(said, dataset)
        if code in (_NO_SUCH_TABLE, _NOTHING_FOUND):
            what, todo = "the service knows no such table", "Look for its new code; correct access.table."
        else:
            what, todo = "the service refuses the query", "Check the entry with `alp sources verify`."
        return QueryRefused(f"{what}: {code} {said}", where=where, todo=todo)

    def _account_refused(self, said: str, dataset: DatasetEntry) -> CredentialsMissing:
        return CredentialsMissing(
            f"the service does not accept the account for {self.source.id}" + (f": {said}" if said else ""),
            where=self._where(dataset),
            todo="Correct or renew the one in ALP_SOURCE_CREDENTIALS.",
        )

    @contextmanager
    def _refusals_named(self, dataset: DatasetEntry) -> Iterator[None]:
        try:
            yield
        except HttpRefused as error:
            try:
                code, said = self._status(json.loads(error.body), dataset)
            except (ValueError, NotData):
                code, said = error.status, self._quoted(error.body.decode("utf-8", "replace"))
            if error.status in (401, 403):
                raise self._account_refused(said, dataset) from None
            raise self._refusal(code, said, dataset) from None

    def _quoted(self, said: str) -> str:
        """The service's words on one line, short, and without the account should it repeat it."""
        for secret in filter(None, (self.credential or "").partition(":")[::2]):
            said = said.replace(secret, "…")
        return " ".join(said.split())[:300]

    def _where(self, dataset: DatasetEntry) -> str:
        return f"{dataset.id} ({self.base_url}, table {_access(dataset).table})"


def _access(dataset: DatasetEntry) -> GenesisAccess:
    assert isinstance(dataset.access, GenesisAccess)  # noqa: S101 - an entry's family is its source's
    return dataset.access


def _text(found: Any) -> str | None:
    text = " ".join(found.split()) if isinstance(found, str) else ""
    return text or None


def _year(period: str | None) -> str | None:
    """The year of `31.12.2024` or `2024-12-31`, None where none is named."""
    found = _YEAR.search(period or "")
    return found[0] if found else None


def _is_json(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def _refuse_missing_periods(
    dataset: DatasetEntry,
    path: Path,
    form: str,
    announced: tuple[str | None, str | None],
    where: str,
) -> None:
    """Raise unless the flat file has the layout's columns, rows, and the first and last year announced."""
    with _lines(path, form, where) as lines:
        rows = csv.reader(lines, delimiter=";")
        heading = next(rows, [])
        refuse_missing_columns(dataset, heading, where)
        column = dataset.layout.time if dataset.layout and dataset.layout.time else "time"
        place = heading.index(column) if column in heading else None
        times: set[str] = set()
        count = 0
        for row in rows:
            count += 1
            if place is not None and place < len(row):
                times.add(row[place])
    if not count:
        raise NotData("the flat file holds no rows", where=where, todo=_AGAIN)
    dated = [_DATED.fullmatch(text) for text in times]
    years = {found[1] for found in dated if found}
    # School years and the like are no dates; then the announced ones say nothing of them.
    if years and all(dated) and (missing := [y for y in announced if y and y not in years]):
        raise AnswerIncomplete(
            f"the metadata announce data of {' and '.join(missing)}, and the file holds "
            f"{min(years)} to {max(years)}",
            where=where,
            todo=_AGAIN,
        )


@contextmanager
def _lines(path: Path, form: str, where: str) -> Iterator[io.TextIOBase]:
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise NotData(f"the ZIP holds {len(names)} files instead of one", where=where, todo=_AGAIN)
        with archive.open(names[0]) as member:
            yield io.TextIOWrapper(member, "utf-8-sig", newline="")
