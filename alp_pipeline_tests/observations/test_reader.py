import io

import pyarrow as pa
import pytest

from alp_pipeline.observations.errors import FormatNotRead
from alp_pipeline.observations.reader import READABLE_FORMATS, read_observations
from alp_pipeline.observations.reading import in_order
from alp_pipeline.observations.schema import BATCH_SCHEMA, OBSERVATION_SCHEMA
from alp_pipeline_tests.observations.documents import SHAPE

TSV = b"unit,geo\\time\t2015 \t2014 \nNR,AT\t: c\t708 b\nNR\t1\t2\nNR,FR\t1,5\t0 \nNR,IT\t1\n"


def test_a_format_without_a_reader_is_named_with_those_that_have_one() -> None:
    with pytest.raises(FormatNotRead, match=r"'sdmx-ml-2.1' is not yet read.*tsv-2017"):
        read_observations(io.BytesIO(b""), format="sdmx-ml-2.1", dataset=SHAPE, document_id="d1")
    assert "sdmx-ml-2.1" not in READABLE_FORMATS


def test_counts_are_not_there_before_the_last_batch() -> None:
    reading = read_observations(io.BytesIO(TSV), format="tsv", dataset=SHAPE, document_id="d1")
    for count in ("cells", "series_count", "period_count", "periods", "header_dimensions"):
        with pytest.raises(RuntimeError, match="once all batches have been taken"):
            getattr(reading, count)
    batches = reading.batches()
    next(batches)
    with pytest.raises(RuntimeError, match="once all batches have been taken"):
        _ = reading.cells
    list(batches)
    assert reading.cells == 8


def test_every_batch_has_the_schema_and_turns_into_the_plain_one() -> None:
    reading = read_observations(io.BytesIO(TSV), format="tsv", dataset=SHAPE, document_id="d1")
    for batch in reading.batches():
        assert batch.schema.equals(BATCH_SCHEMA)
        batch.validate(full=True)
        plain = pa.Table.from_batches([batch]).cast(OBSERVATION_SCHEMA)
        assert plain.to_pylist() == batch.to_pylist()
        assert not any(plain[field.name].null_count for field in OBSERVATION_SCHEMA if not field.nullable)


def test_the_observation_table_has_the_columns_that_others_rely_on() -> None:
    assert OBSERVATION_SCHEMA.names == [
        *("dataset_id", "series_key", "time_period", "freq", "geo", "unit", "nace_r2", "indic_sb", "na_item"),
        *("sizeclas", "sex", "age", "isced11", "training", "wstatus", "other_dimensions", "value"),
        *("cell_state", "obs_status", "conf_status", "published", "document_id", "problem"),
    ]


def test_an_error_in_one_batch_reaches_the_caller() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    results = in_order(work, range(6))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
