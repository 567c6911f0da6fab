"""One word for what a document says, whatever its bytes: equal content, equal digest.

Belongs here: the digest of observations. Does not: hashes of bytes (archive), which stay what identifies a
document, nor what is done with two equal digests (sources.pull).

It is made for one question: whether a source that says "new" has changed anything. It detects a signal that
lies, not a forgery. A cell is its series key, its period in our spelling, and its text as published: number,
flags and signs, `#` in the place of a withheld number. So order of rows and columns, headings, packing and
file names do not matter; a changed number or flag does, and so does a cell that is added or dropped, `:`
included: that a publisher now lists a cell without a number is news of the document. The spelling
of a number counts (`1.0` is not `1`), that of its flags does not: `708 bp` is `708pb`.

Not everything that a document holds is in its observations: rows set aside, columns that a layout ignores,
withheld numbers, the rest of a line that could not be read. Of such a document there is no digest of content:
a wider layout may find two of them different, and then the newer one has to be there as a version of its own.

Every cell is hashed by itself (MD5 as a little-endian number, which no library will redefine) and the hashes
are put together by operations that do not depend on order: the sum of their lower halves, exclusive-or of the
whole and the number of cells. The sum is there because in the exclusive-or a cell that stands twice cancels
itself.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.reading import Reading

_COLUMNS: Final = ["series_key", "time_period", "published"]
_FLAGGED: Final = r"^(?P<number>[-0-9.:#]+(?:[eE][-+]?[0-9]+)?) *(?P<flags>[A-Za-z]*)(?P<conf> *@[A-Za-z]*)?$"
_LOW: Final = (1 << 64) - 1
_QUERY: Final = f"""
    SELECT count(*), bit_xor(hash), sum(CAST(CAST(hash & {_LOW}::UHUGEINT AS UBIGINT) AS HUGEINT))
    FROM (SELECT md5_number(concat_ws(chr(31), series_key, time_period, published)) AS hash FROM cells)
"""


def content_digest(reading: Reading) -> str | None:
    """The digest of what a document says, None where its observations are not all that it says.

    Args:
        reading: not yet read; it is read to its end.

    Raises:
        DocumentError: it cannot be read.
    """
    if reading.dataset.layout is not None:
        return None
    is_whole = True

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal is_whole
        for batch in reading.batches():
            is_whole = is_whole and _is_whole(batch)
            yield batch

    found = observations_digest(batches())
    return found if is_whole and not reading.set_aside else None


def _is_whole(batch: pa.RecordBatch) -> bool:
    """Whether every cell was understood and no number is withheld."""
    withheld = pc.match_substring(batch.column("published").dictionary, "#")
    return batch.column("problem").null_count == batch.num_rows and not pc.any(withheld).as_py()


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
            connection.register("cells", _spelled_alike(batch.select(_COLUMNS)))
            [(rows, exclusive_or, added)] = connection.execute(_QUERY).fetchall()
            count, exclusive, total = count + rows, exclusive ^ exclusive_or, total + added
    return hashlib.sha256(f"{count} {exclusive} {total}".encode()).hexdigest()


def _spelled_alike(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same cells, their flags in one order and one blank after the number."""
    column = batch.column("published").dictionary_encode()
    texts = column.dictionary
    is_marked = pc.match_substring_regex(texts, "[A-Za-z@]")
    marked = texts.filter(is_marked)
    if not len(marked):
        return batch
    alike = [
        f"{one['number']} {''.join(sorted(one['flags']))}{one['conf'].strip()}" if one else text
        for one, text in zip(pc.extract_regex(marked, _FLAGGED).to_pylist(), marked.to_pylist(), strict=True)
    ]
    texts = pc.replace_with_mask(texts, is_marked, pa.array(alike, pa.string()))
    published = pa.DictionaryArray.from_arrays(column.indices, texts, safe=False)
    return batch.set_column(batch.schema.get_field_index("published"), "published", published)
