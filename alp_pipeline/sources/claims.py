"""What a request claims to cover, in the catalogue's words.

Belongs here: published codes that were asked for → the codes that the readers make of them. Does not: which
codes were asked for (the families).

Rows of older documents are withdrawn where a newer one claims their cell, so a claim must name the codes
that stand in rows: one in the publisher's codes would claim nothing, and old and new rows would stand side by
side.
"""

from collections.abc import Mapping, Sequence

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.catalog.models import DatasetEntry


def claim(
    dataset: DatasetEntry,
    asked: Mapping[str, Sequence[str]],
    periods: tuple[str | None, str | None] | None = None,
) -> Extent:
    """The extent of a request.

    Args:
        asked: dimension → the published codes; a dimension that is not in it is claimed whole. Codes that the
            layout sets aside have no rows and are not claimed, unless there are no others.
        periods: first and last, as rows spell them.

    Raises: UnusableCodeTable, ReferenceMissing: the layout's codes cannot be read.
    """
    from alp_pipeline.observations.code_maps import code_maps

    maps = code_maps(dataset.shape().layout)
    dims = {}
    for dimension, codes in asked.items():
        own = maps.get(dimension)
        kept = [found.code for found in map(own.read, codes) if found.is_kept] if own else []
        dims[dimension] = tuple(kept or codes)
    return Extent(dims, periods)
