"""Choosing observations by their dimensions, whichever column a dimension stands in.

Belongs here: the condition as SQL. Does not: extents (vintages), value rules (quality), terms (plan).
"""

from collections.abc import Sequence

from alp_pipeline.build.sql import identifier, literal
from alp_pipeline.observations.schema import DIMENSION_COLUMNS


def has_code(dimension: str, codes: Sequence[str]) -> str:
    """SQL that is true for observations whose dimension has one of the codes, and false for all others.

    >>> print(has_code("geo", ["AT"]))
    coalesce("geo" IN ('AT'), false)
    >>> print(has_code("indic_is", ["I_B3_12"]))
    list_has_any(string_split(coalesce(other_dimensions, ''), ';'), ['indic_is=I_B3_12'])
    """
    if dimension in DIMENSION_COLUMNS:
        return f"coalesce({identifier(dimension)} IN ({', '.join(map(literal, codes))}), false)"
    pairs = ", ".join(literal(f"{dimension}={code}") for code in codes)
    return f"list_has_any(string_split(coalesce(other_dimensions, ''), ';'), [{pairs}])"
