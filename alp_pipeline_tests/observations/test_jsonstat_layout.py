"""JSON-stat in a publisher's own codes and signs, as PxWeb's services write it."""

import json
from typing import Any

import pytest

from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import by_cell, reading_of, rows_of

CODES = {"geo": {"1": "SI031", "2": "SI032"}, "sex": {"M": "M"}}


def shape(layout: TableLayout | None) -> DatasetShape:
    aliases = {"KOHEZIJSKA REGIJA": "geo", "SPOL": "sex", "LETO": "time"}
    return DatasetShape("surs.x", ("freq", "geo", "sex"), dimension_aliases=aliases, layout=layout)


def document(**changed: Any) -> str:
    """2 sexes × 3 regions × 2 years, numbered from 0."""
    axes = {"SPOL": ["M", "F"], "KOHEZIJSKA REGIJA": ["0", "1", "2"], "LETO": ["2021", "2022"]}
    return json.dumps(
        {
            "class": "dataset",
            "version": "2.0",
            "id": list(axes),
            "size": [2, 3, 2],
            "dimension": {name: {"category": {"index": codes}} for name, codes in axes.items()},
            "value": list(range(12)),
            **changed,
        }
    )


def test_codes_are_translated_and_categories_set_aside_are_counted() -> None:
    layout = TableLayout(codes={**CODES, "sex": {"M": "M", "F": "F"}}, drop_unmapped=("geo",))
    rows, reading = reading_of(document(), format="json-stat-2", dataset=shape(layout))
    assert by_cell(rows, "value") == {
        ("A.SI031.M", "2021"): (2.0,),
        ("A.SI031.M", "2022"): (3.0,),
        ("A.SI032.M", "2021"): (4.0,),
        ("A.SI032.M", "2022"): (5.0,),
        ("A.SI031.F", "2021"): (8.0,),
        ("A.SI031.F", "2022"): (9.0,),
        ("A.SI032.F", "2021"): (10.0,),
        ("A.SI032.F", "2022"): (11.0,),
    }
    assert (reading.cells, reading.set_aside, reading.series_count) == (8, 4, 4)


def test_cells_of_an_unknown_category_go_to_quarantine() -> None:
    layout = TableLayout(codes=CODES, drop_unmapped=("geo",))
    rows, reading = reading_of(document(), format="json-stat-2", dataset=shape(layout))
    bad = [(row["series_key"], row["value"], row["problem"]) for row in rows if row["cell_state"] is None]
    assert bad == [
        (key, None, "the codes of sex do not know 'F'")
        for key in ("A.SI031.F", "A.SI031.F", "A.SI032.F", "A.SI032.F")
    ]
    assert reading.cells == 8


def test_a_cube_of_which_nothing_would_be_kept_is_refused() -> None:
    layout = TableLayout(codes={"geo": {"SI031": "SI031"}}, drop_unmapped=("geo",))
    with pytest.raises(HeaderMismatch, match="all 12 cells would be set aside"):
        rows_of(document(), format="json-stat-2", dataset=shape(layout))


def test_signs_in_the_status_of_a_cell_without_number_mean_what_the_layout_says() -> None:
    values = [None, None, None, None, 1.5, None, *range(6)]
    status = {"0": "-", "1": "..", "2": "z", "3": "...", "4": "e"}
    layout = TableLayout(markers={"-": "zero", "..": "not_available", "z": "confidential"})
    rows = rows_of(document(value=values, status=status), format="json-stat-2", dataset=shape(layout))
    assert [(row["value"], row["cell_state"], row["obs_status"], row["published"]) for row in rows[:6]] == [
        (0.0, "reported", "", "-"),
        (None, "not_available", "", ".."),
        (None, "confidential", "", "z"),
        (None, None, "", ": ..."),
        (1.5, "reported", "e", "1.5 e"),
        (None, "not_available", "", ""),
    ]


def test_a_layout_without_codes_and_signs_changes_nothing() -> None:
    plain = rows_of(document(), format="json-stat-2", dataset=shape(None))
    assert rows_of(document(), format="json-stat-2", dataset=shape(TableLayout())) == plain
    assert len(plain) == 12
