"""One generated table in every format and layout: each cell comes back, and as the same."""

import gzip
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline_tests.observations.documents import by_cell, reading_of

# A cell as (number or None, flags, confidentiality).
Cell = tuple[str | None, str, str]

NUMBERS = st.one_of(
    st.just("0"),
    st.integers(-(10**9), 10**9).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
)
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.tuples(NUMBERS, st.sampled_from(["", "b", "e", "p", "bu", "n"]), st.just("")),
    st.tuples(st.none(), st.sampled_from(["", "b", "m", "u"]), st.sampled_from(["", "C", "N"])),
)


@dataclass(frozen=True)
class Table:
    geo: list[str]
    periods: list[str]
    cells: dict[tuple[str, str], Cell]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    geo = draw(
        st.lists(st.sampled_from(["AT", "AT11", "DE2", "FRK2", "ITC4", "SI03"]), min_size=1, unique=True)
    )
    periods = draw(
        st.lists(st.sampled_from(["2012", "2013-Q1", "2014", "2014-01", "2015"]), min_size=1, unique=True)
    )
    return Table(geo, periods, {(g, p): draw(CELLS) for g in geo for p in periods})


def tsv_cell(cell: Cell, seed: Random) -> str:
    number, flags, conf = cell
    mark = flags + (f"@{conf}" if conf else "")
    if number is None and not mark:
        return seed.choice([":", ": ", "", " "])
    return f"{number or ':'} {mark}" + seed.choice(["", " "])


def as_tsv(table: Table, seed: Random) -> bytes:
    columns = seed.choice([["freq", "unit", "geo"], ["geo", "unit"], ["unit", "freq", "geo"]])
    periods = seed.sample(table.periods, len(table.periods))
    lines = [",".join(columns) + "\\TIME_PERIOD\t" + "\t".join(p + seed.choice(["", " "]) for p in periods)]
    for geo in seed.sample(table.geo, len(table.geo)):
        codes = {"freq": "A", "unit": "NR", "geo": geo}
        cells = [tsv_cell(table.cells[geo, period], seed) for period in periods]
        lines.append("\t".join([",".join(codes[name] for name in columns), *cells]))
    content = seed.choice(["\n", "\r\n"]).join([*lines, ""]).encode()
    return gzip.compress(content, mtime=0) if seed.random() < 0.3 else content


def as_sdmx_csv(table: Table, seed: Random) -> bytes:
    heading = "DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"
    lines = [
        f"X,t,A,NR,{geo},{period},{number or ''},{flags},{conf}"
        for (geo, period), (number, flags, conf) in table.cells.items()
    ]
    seed.shuffle(lines)
    return "\n".join([heading, *lines]).encode()


def as_json_stat(table: Table, seed: Random) -> bytes:
    ids = seed.sample(["unit", "geo", "time"], 3)
    codes = {"unit": ["NR"], "geo": table.geo, "time": table.periods}
    places = [{}]
    for name in ids:
        places = [place | {name: code} for place in places for code in codes[name]]
    cells = [table.cells[place["geo"], place["time"]] for place in places]
    values: Any = [None if number is None else json.loads(number) for number, _, _ in cells]
    status = {str(at): f"{flags}|{conf}" for at, (_, flags, conf) in enumerate(cells) if flags or conf}
    if seed.random() < 0.5:
        values = {str(at): value for at, value in enumerate(values) if value is not None}
    document = {
        "class": "dataset",
        "version": "2.0",
        "id": ids,
        "size": [len(codes[name]) for name in ids],
        "dimension": {name: {"category": {"index": codes[name]}} for name in ids},
        "value": values,
        "status": status,
    }
    return json.dumps(document).encode()


def state_of(cell: Cell) -> str:
    number, flags, conf = cell
    if conf:
        return "confidential"
    if number is not None:
        return "reported"
    return "not_applicable" if "m" in flags else "not_available"


@settings(deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_every_cell_comes_back_whatever_the_format_and_the_layout(table: Table, seed: Random) -> None:
    expected = {
        (f"A.NR.{geo}", period): (
            None if cell[0] is None else float(cell[0]),
            state_of(cell),
            cell[1],
            cell[2] or None,
            None,
        )
        for (geo, period), cell in table.cells.items()
    }
    for form, document in (
        ("tsv", as_tsv(table, seed)),
        ("sdmx-csv-1", as_sdmx_csv(table, seed)),
        ("json-stat-2", as_json_stat(table, seed)),
    ):
        rows, reading = reading_of(document, format=form)
        found = by_cell(rows, "value", "cell_state", "obs_status", "conf_status", "problem")
        assert found == expected
        assert reading.cells == len(expected)
        assert sorted(reading.periods) == sorted(table.periods)


@settings(deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_zero_is_never_missing_and_missing_is_never_zero(table: Table, seed: Random) -> None:
    rows, _ = reading_of(as_tsv(table, seed))
    zeros = {key for key, (value,) in by_cell(rows, "value").items() if value == 0}
    assert zeros == {
        (f"A.NR.{geo}", period)
        for (geo, period), (number, _, _) in table.cells.items()
        if number is not None and float(number) == 0
    }
