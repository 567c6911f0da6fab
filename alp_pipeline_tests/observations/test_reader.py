import io
from dataclasses import replace

import pyarrow as pa
import pytest

from alp_pipeline.observations.errors import FormatNotRead, LayoutMissing
from alp_pipeline.observations.reader import READABLE_FORMATS, read_observations
from alp_pipeline.observations.reading import in_order
from alp_pipeline.observations.schema import BATCH_SCHEMA, OBSERVATION_SCHEMA, TableLayout
from alp_pipeline_tests.observations.documents import SHAPE

TSV = b"unit,geo\\time\t2015 \t2014 \nNR,AT\t: c\t708 b\nNR\t1\t2\nNR,FR\t1,5\t0 \nNR,IT\t1\n"


def test_a_format_without_a_reader_is_named_with_those_that_have_one() -> None:
    with pytest.raises(FormatNotRead, match=r"'sdmx-json-2' is not yet read.*tsv-2017"):
        read_observations(io.BytesIO(b""), format="sdmx-json-2", dataset=SHAPE, document_id="d1")
    assert "sdmx-json-2" not in READABLE_FORMATS


@pytest.mark.parametrize("format", ["csv", "xlsx", "zip", "json-rows"])
@pytest.mark.parametrize("layout", [None, TableLayout(codes={"geo": {"1": "AT"}})])
def test_a_table_of_rows_is_refused_at_once_without_the_layout_that_names_its_columns(
    format: str,  # noqa: A002 - the readers' word for it
    layout: TableLayout | None,
) -> None:
    dataset = replace(SHAPE, layout=layout)
    with pytest.raises(LayoutMissing, match=r"does not say which column is what\. Give .* a layout"):
        read_observations(io.BytesIO(b""), format=format, dataset=dataset, document_id="d1")


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
