"""The ragged edge: periods that a whole country has not delivered yet.

Belongs here: telling `not_yet_published` from `not_available`, which needs all rows of a dataset. Does not:
reading documents, freshness against a calendar.

A country is what the first two letters of `geo` say. When from some period to the dataset's last one it has
nothing but `not_available`, and something before, those cells are not yet published. A country that never
had anything stays `not_available`: there is no edge. So does one that fell silent longer ago than the slowest
statistics take: the United Kingdom's years after 2020 will not come. Periods are compared within one kind
(years with years, quarters with quarters), because a dataset may hold several.
"""

import duckdb

from alp_pipeline.build.sql import literal

LONGEST_EDGE_YEARS = 2
"""How far behind the newest period of a dataset a country may be and still be expected (R&D: two years)."""

# "2014-Q1" → "#-Q#": periods of one kind have one form, and within it text order is time order.
_FORM = "regexp_replace(time_period, '[0-9]+', '#', 'g')"


def with_ragged_edge(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """A query for the same observations, with `not_yet_published` where it applies.

    Args:
        connection: where `query` can be run; it is run once, to find each country's last period.
        query: a SELECT over the canonical observations of one dataset.

    Returns:
        A SELECT with the same columns and rows; only `cell_state` differs.

    >>> connection = duckdb.connect()
    >>> query = '''SELECT * FROM (VALUES
    ...     ('AT1', '2015', 'reported'),
    ...     ('FR1', '2014', 'reported'),
    ...     ('FR1', '2015', 'not_available')) AS o(geo, time_period, cell_state)'''
    >>> connection.execute(with_ragged_edge(connection, query)).fetchall()[-1]
    ('FR1', '2015', 'not_yet_published')
    """
    edges = connection.execute(
        f"""WITH ends AS (
                SELECT left(geo, 2) AS country, {_FORM} AS form,
                       max(max(time_period)) OVER (PARTITION BY form) AS newest,
                       max(time_period) FILTER (WHERE cell_state IS DISTINCT FROM 'not_available') AS last
                FROM ({query}) WHERE geo IS NOT NULL GROUP BY 1, 2)
            SELECT country, form, last FROM ends
            WHERE CAST(left(newest, 4) AS INTEGER) - CAST(left(last, 4) AS INTEGER) <= {LONGEST_EDGE_YEARS}
            ORDER BY 1, 2"""
    ).fetchall()
    if not edges:
        return query
    rows = ", ".join("(" + ", ".join(literal(text) for text in edge) + ")" for edge in edges)
    form = _FORM.replace("time_period", "o.time_period")
    return f"""SELECT o.* REPLACE (
            CASE WHEN o.cell_state = 'not_available' AND o.time_period > edge.last_period
                 THEN 'not_yet_published' ELSE o.cell_state END AS cell_state)
        FROM ({query}) AS o
        LEFT JOIN (VALUES {rows}) AS edge(country, form, last_period)
            ON left(o.geo, 2) = edge.country AND {form} = edge.form"""
