"""How a dataset is reached at its source, and how a table that is no SDMX is to be read: declarations.

Belongs here: one model per API family, the layout of plain tables. Does not: any request (sources), any
parsing (observations).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

if TYPE_CHECKING:
    from alp_pipeline.observations.schema import TableLayout

Family = Literal[
    "eurostat", "socrata", "ckan", "opendatasoft", "pxweb", "udata", "sdmx", "genesis", "plain", "import"
]
Filled = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]
DimensionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class AccessModel(BaseModel):
    """A part of an entry: frozen, and a field nobody declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EurostatAccess(AccessModel):
    """Eurostat's dissemination API. `bulk` is the whole pre-packed table; `slices` asks for the entry's
    `filters` (and `since`), split along `split_by` so that no request costs too many cells."""

    family: Literal["eurostat"] = "eurostat"
    want: Literal["bulk", "slices"] = "bulk"
    split_by: DimensionName | None = None
    since: Filled | None = None


class SocrataAccess(AccessModel):
    """A Socrata table, by its four-by-four id; SoQL clauses narrow it."""

    family: Literal["socrata"] = "socrata"
    resource: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{4}-[a-z0-9]{4}$")]
    select: Filled | None = None
    where: Filled | None = None
    group: Filled | None = None
    page_rows: int = Field(default=50_000, ge=1, le=50_000, description="fewer where rows are wide")


class CkanAccess(AccessModel):
    """A CKAN resource: rows of its datastore, or the file behind its url."""

    family: Literal["ckan"] = "ckan"
    package: Filled
    resource: Filled | None = Field(default=None, description="its id; the only one of its format when None")
    via: Literal["datastore", "file"]
    file_format: Literal["csv", "xlsx", "zip"] = "csv"
    page_rows: int = Field(default=32_000, ge=1, le=32_000, description="fewer where rows are wide")


class OpendatasoftAccess(AccessModel):
    """A dataset of an Opendatasoft portal, exported whole as CSV; ODSQL clauses narrow it."""

    family: Literal["opendatasoft"] = "opendatasoft"
    dataset: Filled
    select: Filled | None = None
    where: Filled | None = None
    group_by: Filled | None = None


class PxWebAccess(AccessModel):
    """A PxWeb table. Every variable of the table is named: one that is left out would be summed silently.

    `variables`: the table's variable → the dimension here, `time` for the period; `select`: the table's
    variable → the values asked for, `["*"]` for all.
    """

    family: Literal["pxweb"] = "pxweb"
    table: Filled
    language: Filled = "en"
    variables: dict[Filled, DimensionName] = Field(min_length=1)
    select: dict[Filled, Annotated[tuple[Filled, ...], Field(min_length=1)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> PxWebAccess:
        apart = sorted(set(self.variables) ^ set(self.select))
        if apart:
            raise ValueError(f"variables and select must name the same variables; not so: {', '.join(apart)}")
        if sorted(self.variables.values()).count("time") != 1:
            raise ValueError("exactly one variable must be the time")
        if len(set(self.variables.values())) != len(self.variables):
            raise ValueError("two variables cannot be the same dimension")
        for variable, values in self.select.items():
            if len(set(values)) != len(values) or ("*" in values and values != ("*",)):
                raise ValueError(f"select.{variable} must name each value once, or be ['*']")
        return self


class UdataAccess(AccessModel):
    """A resource of a udata portal (data.gouv.fr)."""

    family: Literal["udata"] = "udata"
    dataset: Filled
    resource: Filled
    file_format: Literal["csv", "xlsx", "zip"] = "csv"


class SdmxAccess(AccessModel):
    """A dataflow of an SDMX 2.1 service other than Eurostat's. `key` is positional, empty for all."""

    family: Literal["sdmx"] = "sdmx"
    agency: Filled
    flow: Filled
    version: Filled = "latest"
    key: str = ""
    since: Filled | None = None
    answer: Literal["sdmx-csv-1", "sdmx-ml-2.1"] = "sdmx-csv-1"


class GenesisAccess(AccessModel):
    """A table of a GENESIS service (Regionalstatistik and others), as flat file."""

    family: Literal["genesis"] = "genesis"
    table: Filled
    language: Literal["de", "en"] = "de"
    since: Annotated[str, StringConstraints(pattern=r"^\d{4}$")] | None = None


class PlainAccess(AccessModel):
    """A file behind a URL: path relative to the source's base_url, or absolute on one of its hosts."""

    family: Literal["plain"] = "plain"
    path: Filled
    file_format: Literal["csv", "xlsx", "zip", "json-stat-2", "sdmx-csv-1"]


class ImportAccess(AccessModel):
    """Not fetched: documents come by `alp archive import` or from partners."""

    family: Literal["import"] = "import"


Access = Annotated[
    EurostatAccess
    | SocrataAccess
    | CkanAccess
    | OpendatasoftAccess
    | PxWebAccess
    | UdataAccess
    | SdmxAccess
    | GenesisAccess
    | PlainAccess
    | ImportAccess,
    Field(discriminator="family"),
]


class Layout(AccessModel):
    """How a table of rows (CSV, XLSX, JSON rows) is to be read.

    Every column that holds a code is named with its dimension; a column that is not named is ignored only
    when `ignore` lists it, so that a new column is noticed.

    JSON-stat says itself what its dimensions are: of a layout it uses `codes`, `code_table`, `drop_unmapped`
    and `markers` (of cells without a number). So does SDMX-ML, which uses `ignore` for attributes.
    """

    columns: dict[Filled, DimensionName] = Field(
        default_factory=dict, description="column → dimension; none of JSON-stat and SDMX-ML"
    )
    time: Filled | None = Field(
        default=None, description="the column of the period; None: periods are headings"
    )
    value: Filled | None = Field(default=None, description="the column of the value, with `time`")
    flags: Filled | None = Field(default=None, description="the column of flag letters, where there is one")
    constants: dict[DimensionName, Filled] = Field(
        default_factory=dict, description="dimension → its one code"
    )
    ignore: tuple[Filled, ...] = Field(default=(), description="columns left aside; ['*'] for all others")
    codes: dict[DimensionName, dict[Trimmed, Filled]] = Field(
        default_factory=dict,
        description="dimension → published code, '' for an empty cell → the code here",
    )
    code_table: dict[DimensionName, Filled] = Field(
        default_factory=dict, description="dimension → a file of data/reference/codes (published,code)"
    )
    drop_unmapped: tuple[DimensionName, ...] = Field(
        default=(), description="dimensions of which rows with other codes are set aside, counted"
    )
    markers: dict[Filled, Literal["not_available", "not_applicable", "confidential", "zero"]] = Field(
        default_factory=dict, description="what stands in the place of a number, and what it says"
    )
    period: Filled | None = Field(
        default=None, description="strptime format of the period, %d.%m.%Y, or of its heading, persons_%Y"
    )
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    heading_row: int = Field(default=1, ge=1, description="1 for the first line")
    sheet: Filled | None = None
    member: Filled | None = Field(default=None, description="the file inside a ZIP; the only one when None")

    @model_validator(mode="after")
    def _long_or_wide(self) -> Layout:
        if (self.time is None) != (self.value is None):
            raise ValueError("time and value go together: give both, or neither when periods are headings")
        if self.flags is not None and self.value is None:
            raise ValueError("flags needs a value column")
        if self.value is not None and not self.columns:
            raise ValueError("a value column needs columns of dimensions")
        return self

    @model_validator(mode="after")
    def _unambiguous(self) -> Layout:
        named = [name for name in (self.time, self.value, self.flags) if name is not None]
        double = sorted({name for name in named if named.count(name) > 1 or name in self.columns})
        if double:
            raise ValueError(f"the column {double[0]} is named twice")
        if self.thousands == self.decimal:
            raise ValueError("decimal and thousands are the same character")
        bare = sorted(set(self.drop_unmapped) - {*self.codes, *self.code_table})
        if bare:
            raise ValueError(f"drop_unmapped names {bare[0]}, which has neither codes nor code_table")
        if self.period is not None:
            last_day = datetime(2000, 12, 31)
            if datetime.strptime(last_day.strftime(self.period), self.period).year != last_day.year:
                raise ValueError(f"the period '{self.period}' does not say the year")
        return self

    def for_readers(self) -> TableLayout:
        """The same as what the readers take."""
        from alp_pipeline.observations.schema import TableLayout

        return TableLayout(**self.model_dump())
