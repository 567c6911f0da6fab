"""Every cell of a document accounted for: so many in each state, so many not understood, together all.

Belongs here: counting batches and comparing with the document. Does not: judging rows (quality).
"""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from alp_pipeline.observations.errors import DocumentError
from alp_pipeline.observations.reading import Reading


class AccountDoesNotClose(DocumentError):
    """The cells that came out are not the cells that went in."""


class Account:
    """Counts of cells by state, filled batch by batch.

    >>> account = Account()
    >>> states = pa.array(["reported", None, "reported"]).dictionary_encode()
    >>> account.add(pa.RecordBatch.from_arrays([states], names=["cell_state"]))
    >>> account.states, account.not_understood, account.cells
    ({'reported': 2}, 1, 3)
    """

    def __init__(self) -> None:
        self._counts: Counter[str | None] = Counter()

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        for counted in batch.column("cell_state").cast(pa.string()).value_counts().to_pylist():
            self._counts[counted["values"]] += counted["counts"]

    @property
    def states(self) -> Mapping[str, int]:
        """How many cells are in each state that occurs."""
        return {state: count for state, count in sorted(self._counts.items(), key=str) if state is not None}

    @property
    def not_understood(self) -> int:
        """How many cells have no state and go to quarantine."""
        return self._counts[None]

    @property
    def cells(self) -> int:
        """All of them."""
        return self._counts.total()

    def close(self, reading: Reading) -> None:
        """Compare with a document that was read to its end.

        Raises:
            AccountDoesNotClose: naming both numbers.
        """
        if self.cells != reading.cells:
            raise AccountDoesNotClose(
                f"{self.cells:,} cells came out of a document of {reading.cells:,} "
                f"({reading.series_count:,} series, {reading.period_count} periods)",
                where=reading.where,
                todo="This is a defect of the reader: report it with the document's hash.",
            )
