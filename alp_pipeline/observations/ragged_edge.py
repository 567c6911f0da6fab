"""The ragged edge: periods that a whole country has not delivered yet.

Belongs here: telling `not_yet_published` from `not_available`, which needs all rows of a dataset. Does not:
reading documents, freshness against a calendar.

A country is what the first two letters of `geo` say. When from some period to the dataset's last one it has
nothing but `not_available`, and something before, those cells are not yet published. A country that never
had anything stays `not_available`: there is no edge. So does one that fell silent longer ago than the slowest
statistics take: the United Kingdom's years after 2020 will not come. Periods are compared within one kind
(years with years, quarters with quarters), because a dataset may hold several.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.schema import CellState

if TYPE_CHECKING:
    import duckdb

LONGEST_EDGE_YEARS = 2
"""How far behind the newest period of a dataset a country may be and still be expected (R&D: two years)."""


@dataclass(frozen=True)
class RaggedEdge:
    """Where the countries of one dataset end that are still expected to deliver more.

    >>> import duckdb
    >>> query = '''SELECT * FROM (VALUES
    ...     ('AT1', '2015', 'reported'),
    ...     ('FR1', '2014', 'reported'),
    ...     ('FR1', '2015', 'not_available')) AS o(geo, time_period, cell_state)'''
    >>> RaggedEdge.of(duckdb.connect(), query).last
    {('AT', '#'): '2015', ('FR', '#'): '2014'}
    """

    last: Mapping[tuple[str, str], str]
    """Country and kind of period → the last period for which it delivered anything."""

    @classmethod
    def of(cls, connection: "duckdb.DuckDBPyConnection", query: str) -> "RaggedEdge":
        """The edge of one dataset.

        Args:
            connection: where `query` can be run; it is run once.
            query: a SELECT that gives geo, time_period and cell_state of all observations.
        """
        # Grouped before anything is made of the texts: millions of cells have few regions and periods.
        ends = connection.execute(
            f"""SELECT left(geo, 2) AS country, time_period, bool_or(delivers)
                FROM (SELECT geo, time_period,
                             bool_or(cell_state IS DISTINCT FROM '{CellState.NOT_AVAILABLE}') AS delivers
                      FROM ({query}) WHERE geo IS NOT NULL AND time_period IS NOT NULL GROUP BY ALL)
                GROUP BY 1, 2 ORDER BY 1, 2"""
        ).fetchall()
        newest: dict[str, str] = {}
        last: dict[tuple[str, str], str] = {}
        for country, period, delivers in ends:
            form = _form(period)
            newest[form] = max(period, newest.get(form, period))
            if delivers:
                last[country, form] = period
        expected = {
            (country, form): period
            for (country, form), period in last.items()
            if _year(newest[form]) - _year(period) <= LONGEST_EDGE_YEARS
        }
        return cls(expected)

    def applied(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same rows, `not_yet_published` where it applies.

        Args:
            batch: observations of the dataset; `geo`, `time_period` and `cell_state` are dictionaries.
        """
        states = batch.column("cell_state")
        known = states.dictionary.to_pylist()
        if CellState.NOT_AVAILABLE not in known:
            return batch
        late = self._is_late(batch.column("geo"), batch.column("time_period"))
        of_cell = states.indices
        is_missing = np.zeros(len(known) + 1, np.bool_)
        is_missing[known.index(CellState.NOT_AVAILABLE)] = True
        late &= is_missing[of_cell.fill_null(len(known)).to_numpy()]
        if not late.any():
            return batch
        if CellState.NOT_YET_PUBLISHED not in known:
            known.append(CellState.NOT_YET_PUBLISHED)
        codes = pc.if_else(
            pa.array(late), pa.scalar(known.index(CellState.NOT_YET_PUBLISHED), pa.int32()), of_cell
        )
        changed = pa.DictionaryArray.from_arrays(codes, pa.array(known, pa.string()))
        return batch.set_column(batch.schema.get_field_index("cell_state"), "cell_state", changed)

    def _is_late(self, geo: pa.DictionaryArray, period: pa.DictionaryArray) -> npt.NDArray[np.bool_]:
        """For each cell whether its period lies after the edge of its country."""
        regions = [(code or "")[:2] for code in geo.dictionary.to_pylist()]
        countries = {country: number for number, country in enumerate(dict.fromkeys(regions))}
        periods = period.dictionary.to_pylist()
        # One row and one column more, never late, for cells without a territory or a period.
        table = np.zeros((len(countries) + 1, len(periods) + 1), np.bool_)
        for at, text in enumerate(periods):
            form = _form(text)
            for country, row in countries.items():
                last = self.last.get((country, form))
                table[row, at] = last is not None and text > last
        country_of = np.array([*(countries[country] for country in regions), len(countries)])
        rows = country_of[geo.indices.fill_null(len(regions)).to_numpy()]
        late: npt.NDArray[np.bool_] = table[rows, period.indices.fill_null(len(periods)).to_numpy()]
        return late


def _form(period: str) -> str:
    """`2014-Q1` → `#-Q#`: periods of one kind have one form, and within it text order is time order."""
    return re.sub("[0-9]+", "#", period)


def _year(period: str) -> int:
    return int(period[:4])
