"""The content hash speaks of rows, not of files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.build.content_hash import content_hash, content_hash_of_parquet

ROWS = st.lists(
    st.tuples(
        st.none() | st.text(max_size=6),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.integers(-(2**40), 2**40),
        st.none() | st.booleans(),
    ),
    max_size=40,
)
SCHEMA = pa.schema([("a", pa.string()), ("b", pa.float64()), ("c", pa.int64()), ("d", pa.bool_())])


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def hashed(rows: pa.Table, size: int | None = None) -> str:
    return content_hash(rows.to_batches(max_chunksize=size), rows.schema)


@given(ROWS, st.integers(1, 7))
def test_the_cut_into_batches_does_not_matter(rows: list[tuple[object, ...]], size: int) -> None:
    assert hashed(table(rows)) == hashed(table(rows), size)


@given(ROWS)
def test_a_dictionary_encoded_column_counts_as_text(rows: list[tuple[object, ...]]) -> None:
    plain = table(rows)
    encoded = plain.set_column(0, "a", plain["a"].dictionary_encode())
    assert hashed(plain) == hashed(encoded)


@given(ROWS)
def test_a_slice_hashes_as_the_same_rows_written_anew(rows: list[tuple[object, ...]]) -> None:
    assert hashed(table([("x", 1.0, 2, True), *rows]).slice(1)) == hashed(table(rows))


@given(ROWS, ROWS)
def test_other_rows_give_another_hash(one: list[tuple[object, ...]], other: list[tuple[object, ...]]) -> None:
    # 0.0 and -0.0 are one number: compare what the tables hold with negative zero folded.
    def folded(rows: list[tuple[object, ...]]) -> str:
        return repr([(a, b + 0.0 if isinstance(b, float) else b, c, d) for a, b, c, d in rows])

    assert (hashed(table(one)) == hashed(table(other))) == (folded(one) == folded(other))


def test_missing_is_not_zero_and_not_empty_text() -> None:
    assert len({hashed(table([(a, b, None, None)])) for a in (None, "") for b in (None, 0.0)}) == 4


def test_text_does_not_run_over_cell_borders() -> None:
    assert hashed(table([("ab", None, None, None), ("c", None, None, None)])) != hashed(
        table([("a", None, None, None), ("bc", None, None, None)])
    )


def test_column_names_and_types_are_part_of_it() -> None:
    ones = pa.array([1], pa.int32())
    assert hashed(pa.table({"a": ones})) != hashed(pa.table({"b": ones}))
    assert hashed(pa.table({"a": ones})) != hashed(pa.table({"a": ones.cast(pa.int64())}))


def test_compression_and_row_groups_of_a_file_do_not_matter(tmp_path: Path) -> None:
    rows = pa.table({"a": [str(i) for i in range(200_000)], "b": [i / 7 for i in range(200_000)]})
    pq.write_table(rows, tmp_path / "one.parquet", compression="zstd")
    pq.write_table(rows, tmp_path / "two.parquet", compression="none", row_group_size=999)
    assert content_hash_of_parquet(tmp_path / "one.parquet") == content_hash_of_parquet(
        tmp_path / "two.parquet"
    )
