"""Small frames with hidden, missing and hostile content, and how the plots draw them."""

import numpy as np
import pandas as pd

from alp_pipeline.reports.plots.heat_map import CORRELATION, heat_map
from alp_pipeline.reports.plots.opportunity_map import OpportunityWords, opportunity_map
from alp_pipeline.reports.plots.profile import ProfileWords, profile
from alp_pipeline.reports.plots.ranking import RankingWords, ranking
from alp_pipeline.reports.plots.relatedness_network import (
    NetworkWords,
    relatedness_network,
)
from alp_pipeline.reports.plots.sensitivity_bars import SensitivityWords, sensitivity_bars
from alp_pipeline_tests.reports.reading import Node, read_page

STATES = {"undetermined": "undetermined", "confidential": "confidential", "not_available": "not available"}
ABOUT = {"ident": "x", "title": "A <title>", "description": "A & description"}
NASTY = '</text><script>"&'


def attributes(root: Node, name: str) -> list[str]:
    return [g.attributes[name] for g in root.all("g") if name in g.attributes]


RANKING_WORDS = RankingWords(
    "interval",
    "median",
    "nominal",
    "Apart",
    "no interval",
    "open",
    "{label}: {low}–{high}, {median}, {rank}",
    STATES,
)


def ranks() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["Tirol", "Veneto", NASTY, "Zürich"],
            "state": ["reported", "reported", "reported", "undetermined"],
            "rank": [2, 1, np.nan, 1],
            "rank_low": [1.5, 1, 3, 1],
            "rank_high": [2.2, 3, 3, 4],
            "rank_median": [2.0, 1.5, 3.0, 1.0],
        },
        index=["AT33", "ITH3", "ITC4", "CH04"],
    )


def draw_ranking(table: pd.DataFrame, own: str | None = None) -> Node:
    return read_page(ranking(table, words=RANKING_WORDS, own=own, **ABOUT))


PROFILE_WORDS = ProfileWords(
    "Tirol",
    "quartiles",
    "median",
    "range",
    "{label}: {value}, {low}/{median}/{high} of {count}",
    STATES,
    "no one",
)


def draw_profile(values: pd.DataFrame, own: str = "A", states: pd.DataFrame | None = None) -> Node:
    svg = profile(values, own, words=PROFILE_WORDS, labels={"w": NASTY}, format_value="{:.1f}".format,
                  states=states, **ABOUT)  # fmt: skip
    return read_page(svg)


def draw_map(values: pd.DataFrame, states: pd.DataFrame | None = None, **more: object) -> Node:
    given: dict[str, object] = {"shades": CORRELATION, "format_value": "{:.2f}".format, **ABOUT, **more}
    return read_page(heat_map(values, states=states, state_words=STATES, **given))  # type: ignore[arg-type]


SENSITIVITY_WORDS = SensitivityWords(
    "alone", "in all", "interval", "assumed", "unknown", "{label}: {first}; {total}"
)


def factors() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["Weights", NASTY],
            "is_assumption": [False, True],
            "first_order": [0.4, -0.1],
            "first_order_low": [0.3, -0.2],
            "first_order_high": [0.5, 0.1],
            "total_order": [0.5, np.nan],
            "total_order_low": [0.4, np.nan],
            "total_order_high": [0.6, np.nan],
        },
        index=["w", "d"],
    )


def draw_bars(table: pd.DataFrame) -> Node:
    return read_page(sensitivity_bars(table, words=SENSITIVITY_WORDS, format_value="{:.1f}".format, **ABOUT))


NETWORK_WORDS = NetworkWords(
    "present",
    "low",
    "high",
    "size",
    "tree",
    "strong",
    "{label}, {size}, {opportunity}",
    "{one}–{other} {value}",
    "unknown",
)


def network() -> tuple[pd.DataFrame, pd.DataFrame]:
    codes = ["C10", "C11", "C12", "C13", "C14"]
    r = pd.DataFrame(0.0, index=codes, columns=codes)
    for one, other, value in (
        ("C10", "C11", 0.9),
        ("C11", "C12", 0.5),
        ("C10", "C12", 0.4),
        ("C12", "C13", 0.1),
    ):
        r.loc[one, other] = r.loc[other, one] = value
    nodes = pd.DataFrame(
        {
            "label": [NASTY, "b", "c", "d", "e"],
            "size": [100.0, 25.0, 0.0, np.nan, 4.0],
            "state": ["present", "absent", "absent", "confidential", "absent"],
            "opportunity": [0.9, 0.8, 0.1, 0.9, np.nan],
        },
        index=codes,
    )
    return r, nodes


def draw_network(r: pd.DataFrame, nodes: pd.DataFrame, threshold: float = 0.3) -> str:
    return relatedness_network(r, nodes, threshold=threshold, words=NETWORK_WORDS, **ABOUT)


OPPORTUNITY_WORDS = OpportunityWords(
    "x", "y", "point", "range", "median", "{label}: {x}; {y}", "Apart", "nothing"
)


def opportunities() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [NASTY, "b", "c"],
            "state": ["reported", "reported", "confidential"],
            "density": [40.0, 20.0, 77.0],
            "density_low": [30.0, np.nan, 76.0],
            "density_high": [50.0, np.nan, 78.0],
            "complexity": [1.0, -1.0, 7.7],
            "complexity_low": [0.5, np.nan, 7.0],
            "complexity_high": [1.5, np.nan, 8.0],
        },
        index=["C20", "C10", "C12"],
    )


def draw_opportunities(table: pd.DataFrame) -> Node:
    svg = opportunity_map(
        table, words=OPPORTUNITY_WORDS, format_x="{:.0f}".format, format_y="{:.1f}".format, **ABOUT
    )
    return read_page(svg)
