"""Ranks: ties share a place, small and hidden cells have none, and who could not be ranked is counted."""

import pandas as pd

from alp_pipeline.benchmark.ranks import rank_within

TABLE = pd.DataFrame(
    [
        ("AT33", "I55", 5000, "reported", 6.954),
        ("ITH1", "I55", 3000, "reported", 7.271),
        ("AT32", "I55", 4000, "reported", 6.954),
        ("ITC2", "I55", 900, "reported", 9.5),
        ("SI03", "I55", None, "confidential", None),
        ("CH05", "I55", None, "not_available", None),
        ("ES53", "I55", 9000, "reported", 8.8),
        ("AT33", "C16", 2000, "reported", 6.95),
    ],
    columns=["region_code", "activity_code", "value", "cell_state", "location_quotient"],
).assign(year=2014)
PERIMETER = ["AT33", "ITH1", "AT32", "ITC2", "SI03", "CH05"]


def test_equal_values_share_the_best_place_and_the_next_place_counts_them_all():
    ties = TABLE.assign(location_quotient=[7.0, 7.0, 6.0, 9.5, None, None, 8.8, 1.0])
    ranks = rank_within(ties, PERIMETER, minimum_size=1000)["rank"]
    assert ranks[:3].tolist() == [1, 1, 3]


def test_small_hidden_missing_and_outside_cells_are_unranked():
    ranks = rank_within(TABLE, PERIMETER, "location_quotient", 1000)
    assert ranks["rank"].fillna(0).tolist() == [2, 1, 2, 0, 0, 0, 0, 1]
    assert ranks["ranked_cells"].fillna(0).tolist() == [3, 3, 3, 3, 3, 3, 0, 1]
    assert ranks["confidential_cells"].fillna(-1).tolist() == [1, 1, 1, 1, 1, 1, -1, 0]


def test_ranks_are_of_unrounded_values():
    close = TABLE.assign(location_quotient=TABLE["location_quotient"] + [1e-9, 0, 0, 0, 0, 0, 0, 0])
    assert rank_within(close, PERIMETER, minimum_size=1000)["rank"][:3].tolist() == [2, 1, 3]


def test_the_activities_of_a_region_can_be_ranked_against_each_other():
    ranks = rank_within(TABLE, PERIMETER, minimum_size=1000, within=("region_code", "year"))
    assert ranks["rank"].iloc[[0, 7]].tolist() == [1, 2]


def test_the_order_of_the_rows_changes_nothing():
    shuffled = TABLE.sample(frac=1, random_state=3)
    again = rank_within(shuffled, PERIMETER, minimum_size=1000).sort_index()
    pd.testing.assert_frame_equal(again, rank_within(TABLE, PERIMETER, minimum_size=1000))


def test_a_table_without_rows_has_no_ranks():
    assert rank_within(TABLE[:0], PERIMETER).empty
