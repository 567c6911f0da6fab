"""The canonical observation table: its columns, its vocabulary, and what a reader knows of a dataset.

Belongs here: names and types. Does not: reading (the format modules), the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa


class CellState:
    """The six states of a cell (SDMX would say: why OBS_VALUE is there or not)."""

    REPORTED: Final = "reported"  # a number, zero and "0n" included
    CONFIDENTIAL: Final = "confidential"  # exists, hidden by the office
    NOT_APPLICABLE: Final = "not_applicable"  # no data can exist
    NOT_AVAILABLE: Final = "not_available"  # missing, reason unknown
    NOT_YET_PUBLISHED: Final = "not_yet_published"  # the country has not delivered the period
    LOST_IN_CONCORDANCE: Final = "lost_in_concordance"  # exists under a code that cannot be converted


CELL_STATES: Final = (
    CellState.REPORTED,
    CellState.CONFIDENTIAL,
    CellState.NOT_APPLICABLE,
    CellState.NOT_AVAILABLE,
    CellState.NOT_YET_PUBLISHED,
    CellState.LOST_IN_CONCORDANCE,
)

# Every letter that Eurostat uses or used for the status of an observation, in the order in which
# `obs_status` holds them. `s` and `z` are the names of `i` and `m` before 27 January 2025; letters stay as
# published, because an old `i` ("see metadata") is not today's `i` (imputed).
FLAG_ORDER: Final = "bdefimnprsuz"

CONFIDENTIALITY_CODES: Final = ("C", "N", "P")

# Dimensions with a column of their own; all others go to `other_dimensions`.
DIMENSION_COLUMNS: Final = (
    "freq",
    "geo",
    "unit",
    "nace_r2",
    "indic_sb",
    "na_item",
    "sizeclas",
    "sex",
    "age",
    "isced11",
    "training",
    "wstatus",
)

_NEVER_NULL: Final = {"dataset_id", "series_key", "time_period", "obs_status", "published", "document_id"}
_COLUMNS: Final = (
    "dataset_id",
    "series_key",
    "time_period",
    *DIMENSION_COLUMNS,
    "other_dimensions",
    "value",
    "cell_state",
    "obs_status",
    "conf_status",
    "published",
    "document_id",
    "problem",
)


def _schema(text: pa.DataType) -> pa.Schema:
    return pa.schema(
        [
            pa.field(name, pa.float64() if name == "value" else text, nullable=name not in _NEVER_NULL)
            for name in _COLUMNS
        ]
    )


OBSERVATION_SCHEMA: Final = _schema(pa.string())

# What readers yield: the same columns, text as dictionaries, because a million cells hold few texts. A
# dictionary may hold a text twice, which pandas does not take;
# `pa.Table.from_batches([batch]).cast(OBSERVATION_SCHEMA)` gives the plain form.
BATCH_SCHEMA: Final = _schema(pa.dictionary(pa.int32(), pa.string()))


@dataclass(frozen=True)
class TableLayout:
    """How a table of rows that is no SDMX is read; the words are those of `catalog.access.Layout`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    value: str | None = None
    flags: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    code_table: Mapping[str, str] = field(default_factory=dict)
    drop_unmapped: tuple[str, ...] = ()
    markers: Mapping[str, str] = field(default_factory=dict)
    period: str | None = None
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    heading_row: int = 1
    sheet: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class DatasetShape:
    """What a reader must know of a dataset before it opens one of its documents.

    Args:
        dataset_id: "<source>.<code>", e.g. "eurostat.sbs_r_nuts06_r2".
        dimensions: in the catalogue's order, `freq` included, time excluded; the order of `series_key`.
        default_codes: dimension → its one code in documents that lack it. Bulk files before 2022 carry no
            `freq`; some tables gained a dimension (`sex`, `isced11`), of which old files hold the total.
        dimension_aliases: a document's name for a dimension → the catalogue's; a dimension renamed to
            `time` is the time dimension.
        layout: of a table that is no SDMX; None otherwise.

    >>> DatasetShape("eurostat.nama_10r_2gdp", ("freq", "unit", "geo")).default_codes
    {'freq': 'A'}
    """

    dataset_id: str
    dimensions: tuple[str, ...]
    default_codes: Mapping[str, str] = field(default_factory=lambda: {"freq": "A"})
    dimension_aliases: Mapping[str, str] = field(default_factory=dict)
    layout: TableLayout | None = None

    @property
    def code(self) -> str:
        """The publisher's code, in lower case: what follows the source in `dataset_id`."""
        return self.dataset_id.partition(".")[2]

    def renamed(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """A document's dimension names in the catalogue's words."""
        return tuple(self.dimension_aliases.get(name, name) for name in names)
