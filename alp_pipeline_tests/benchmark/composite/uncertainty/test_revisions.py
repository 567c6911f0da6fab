"""The spread that a history of revisions shows, and its evidence."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.uncertainty.revisions import estimated_spreads, revision_spread
from alp_pipeline.benchmark.composite.uncertainty.spec import DataSpread


def vintages(*rows: tuple[str, str, int, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["indicator", "unit", "vintage", "value"])


def test_the_spread_of_revisions_is_the_root_mean_square_of_first_against_latest() -> None:
    frame = vintages(
        ("jobs", "AT", 3, 100.0),
        ("jobs", "AT", 1, 90.0),  # -10 %, in any order of rows
        ("jobs", "AT", 2, 70.0),  # neither first nor latest
        ("jobs", "CH", 1, 220.0),
        ("jobs", "CH", 2, 200.0),  # +10 %
        ("jobs", "DE", 1, 5.0),  # never revised: says nothing
        ("co2", "AT", 1, 1.0),
        ("co2", "AT", 2, 0.0),  # no relative revision of zero
        ("co2", "CH", 1, None),
        ("co2", "CH", 2, 4.0),
    )
    found = revision_spread(frame, keys=("unit",))
    expected = [pytest.approx(0.1), pytest.approx(0.0), 2, 0, ("1", "2", "3")]
    assert found.loc["jobs"].tolist() == expected
    assert np.isnan(found.loc["co2", "relative_sd"])
    assert found.loc["co2", ["cells", "zero_cells"]].tolist() == [0, 1]


def test_vintages_that_say_two_things_are_refused_by_name() -> None:
    with pytest.raises(BenchmarkInputError, match="jobs × AT has two rows of 1"):
        revision_spread(vintages(("jobs", "AT", 1, 1.0), ("jobs", "AT", 1, 2.0)), keys=("unit",))
    with pytest.raises(BenchmarkInputError, match="time is absent"):
        revision_spread(vintages(("jobs", "AT", 1, 1.0)))
    with pytest.raises(BenchmarkInputError, match="infinite"):
        revision_spread(vintages(("jobs", "AT", 1, np.inf)), keys=("unit",))


def test_a_spread_comes_with_the_revisions_and_vintages_that_it_was_estimated_from() -> None:
    frame = vintages(
        ("jobs", "AT", 2022, 90.0),
        ("jobs", "AT", 2023, 100.0),
        ("jobs", "CH", 2021, 5.0),  # published once: no evidence
        ("co2", "AT", 2022, 1.0),
    )
    found = estimated_spreads(frame, keys=("unit",))
    assert list(found) == ["jobs"]
    assert found["jobs"].model_dump() == {
        "relative_sd": pytest.approx(0.1),
        "revisions": 1,
        "vintages": ("2022", "2023"),
    }
    as_recipe = {code: spread.model_dump(mode="json") for code, spread in found.items()}
    data = DataSpread.model_validate({"revisions": as_recipe})
    assert data.is_estimated("jobs")
    assert DataSpread.model_validate(data.model_dump(mode="json")) == data
