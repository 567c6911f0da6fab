"""A ranking that shows no rank without its interval.

Belongs here: intervals, medians and nominal ranks in one picture. Does not: computing them
(benchmark.composite.uncertainty), the table beside it (reports).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.reports.plots.geometry import (
    BAND,
    Axis,
    diamond,
    key_line,
    rank_ticks,
    shortened,
    told_apart,
    upright,
)
from alp_pipeline.reports.plots.inputs import number, required, state_of
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    OWN,
    PAPER,
    RULE,
    STATE_CODES,
    element,
    label,
    on_pattern,
    picture,
    state_fill,
    state_patterns,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("label", "state", "rank", "rank_low", "rank_high", "rank_median")
WIDTH, LEFT, RIGHT, ROW = 390.0, 142.0, 52.0, 18.0


@dataclass(frozen=True)
class RankingWords:
    """The picture's words.

    Attributes:
        interval, median, nominal: what the marks are.
        apart: heading above the units without a rank.
        no_interval: said of a unit that has a score and no interval.
        no_rank: said where the rank by the recipe is open.
        said: what is said of a unit, with {label}, {low}, {high}, {median} and {rank}.
        states: state → its word.
    """

    interval: str
    median: str
    nominal: str
    apart: str
    no_interval: str
    no_rank: str
    said: str
    states: Mapping[str, str]


def ranking(
    table: "pd.DataFrame",
    *,
    ident: str,
    title: str,
    description: str,
    words: RankingWords,
    own: str | None = None,
) -> str:
    """Units by median rank, each with its rank interval; units without one listed apart.

    Args:
        table: a row per unit (index: its code) with label, state (reported, or why there is none), rank
            (nominal), rank_low, rank_high, rank_median; NaN where there is none. A state other than
            reported hides whatever numbers stand beside it; the nominal rank alone may be absent.
        own: the code of a unit to be picked out.

    Returns: the SVG; the same for any order of the rows.

    Raises:
        PlotInputError: a column is absent, a code appears twice, a number is infinite.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": ["Tirol", "Veneto"], "state": ["reported", "undetermined"],
    ...     "rank": [1, None], "rank_low": [1, None], "rank_high": [2, None], "rank_median": [1.0, None]},
    ...     index=["AT33", "ITH3"])
    >>> words = RankingWords("interval", "median", "by the recipe", "Not ranked", "no interval", "open",
    ...     "{label}: {low} to {high}", {"undetermined": "undetermined"})
    >>> svg = ranking(table, ident="r", title="Ranks", description="", words=words)
    >>> "Tirol: 1 to 2" in svg, "Not ranked" in svg
    (True, True)
    """
    ranked, apart = _split(required(table, COLUMNS, "ranking"))
    last = max(
        [1, *(round(row["rank_high"]) for row in ranked), *(round(row["rank"] or 1) for row in ranked)]
    )
    axis = Axis(1, max(last, 2), LEFT + 8, WIDTH - RIGHT - 8)
    key = [("bar", words.interval), ("median", words.median), ("nominal", words.nominal)]
    body = [state_patterns(ident)]
    y = 8.0
    if ranked:
        drawn, height = key_line(key, WIDTH, y)
        body += drawn
        y += height + 16
        for tick in rank_ticks(last):
            body.append(label(str(tick), axis(tick), y - 7, text_anchor="middle", fill=MUTED))
            body.append(upright(axis(tick), y - 2, y + len(ranked) * ROW, stroke=RULE))
        for i, row in enumerate(ranked):
            body.append(_row(row, axis, y + i * ROW, own, words))
        y += len(ranked) * ROW + 8
    if apart:
        body.append(label(words.apart, 0, y + 13, font_weight="bold"))
        y += 20
        for i, row in enumerate(apart):
            body.append(_apart(row, y + i * ROW, own, words, ident))
        y += len(apart) * ROW
    return picture(ident, WIDTH, y + 6, title, description, body, "plot ranking")


def _split(table: "pd.DataFrame") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ranked units by median, nominal rank, code; and those apart, by code."""
    ranked, apart = [], []
    names = told_apart({str(code): str(name) for code, name in table["label"].items()})
    for code, given in zip(table.index, table.to_dict("records"), strict=True):
        row: dict[str, Any] = {"code": str(code), "label": str(given["label"]), "name": names[str(code)]}
        row["state"] = state_of(given["state"], "not_available")
        places = ("rank", "rank_low", "rank_high", "rank_median")
        found = {name: number(given[name], f"{code}/{name}") for name in places}
        if row["state"] == "reported" and None not in [found[name] for name in places[1:]]:
            ranked.append(row | found)
        else:
            apart.append(row)
    ranked.sort(key=lambda row: (row["rank_median"], row["rank_low"], row["rank_high"], row["code"]))
    return ranked, apart


def interval_words(low: float, high: float) -> str:
    """A rank interval as written: whole ranks, opened outwards so that it never looks narrower than it is.

    >>> interval_words(4.0, 20.65), interval_words(3.0, 3.0)
    ('4–21', '3')
    """
    first, last = int(low // 1), int(-(-high // 1))
    return str(first) if first == last else f"{first}–{last}"


def _row(row: Mapping[str, Any], axis: Axis, y: float, own: str | None, words: RankingWords) -> str:
    middle, is_own = y + ROW / 2, row["code"] == own
    low, high = axis(row["rank_low"]), axis(row["rank_high"])
    weight = "bold" if is_own else None
    written = interval_words(row["rank_low"], row["rank_high"])
    said = words.said.format(
        label=row["label"],
        low=written.split("–")[0],
        high=written.split("–")[-1],
        median=f"{row['rank_median']:g}",
        rank=words.no_rank if row["rank"] is None else f"{row['rank']:g}",
    )
    band = {"height": 9, "rx": 2, "fill": BAND, "stroke": OWN if is_own else None}
    # An interval of one place keeps a width that can be seen.
    parts = [
        element("title", text(said)),
        element("rect", x=0.0, y=y, width=WIDTH, height=ROW, fill="#fdf1ea" if is_own else "none"),
        _name(row, middle, weight),
        element("path", d=f"M{axis.start:.1f} {middle:.1f}H{axis.end:.1f}", stroke=RULE, stroke_width=0.5),
        element("rect", x=low - 2, y=middle - 4.5, width=high - low + 4, class_="interval", **band),
        upright(axis(row["rank_median"]), middle - 6, middle + 6, stroke_width=2.2, class_="median"),
        _nominal(row["rank"], axis, middle, OWN if is_own else LINE),
        label(written, WIDTH - 2, middle + 4, text_anchor="end", font_weight=weight),
    ]
    figures = {name: row[f"rank_{name}"] for name in ("low", "high", "median")}
    return element(
        "g", "".join(parts), data_region=row["code"], **{f"data_{k}": v for k, v in figures.items()}
    )


def _nominal(rank: float | None, axis: Axis, middle: float, colour: str) -> str:
    """Nothing where hidden cells of others leave the nominal rank open."""
    if rank is None:
        return ""
    return diamond(axis(rank), middle, 4.4, fill=PAPER, stroke=colour, stroke_width=1.5)


def _name(row: Mapping[str, Any], middle: float, weight: str | None) -> str:
    code = label(row["code"], 2, middle + 4, fill=LINE, font_weight="bold", font_size=10)
    at = 2 + max(len(row["code"]) * 6.4 + 6, 32)
    name = shortened(row["name"], LEFT - at, 11)
    return code + label(name, at, middle + 4, font_weight=weight)


def _apart(row: Mapping[str, Any], y: float, own: str | None, words: RankingWords, ident: str) -> str:
    middle = y + ROW / 2
    weight = "bold" if row["code"] == own else None
    parts = [_name(row, middle, weight)]
    if row["state"] == "reported":
        parts.append(label(words.no_interval, LEFT + 8, middle + 4, fill=MUTED))
    else:
        box = {"x": LEFT + 8, "y": middle - 7, "width": 24, "height": 14}
        parts.append(element("rect", fill=state_fill(ident, row["state"]), stroke=RULE, **box))
        parts.append(on_pattern(STATE_CODES.get(row["state"], "?"), LEFT + 20, middle + 4.5, 12))
        said = words.states.get(row["state"], row["state"])
        parts.append(label(said, LEFT + 38, middle + 4, fill=INK))
    return element("g", "".join(parts), data_region=row["code"], data_state=row["state"])
