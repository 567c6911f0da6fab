"""The one door to the readers: a document and its format in, observations out.

Belongs here: which reader reads which format. Does not: reading.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from alp_pipeline.observations.declared_table import (
    DeclaredCsv,
    DeclaredJsonRows,
    DeclaredXlsx,
    DeclaredZip,
)
from alp_pipeline.observations.documents import Source
from alp_pipeline.observations.errors import FormatNotRead
from alp_pipeline.observations.eurostat_tsv import EurostatTsv
from alp_pipeline.observations.jsonstat import JsonStat
from alp_pipeline.observations.reading import Reading
from alp_pipeline.observations.schema import DatasetShape
from alp_pipeline.observations.sdmx_csv import SdmxCsv
from alp_pipeline.observations.sdmx_ml import SdmxMl

READABLE_FORMATS: Final[Mapping[str, type[Reading]]] = MappingProxyType(
    {
        "tsv": EurostatTsv,
        "tsv-2017": EurostatTsv,
        "sdmx-csv-1": SdmxCsv,
        "sdmx-csv-2": SdmxCsv,
        "json-stat-1": JsonStat,
        "json-stat-2": JsonStat,
        "sdmx-ml-2.1": SdmxMl,
        "csv": DeclaredCsv,
        "xlsx": DeclaredXlsx,
        "zip": DeclaredZip,
        "json-rows": DeclaredJsonRows,
    }
)


def read_observations(
    source: Source,
    *,
    format: str,  # noqa: A002 - the archive's word for it
    dataset: DatasetShape,
    document_id: str,
) -> Reading:
    """Read a document cell by cell into the observation table.

    Memory stays bounded for tables of any length; JSON is read whole, up to a limit. Compressed or not is
    seen from the bytes.

    Args:
        source: a path, or a binary stream that can seek; a stream stays open.
        format: one of `READABLE_FORMATS`.
        dataset: what the catalogue knows of it; with its layout for csv, xlsx, zip and json-rows.
        document_id: goes into every row.

    Returns:
        A reading: its `batches()` in `schema.BATCH_SCHEMA`, afterwards its counts. Rows of all batches =
        `cells`: what was not understood is there with `cell_state` null and the reason in `problem`.

    Raises:
        FormatNotRead, LayoutMissing: at once; every other `DocumentError` comes out of `batches()`.

    >>> import io
    >>> shape = DatasetShape("eurostat.x", ("freq", "unit", "geo"))
    >>> document = io.BytesIO(b"unit,geo\\\\time\\t2015 \\t2014 \\nNR,AT\\t: c\\t708 b\\n")
    >>> reading = read_observations(document, format="tsv-2017", dataset=shape, document_id="d1")
    >>> rows = [row for batch in reading.batches() for row in batch.to_pylist()]
    >>> [(r["series_key"], r["time_period"], r["value"], r["cell_state"], r["obs_status"]) for r in rows]
    [('A.NR.AT', '2015', None, 'confidential', ''), ('A.NR.AT', '2014', 708.0, 'reported', 'b')]
    >>> reading.series_count, reading.period_count, reading.cells
    (1, 2, 2)
    """
    reader = READABLE_FORMATS.get(format)
    if reader is None:
        raise FormatNotRead(
            f"the format '{format}' is not yet read",
            where=f"{dataset.dataset_id}, document {document_id}",
            todo=f"Fetch it in one of {', '.join(READABLE_FORMATS)}.",
        )
    return reader(source, dataset, document_id)
