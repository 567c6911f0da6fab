import io

import pyarrow as pa
import pytest

from alp_pipeline.observations.accounting import Account, AccountDoesNotClose
from alp_pipeline.observations.reader import read_observations
from alp_pipeline_tests.observations.documents import SHAPE

TSV = b"unit,geo\\time\t2015\t2014\nNR,AT\t: c\t7\nNR,FR\t1,5\t:\nNR,IT\t1\n"


def test_states_and_what_was_not_understood_add_up_to_series_times_periods() -> None:
    reading = read_observations(io.BytesIO(TSV), format="tsv", dataset=SHAPE, document_id="d1")
    account = Account()
    for batch in reading.batches():
        account.add(batch)
    assert account.states == {"confidential": 1, "not_available": 1, "reported": 1}
    assert account.not_understood == 3
    assert account.cells == reading.series_count * reading.period_count == 6
    account.close(reading)


def test_a_cell_that_vanishes_is_noticed_with_both_numbers() -> None:
    reading = read_observations(io.BytesIO(TSV), format="tsv", dataset=SHAPE, document_id="d1")
    account = Account()
    account.add(pa.concat_batches(list(reading.batches())).slice(1))
    with pytest.raises(
        AccountDoesNotClose, match=r"5 cells came out of a document of 6 \(3 series, 2 periods\)"
    ):
        account.close(reading)
