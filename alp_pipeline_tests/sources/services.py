"""What the tests of the statistics services share: their entries.

Belongs here: building. Does not: any assertion.
"""

from typing import Any

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline_tests.servers.genesis import GenesisTable
from alp_pipeline_tests.servers.pxweb_cube import PxTable, PxVariable
from alp_pipeline_tests.servers.sdmx import Flow
from alp_pipeline_tests.sources.portals import entry

REGION = PxVariable("KOHEZIJSKA REGIJA", ("0", "V", "Z"), elimination=True)
MEASURE = PxVariable("MERITVE", ("Število oseb", "Delež"))
YEAR = PxVariable("LETO", ("2020", "2021", "2022", "2023"), time=True)
PATH = "Data/0710A10S.px"
NAMES = {"KOHEZIJSKA REGIJA": "geo", "MERITVE": "indic_sb", "LETO": "time"}

GENESIS_LAYOUT = {
    "columns": {"1_variable_attribute_code": "geo"},
    "time": "time",
    "value": "value",
    "ignore": ["*"],
    "delimiter": ";",
}


def table(*variables: PxVariable, **more: Any) -> PxTable:
    """A table of three variables with Č, Š, Ž and blanks in their names and codes, unless told otherwise."""
    return PxTable(variables or (REGION, MEASURE, YEAR), **more)


def pxweb_entry(
    variables: dict[str, str] | None = None, select: dict[str, Any] | None = None, **more: Any
) -> DatasetEntry:
    """The entry of `table()`, all of it unless `select` says otherwise."""
    names = variables or NAMES
    access = {
        "family": "pxweb",
        "table": PATH,
        "language": "sl",
        "variables": names,
        "select": {name: ["*"] for name in names} | (select or {}),
    }
    dimensions = ["freq", *(name for name in names.values() if name != "time")]
    return _plainly(access, dimensions=dimensions, **({"layout": None} | more))


def sdmx_entry(**access: Any) -> DatasetEntry:
    """The entry of the loopback service's flow."""
    given = {"family": "sdmx", "agency": Flow.agency, "flow": Flow.id, **access}
    aliases = {"FREQ": "freq", "REF_AREA": "geo", "ECON_ACTIVITY_NACE_2007": "nace_r2"}
    return entry(given, dimension_aliases=aliases, layout=None)


def genesis_entry(table: GenesisTable, **access: Any) -> DatasetEntry:
    """The entry of a GENESIS table whose only dimension is the district."""
    given = {"family": "genesis", "table": table.code, **access}
    return _plainly(given, dimensions=["freq", "geo"], layout=GENESIS_LAYOUT)


def plain_entry(path: str, file_format: str = "csv", **more: Any) -> DatasetEntry:
    """The entry of a file."""
    return entry({"family": "plain", "path": path, "file_format": file_format}, **more)


def _plainly(access: dict[str, Any], **more: Any) -> DatasetEntry:
    return entry(access, classification=None, classification_version=None, **more)
