"""Choosing observations by their dimensions, whichever column a dimension stands in.

Belongs here: condition and code as SQL. Does not: extents (vintages), value rules (quality), terms (plan).
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


def code_of(dimension: str) -> str:
    """SQL for an observation's code of a dimension; NULL where its dataset lacks the dimension.

    >>> print(code_of("nace_r2"))
    "nace_r2"
    >>> print(code_of("nace_r21"))
    nullif(regexp_extract(other_dimensions, '(^|;)nace_r21=([^;]*)', 2), '')
    """
    if dimension in DIMENSION_COLUMNS:
        return identifier(dimension)
    return f"nullif(regexp_extract(other_dimensions, {literal(f'(^|;){dimension}=([^;]*)')}, 2), '')"
