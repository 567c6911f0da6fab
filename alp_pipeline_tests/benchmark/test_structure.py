"""All measures at once are the measures one by one."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.concentration import entropy, hachman, herfindahl, krugman, theil
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.structure import MEASURES, structure
from alp_pipeline.benchmark.variety import variety

GROUPS = {"C10": "C", "C28": "C", "C29": "C", "I55": "I", "I56": "I"}


def example() -> tuple[ActivityTable, PublishedTotals, pd.DataFrame]:
    index = pd.MultiIndex.from_product([["B", "A"], [2013, 2014]], names=["region_code", "year"])
    values = pd.DataFrame(
        [
            [5, np.nan, np.nan, 3, 1],
            [5, 4, 3, 2, 1],
            [9, np.nan, 2, 1, 1],
            [0, 7, 7, 0, 2],
        ],
        index=index,
        columns=list(GROUPS),
    )
    states = values.isna().replace({True: "confidential", False: "reported"})
    sections = pd.DataFrame({"C": [20.0, 12, 15, 14], "I": [4.0, 3, 2, 2]}, index=index)
    reference = pd.DataFrame(
        [[50, 40, 30, 20, 10], [55, 40, 30, 20, 10]], index=[2013, 2014], columns=list(GROUPS)
    )
    return ActivityTable.of(values, states=states), PublishedTotals(GROUPS, sections), reference


def test_every_measure_is_that_of_its_own_function():
    table, published, reference = example()
    found = structure(table, GROUPS, reference=reference, published=published)
    assert tuple(found["measure"].unique()) == MEASURES
    by_measure = {
        name: part.set_index(["region_code", "year"]).drop(columns="measure")
        for name, part in found.groupby("measure")
    }
    single = {
        "entropy": entropy(table, published=published),
        "herfindahl": herfindahl(table, published=published),
        "hachman": hachman(table, reference=reference, published=published),
        "krugman": krugman(table, reference=reference, published=published),
        "theil": theil(table, reference=reference, published=published),
    }
    for name, figure in single.items():
        expected = figure.rename(columns={name: "value"})[["value", "lower", "upper", "state", "note"]]
        pd.testing.assert_frame_equal(by_measure[name], expected)
    split = variety(table, GROUPS, published=published)
    assert by_measure["related_variety"]["value"].equals(split["related_variety"].rename("value"))
    assert by_measure["unrelated_variety"]["state"].tolist() == split["unrelated_state"].tolist()
    half = by_measure["krugman"][["value", "lower", "upper"]] / 2
    pd.testing.assert_frame_equal(by_measure["specialisation_coefficient"][["value", "lower", "upper"]], half)


def test_rows_stay_in_the_order_of_the_table_and_no_hidden_row_has_a_figure():
    table, published, reference = example()
    found = structure(table, GROUPS, reference=reference, published=published)
    assert found.drop_duplicates(["region_code", "year"])[["region_code", "year"]].to_numpy().tolist() == [
        ["B", 2013],
        ["B", 2014],
        ["A", 2013],
        ["A", 2014],
    ]
    hidden = found[(found["year"] == 2013) & (found["measure"] != "unrelated_variety")]
    assert (hidden["state"] == "undetermined").all()
    assert hidden["value"].isna().all()
    # Two hidden divisions leave bounds, a single one nothing.
    assert hidden.loc[hidden["region_code"] == "B", ["lower", "upper"]].notna().all(axis=None)
    assert hidden.loc[hidden["region_code"] == "A", ["lower", "upper"]].isna().all(axis=None)
    assert set(hidden.loc[hidden["region_code"] == "A", "note"]) == {"computable_cell"}


def test_a_table_of_one_year_has_a_region_column():
    found = structure(pd.DataFrame({"C10": [1], "I55": [1]}, index=["A"]), GROUPS)
    assert found.columns[:2].tolist() == ["region", "measure"]
    assert found.loc[found["measure"] == "entropy", "value"].tolist() == [1.0]


@pytest.mark.parametrize("measure", MEASURES)
def test_replacing_a_hidden_cell_by_zero_changes_the_state(measure):
    table, _, reference = example()
    zero = ActivityTable.of(table.values.fillna(0))
    states = []
    for of in (table, zero):
        found = structure(of, GROUPS, reference=reference)
        states.append(found.loc[found["measure"] == measure, "state"].tolist())
    hidden, with_zero = states
    assert hidden == ["undetermined", "reported", "undetermined", "reported"]
    assert with_zero == ["reported"] * 4
