"""What every API family offers: what is new, the raw documents behind it, and a look at a table.

Belongs here: the contract between the families and those who use them (pull, the `alp sources` command).
Does not: any protocol.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from alp_pipeline.archive.retrieval import Extent, TimeOrigin
from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.sources.http import PoliteSession


@dataclass(frozen=True)
class Upstream:
    """What a source says of a dataset now.

    Args:
        status: `offered`; `gone` (a complete list of the source no longer holds it); `unknown` (the source
            answers, but tells nothing of its age).
        signal: a text that changes when the table does, None where the source tells none. A missing key in
            an answer is None, never "unchanged".
        changed_at: the publisher's time of the last change, UTC `2026-05-13T09:00:00Z`, where it tells one.
        structure_signal: the same for the table's structure.
        facts: what `fetch` needs again (a download URL, an announced number of rows), as JSON values.
    """

    status: Literal["offered", "gone", "unknown"]
    signal: str | None = None
    changed_at: str | None = None
    structure_signal: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetched:
    """One raw document on disk, looked at: what comes from here is data of the form it claims.

    Args:
        path: the bytes as received (or a ZIP of the answers as received, page by page).
        dataset_code: the dataset's code, or `<code>$structure` / `<code>$constraint` for metadata.
        format: the archive's word: `tsv`, `json-stat-2`, `sdmx-csv-1`, `csv`, `xlsx`, `zip` …
        extent: what was asked for.
        url, parameters, headers: of the request and the answer, without any secret.
        seen_at: when the answer came, UTC.
        note: what the outcome is to say of how it came, equal for all documents of one fetch.
    """

    path: Path
    dataset_code: str
    format: str
    extent: Extent
    url: str
    seen_at: str
    published_at: str | None = None
    published_at_origin: TimeOrigin = "unknown"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Description:
    """What a live table looks like, for `alp sources verify`.

    Args:
        columns: dimension or column in the table's own order → its codes, () where it does not list them.
        latest_period: the newest period, as published.
        rows: how many rows or cells the source announces.
        title: as published.
        changed_at: UTC.
    """

    columns: Mapping[str, Sequence[str]]
    latest_period: str | None = None
    rows: int | None = None
    title: str | None = None
    changed_at: str | None = None


class Connector(ABC):
    """One source of one family.

    Args:
        source: its catalogue entry.
        base_url: the entry's, or the mirror that the settings name; without a slash at the end.
        http: the session; it alone speaks to the network.
        folder: where downloads go until they are archived; whoever made the connector clears it.
        credential: what the settings hold for this source (a token, `user:password`), None without.
    """

    family: ClassVar[str]
    has_inventory: ClassVar[bool] = False
    """Whether one cheap request tells the freshness of all datasets at once."""

    def __init__(
        self,
        source: SourceEntry,
        *,
        base_url: str,
        http: PoliteSession,
        folder: Path,
        credential: str | None = None,
    ) -> None:
        self.source = source
        self.base_url = base_url.rstrip("/")
        self.http = http
        self.folder = folder
        self.credential = credential

    @abstractmethod
    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """What the source says of each dataset (by dataset id).

        Raises: SourceError, when the source as a whole cannot be asked. What concerns one dataset only
            is raised when it is the only one asked for; pull asks one by one where there is no inventory.
        """

    @abstractmethod
    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The raw documents behind a dataset, looked at, one after the other.

        Raises: SourceError. Documents that came before the error are not archived either.
        """

    def fetch_metadata(
        self, dataset: DatasetEntry, upstream: Upstream, *, structure: bool
    ) -> Iterator[Fetched]:
        """What describes a table, as documents; nothing where the family has none.

        Args:
            structure: whether the structure with its code lists is wanted too, which changes rarely; which
                codes occur (the constraint) changes with the data.

        Raises: SourceError.
        """
        return iter(())

    @abstractmethod
    def describe(self, dataset: DatasetEntry) -> Description:
        """The live table's structure, latest period and codes.

        Raises: SourceError.
        """
