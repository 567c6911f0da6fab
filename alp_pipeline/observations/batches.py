"""Series, periods and cells put together into batches of the observation table.

Belongs here: the order and types of columns, the series key, gathering by number instead of copying text.
Does not: reading a format, what a cell says (cells).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.cells import Cells
from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.schema import BATCH_SCHEMA, DIMENSION_COLUMNS, DatasetShape

TIME_NAMES: Final = ("time", "time_period")


@dataclass(frozen=True)
class SeriesTable:
    """Series as columns, all of one length: the key, and the code of every dimension."""

    key: pa.StringArray
    dimensions: Mapping[str, pa.DictionaryArray]
    other_dimensions: pa.StringArray | None

    @classmethod
    def of(
        cls,
        dataset: DatasetShape,
        codes: Mapping[str, pa.DictionaryArray],
        rows: int,
        key: pa.StringArray | None = None,
    ) -> "SeriesTable":
        """Series from the codes of the document's dimensions (catalogue's names, any order).

        Args:
            codes: for every dimension the codes of all series; those with a default may be
                absent.
            rows: how many series.
            key: the keys, where the caller has them already.

        >>> shape = DatasetShape("eurostat.x", ("freq", "geo", "airpol"))
        >>> one = lambda text: pa.array([text]).dictionary_encode()
        >>> table = SeriesTable.of(shape, {"airpol": one("CO2"), "geo": one("AT")}, 1)
        >>> table.key.to_pylist(), table.other_dimensions.to_pylist()
        (['A.AT.CO2'], ['airpol=CO2'])
        """
        known = dict(codes)
        for name in dataset.dimensions:
            if name not in known:
                known[name] = constant(dataset.default_codes[name], rows)
        if key is None:
            texts = (known[name].cast(pa.string()) for name in dataset.dimensions)
            key = pc.binary_join_element_wise(*texts, ".")
        return cls(key, known, other_dimensions(known))

    @classmethod
    def unknown(cls, keys: pa.StringArray) -> "SeriesTable":
        """Series whose key was not understood: its text is all that is known of them."""
        return cls(keys, {}, None)


def other_dimensions(codes: Mapping[str, pa.DictionaryArray]) -> pa.StringArray | None:
    """`dim=code;dim=code`, sorted by name, of the dimensions without a column of their own."""
    others = sorted(set(codes) - set(DIMENSION_COLUMNS))
    if not others:
        return None
    pairs = [pc.binary_join_element_wise(name, codes[name].cast(pa.string()), "=") for name in others]
    return pc.binary_join_element_wise(*pairs, ";")


def constant(text: str | None, rows: int) -> pa.DictionaryArray:
    """One text, or null, for all rows."""
    if text is None:
        return pa.nulls(rows, pa.dictionary(pa.int32(), pa.string()))
    return pa.DictionaryArray.from_arrays(laid_out(np.int32(0), (rows,)), pa.array([text]), safe=False)


def laid_out(codes: npt.ArrayLike, shape: tuple[int, ...]) -> pa.Int32Array:
    """Positions repeated to a shape, row after row, in Arrow's memory.

    numpy's own would be fresh from the operating system each time: on a batch of a million cells its page
    faults cost as much as the parsing.

    >>> laid_out(np.array([7, 8]), (2, 2)).to_pylist()
    [7, 8, 7, 8]
    """
    size = math.prod(shape)
    memory = pa.allocate_buffer(size * 4)
    np.frombuffer(memory, dtype=np.int32).reshape(shape)[...] = codes
    return pa.Array.from_buffers(pa.int32(), size, [None, memory])


def numbered(texts: pa.StringArray) -> pa.DictionaryArray:
    """Texts as their own dictionary, without looking for equal ones."""
    rows = len(texts)
    return pa.DictionaryArray.from_arrays(laid_out(np.arange(rows), (rows,)), texts, safe=False)


def assembled(
    dataset: DatasetShape,
    document_id: str,
    series: SeriesTable,
    spread: Callable[[pa.Int32Array], pa.Int32Array],
    time_period: pa.DictionaryArray,
    cells: Cells,
) -> pa.RecordBatch:
    """One batch in `BATCH_SCHEMA`.

    Args:
        series: the series that occur.
        spread: gives every cell what its series has (positions for series → positions for cells).
        time_period: for every cell its period.
        cells: what the cells say, in the same order.
    """
    rows = len(cells.value)
    none = constant(None, rows)
    first = laid_out(np.int32(0), (rows,))

    def of_cells(column: pa.DictionaryArray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(spread(column.indices), column.dictionary, safe=False)

    columns = {
        "dataset_id": pa.DictionaryArray.from_arrays(first, pa.array([dataset.dataset_id]), safe=False),
        "document_id": pa.DictionaryArray.from_arrays(first, pa.array([document_id]), safe=False),
        "series_key": of_cells(numbered(series.key)),
        "time_period": time_period,
        "other_dimensions": none,
        "value": cells.value,
        "cell_state": cells.cell_state,
        "obs_status": cells.obs_status,
        "conf_status": cells.conf_status,
        "published": cells.published,
        "problem": cells.problem,
    }
    if series.other_dimensions is not None:
        columns["other_dimensions"] = of_cells(series.other_dimensions.dictionary_encode())
    for name in DIMENSION_COLUMNS:
        columns[name] = of_cells(series.dimensions[name]) if name in series.dimensions else none
    return pa.RecordBatch.from_arrays([columns[name] for name in BATCH_SCHEMA.names], schema=BATCH_SCHEMA)


def checked_dimensions(dataset: DatasetShape, header: Sequence[str], *, where: str) -> tuple[str, ...]:
    """A document's dimensions in the catalogue's words, once they are the catalogue's.

    Order does not matter; a dimension with a default may be absent. Anything else that is missing, extra or
    double is refused.

    Raises:
        HeaderMismatch: naming the difference.

    >>> checked_dimensions(DatasetShape("eurostat.x", ("freq", "unit", "geo")), ["geo", "unit"], where="x")
    ('geo', 'unit')
    """
    names = dataset.renamed(tuple(name.strip() for name in header))
    double = sorted({name for name in names if names.count(name) > 1})
    extra = sorted(set(names) - set(dataset.dimensions))
    missing = sorted(set(dataset.dimensions) - set(names) - set(dataset.default_codes))
    differences = [
        f"{label} {', '.join(found)}"
        for label, found in (
            ("it names twice", double),
            ("the catalogue does not know", extra),
            ("it lacks", missing),
        )
        if found
    ]
    if differences:
        raise HeaderMismatch(
            f"its dimensions ({', '.join(names)}) are not the catalogue's "
            f"({', '.join(dataset.dimensions)}): {'; '.join(differences)}",
            where=where,
            todo="If the publisher changed the structure, give the catalogue entry the new dimensions "
            "or an alias; otherwise the document belongs to another dataset.",
        )
    return names
