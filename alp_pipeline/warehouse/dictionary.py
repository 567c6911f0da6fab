"""The data dictionary: what every table and column means, from the declarations alone.

Belongs here: the words (for the databases' own comments and for the page), the page. Does not: the
declarations (`tables`), putting comments into an engine (`duckdb_file`, `postgres_layout`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table

from alp_pipeline.durable import write_text
from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.columns import duckdb_type, references_of
from alp_pipeline.warehouse.tables import TABLES, VIEWS

if TYPE_CHECKING:
    from alp_pipeline.warehouse.release import Release

CELL_STATE_MEANINGS: Mapping[str, str] = {
    "reported": "A number was published, zero included; its flags stand beside it. No other state has a "
    "value.",
    "confidential": "The number exists and the statistical office hides it. It is neither zero nor missing; "
    "no estimate of it is given.",
    "not_applicable": "No number can exist here. It does not count as a gap.",
    "not_available": "No number was published, and nothing tells why.",
    "not_yet_published": "The country has published nothing yet for the latest periods; the number may "
    "still come.",
    "lost_in_concordance": "A number exists under a code that cannot be converted to the one shown.",
}

EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "The largest activities of one region, hidden ones included",
        "SELECT a.label_en, f.employment_persons, f.employment_state\n"
        "FROM fct_regional_activity f JOIN dim_activity a USING (activity_code)\n"
        "WHERE f.region_code = 'ITC4' AND f.year = 2014 AND a.activity_level = 'division'\n"
        "ORDER BY f.employment_persons DESC NULLS LAST",
    ),
    (
        "An indicator over the units of a perimeter, with units that have no value",
        "SELECT r.region_code, r.label, i.time_period, i.value, i.cell_state\n"
        "FROM bridge_perimeter_region b JOIN dim_region r USING (region_code)\n"
        "LEFT JOIN fct_indicator i ON i.region_code = r.region_code\n"
        "  AND i.indicator_id = 'unemployment_rate' AND i.activity_code = 'TOTAL'\n"
        "WHERE b.perimeter_id = 'eusalp_2016plus' ORDER BY r.region_code, i.time_period",
    ),
    (
        "How much of a dataset is published, hidden or missing",
        "SELECT time_period, cell_state, count(*) AS cells\n"
        "FROM obs_current WHERE dataset_id = 'eurostat.sbs_r_nuts06_r2'\n"
        "GROUP BY time_period, cell_state ORDER BY time_period, cell_state",
    ),
    (
        "The documents behind a dataset, newest first",
        "SELECT document_id, published_at, published_at_origin, standing, licence, url\n"
        "FROM dim_document WHERE dataset_id = 'eurostat.sbs_r_nuts06_r2'\n"
        "ORDER BY published_at DESC",
    ),
)

_GROUPS = (
    ("dim_", "Dimensions", "What the facts speak of: regions, activities, indicators, periods, documents."),
    ("bridge_", "Bridges", "Which members belong together."),
    ("fct_", "Facts", "Numbers with their state, flags and documents."),
    ("bench_", "Benchmarks", "Computed from the facts by named methods."),
    ("ops_", "Operations", "How this release came about: what was checked, kept out, set aside."),
)
_KINDS = {
    "VARCHAR": "text",
    "DOUBLE": "number, 64-bit",
    "BIGINT": "integer, 64-bit",
    "INTEGER": "integer, 32-bit",
    "SMALLINT": "integer, 16-bit",
    "BOOLEAN": "true or false",
    "DATE": "date",
    "TIMESTAMP": "date and time, UTC",
}


@dataclass(frozen=True)
class ColumnEntry:
    """What the page says of one column."""

    name: str
    kind: str
    meaning: str
    unit: str | None
    states: str | None
    """The column that says why a number is absent."""
    vocabulary: tuple[str, ...]
    is_cell_state: bool
    limits: str | None
    is_key: bool
    is_required: bool
    references: str | None


@dataclass(frozen=True)
class TableEntry:
    """What the page says of one table or view."""

    name: str
    meaning: str
    one_row: str | None
    columns: tuple[ColumnEntry, ...]
    rows: int | None
    referenced_by: tuple[str, ...]
    query: str | None
    """The query of a view."""


def table_comment(table: Table) -> str:
    """The comment that both databases carry.

    >>> table_comment(TABLES["dim_time"])
    'Time periods that occur. One row per period.'
    """
    return str(table.comment)


def column_comment(column: "Column[Any]") -> str:
    """The comment that both databases carry: meaning, key, unit, states, vocabulary, reference.

    >>> column_comment(TABLES["fct_regional_activity"].c.wages_meur)
    'Wages and salaries; present exactly where its state is reported. Unit: million EUR. State: wages_state.'
    >>> column_comment(TABLES["dim_indicator"].c.indicator_kind)
    'extensive or intensive. Always present. One of: extensive, intensive.'
    """
    entry = _column(column)
    said = [entry.meaning]
    said += ["Part of the key."] if entry.is_key else ["Always present."] if entry.is_required else []
    said += [f"Unit: {entry.unit}."] if entry.unit else []
    said += [f"Between: {entry.limits}."] if entry.limits else []
    said += [f"State: {entry.states}."] if entry.states else []
    said += [f"One of: {', '.join(entry.vocabulary)}."] if entry.vocabulary else []
    said += [f"Refers to {entry.references}."] if entry.references else []
    return " ".join(said)


def view_column_comments(view: str, columns: Iterable[str]) -> dict[str, str]:
    """Comments for those of a view's columns that a table it reads declares.

    >>> view_column_comments("obs_current", ["freq", "invented"])
    {'freq': 'Frequency (SDMX FREQ). Always present.'}
    """
    declared = {column.name: column for table in reversed(_read_by(view)) for column in TABLES[table].columns}
    return {name: column_comment(declared[name]) for name in columns if name in declared}


def render(release: "Release | None" = None) -> str:
    """The dictionary as one HTML page that needs nothing else.

    Args:
        release: adds its name, the rows of each table and the sources it was made from.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    rows = {name: entry["rows"] for name, entry in release.manifest["tables"].items()} if release else {}
    tables = {name: _table(table, rows.get(name)) for name, table in sorted(TABLES.items())}
    groups = [(title, text, [t for n, t in tables.items() if n.startswith(p)]) for p, title, text in _GROUPS]
    page = environment.get_template("dictionary.html.j2").render(
        release=release,
        groups=[*groups, ("Views", "Queries with a name, to be read like tables.", list(map(_view, VIEWS)))],
        cell_states=[(state, CELL_STATE_MEANINGS[state]) for state in CELL_STATES],
        examples=EXAMPLES,
        sources=_sources(release) if release else [],
        style=(templates / "dictionary.css").read_text(encoding="utf-8"),
    )
    return page + "\n"


def write(path: Path, release: "Release | None" = None) -> None:
    """Write the dictionary's page, whole."""
    write_text(path, render(release))


def _column(column: "Column[Any]") -> ColumnEntry:
    rules = {rule.kind: rule.value for rule in column.info["rules"]}
    vocabulary = tuple(rules.get("one_of", ()))
    references = [str(foreign.target_fullname) for foreign in column.foreign_keys]
    unit = column.info["unit"]
    return ColumnEntry(
        name=column.name,
        kind=_KINDS[duckdb_type(column)],
        meaning=_sentence(str(column.comment)),
        unit="none (a ratio)" if unit == "1" else unit,
        states=column.info["states"],
        vocabulary=vocabulary,
        is_cell_state=vocabulary == CELL_STATES,
        limits=_limits(rules["range"]) if "range" in rules else None,
        is_key=bool(column.primary_key),
        is_required=not column.nullable,
        references=references[0] if references else None,
    )


def _table(table: Table, rows: int | None) -> TableEntry:
    meaning, _, one_row = table_comment(table).partition("One row per ")
    return TableEntry(
        name=table.name,
        meaning=meaning.strip(),
        one_row=one_row.rstrip(".") or None,
        columns=tuple(map(_column, table.columns)),
        rows=rows,
        referenced_by=tuple(
            other.name
            for other in TABLES.values()
            if other is not table and any(target == table.name for _, target, _ in references_of(other))
        ),
        query=None,
    )


def _view(name: str) -> TableEntry:
    query, comment = VIEWS[name]
    return TableEntry(name, comment, None, (), None, tuple(_read_by(name)), query)


def _read_by(view: str) -> list[str]:
    words = re.findall(r"\w+", VIEWS[view][0])
    return [name for name in dict.fromkeys(words) if name in TABLES]


def _limits(bounds: tuple[float | None, float | None]) -> str:
    low, high = bounds
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} and {high:g}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."


def _sources(release: "Release") -> list[dict[str, Any]]:
    import duckdb

    with duckdb.connect(str(release.database), read_only=True) as connection:
        found = connection.execute(
            """SELECT d.dataset_id, d.title, d.licence, d.licence_url, d.citation, d.doi, d.cadence,
                      d.statistical_unit, d.discontinued, d.notes, d.is_verified,
                      count(o.document_id) AS documents, max(o.published_at) AS newest
               FROM dim_dataset d LEFT JOIN dim_document o USING (dataset_id)
               GROUP BY ALL ORDER BY d.dataset_id"""
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
