"""Totals are sums of published cells; what they lack is counted, never guessed."""

import math
import random

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.totals import reference_totals, region_totals


def cells(*rows: tuple[str, str, float | None, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["region_code", "activity_code", "value", "cell_state"])
    return table.assign(year=2014, obs_status="")


COUNTRIES = cells(
    ("AT", "C", 600, "reported"),
    ("AT", "C28", 80, "reported"),
    ("CY", "C", None, "confidential"),
    ("CY", "C28", None, "confidential"),
    ("IE", "C", None, "not_available"),
    ("LU", "C", 30, "reported"),
    ("LU", "C28", None, "not_applicable"),
    ("NO", "C", 999, "reported"),
)


def test_a_reference_total_is_its_members_published_rows_with_the_gaps_counted_beside_it():
    table = reference_totals(COUNTRIES, members=["AT", "CY", "IE", "LU", "MT"], parts={"C": ["C28"]})
    assert table.to_dict("records") == [
        {
            "activity_code": "C",
            "year": 2014,
            "reference_activity_total": 630.0,
            "reference_state": "reported",
            "reference_missing_pct": 0.0,  # neither has a number in any year
            "reference_missing_state": "reported",
            "reference_hidden_cells": 1,  # CY
            "reference_missing_cells": 2,  # IE, and MT that has no row
            "reference_total": 630.0,
            "reference_total_state": "reported",
            "reference_total_missing_pct": 0.0,
            "reference_total_missing_state": "reported",
            "reference_total_hidden_cells": 1,
            "reference_total_missing_cells": 2,
        },
        {
            "activity_code": "C28",
            "year": 2014,
            "reference_activity_total": 80.0,
            "reference_state": "reported",
            "reference_missing_pct": 0.0,
            "reference_missing_state": "reported",
            "reference_hidden_cells": 1,
            "reference_missing_cells": 2,  # IE, MT; LU cannot have any
            "reference_total": 630.0,
            "reference_total_state": "reported",
            "reference_total_missing_pct": 0.0,
            "reference_total_missing_state": "reported",
            "reference_total_hidden_cells": 1,
            "reference_total_missing_cells": 2,
        },
    ]


def test_a_total_nobody_publishes_is_not_zero():
    table = reference_totals(cells(("CY", "B", None, "confidential")), members=["CY"], parts={"B": []})
    assert math.isnan(table["reference_activity_total"][0])
    assert math.isnan(table["reference_total"][0])


def test_published_divisions_stand_in_for_a_hidden_section_but_never_beside_a_published_one():
    table = region_totals(
        cells(
            ("DE30", "C", None, "confidential"),
            ("DE30", "C10", 20, "reported"),
            ("DE30", "C28", None, "confidential"),
            ("DE30", "I", 70, "reported"),
            ("DE30", "I55", 30, "reported"),
        ),
        parts={"C": ["C10", "C28"], "I": ["I55"]},
    )
    table = table.drop(columns=["region_missing_pct", "region_missing_state"])
    assert table.values.tolist() == [["DE30", 2014, 90.0, "reported", 1, 0]]


def test_a_region_without_a_published_part_says_why():
    table = region_totals(
        cells(
            ("CH01", "C", None, "not_available"),
            ("MT00", "C", None, "confidential"),
            ("MT00", "D", None, "not_available"),
            ("ZZ", "X", 5, "reported"),
        ),
        parts={"C": [], "D": []},
    )
    assert table["region_total"].isna().all()
    assert table.set_index("region_code")["region_total_state"].to_dict() == {
        "CH01": "not_available",
        "MT00": "confidential",
        "ZZ": "not_available",
    }
    assert table["region_hidden_cells"].tolist() == [0, 1, 0]
    assert table["region_missing_cells"].tolist() == [2, 1, 2]


def test_the_order_of_the_rows_cannot_show_in_a_sum():
    values = [random.Random(7).uniform(0, 1e6) for _ in range(500)]  # noqa: S311 - no secret
    table = cells(*((f"R{n:03d}", "C", value, "reported") for n, value in enumerate(values)))
    members = list(table["region_code"])
    totals = {
        reference_totals(table.sample(frac=1, random_state=seed), members=members, parts={"C": []}).iat[0, 2]
        for seed in range(5)
    }
    assert totals == {math.fsum(values)}


def test_an_activity_that_is_counted_twice_is_refused_by_name():
    with pytest.raises(BenchmarkInputError, match="C10 is counted twice"):
        region_totals(COUNTRIES, parts={"C": ["C10"], "D": ["C10"]})
