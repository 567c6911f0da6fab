"""One word for what a document says, whatever its bytes: equal content, equal digest.

Belongs here: the digest of observations. Does not: hashes of bytes (archive), which stay what identifies a
document, nor what is done with two equal digests (sources.pull).

It is made for one question: whether a source that says "new" has changed anything. It detects a signal that
lies, not a forgery. A cell is its series key, its period in our spelling, and its text as published: number,
flags and signs, `#` in the place of a withheld number. So order of rows and columns, headings, packing and
file names do not matter; a changed number or flag does, and so does a cell that is added or dropped, `:`
included: that a publisher now lists a cell without a number is news of the document. Spelling counts: `1.0`
is not `1`.

Every cell is hashed by itself (MD5 as a little-endian number, which no library will redefine) and the hashes
are put together by operations that do not depend on order: the sum of their lower halves, exclusive-or of the
whole and the number of cells. The sum is there because in the exclusive-or a cell that stands twice cancels
itself.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

_LOW: Final = (1 << 64) - 1
_QUERY: Final = f"""
    SELECT count(*), bit_xor(hash), sum(CAST(CAST(hash & {_LOW}::UHUGEINT AS UBIGINT) AS HUGEINT))
    FROM (SELECT md5_number(concat_ws(chr(31), series_key, time_period, published)) AS hash FROM cells)
"""


def observations_digest(batches: Iterable[pa.RecordBatch]) -> str:
    """The digest of a document's observations, in memory bounded by its largest batch.

    Args:
        batches: with the columns series_key, time_period and published, as readers yield them.

    Returns:
        64 hexadecimal digits; the same for the same set of cells in any order and any division into batches.

    >>> def cells(*rows):
    ...     names = ("series_key", "time_period", "published")
    ...     return pa.RecordBatch.from_pydict(dict(zip(names, zip(*rows))))
    >>> one, other = ("A.AT", "2022", "708 p"), ("A.IT", "2022", ": c")
    >>> whole = observations_digest([cells(one, other)])
    >>> whole == observations_digest([cells(other), cells(one)])
    True
    >>> whole == observations_digest([cells(("A.AT", "2022", "708"), other)])
    False
    """
    import duckdb

    count = exclusive = total = 0
    # One thread: a batch is too small to be divided, and the reader has its own.
    with duckdb.connect(config={"threads": 1}) as connection:
        for batch in batches:
            if not batch.num_rows:
                continue
            connection.register("cells", batch.select(["series_key", "time_period", "published"]))
            [(rows, exclusive_or, added)] = connection.execute(_QUERY).fetchall()
            count, exclusive, total = count + rows, exclusive ^ exclusive_or, total + added
    return hashlib.sha256(f"{count} {exclusive} {total}".encode()).hexdigest()
