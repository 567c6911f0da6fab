"""Plots of relatedness and opportunities; and what holds for every plot."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.reports.plots.inputs import PlotInputError
from alp_pipeline.reports.plots.opportunity_map import opportunity_map
from alp_pipeline.reports.plots.profile import profile
from alp_pipeline.reports.plots.ranking import ranking
from alp_pipeline.reports.plots.relatedness_network import (
    strongest_links,
)
from alp_pipeline.reports.plots.sensitivity_bars import sensitivity_bars
from alp_pipeline.reports.svg import SEQUENTIAL
from alp_pipeline_tests.reports.plot_samples import (
    ABOUT,
    NASTY,
    OPPORTUNITY_WORDS,
    PROFILE_WORDS,
    RANKING_WORDS,
    SENSITIVITY_WORDS,
    attributes,
    draw_network,
    draw_opportunities,
    factors,
    network,
    opportunities,
    ranks,
)
from alp_pipeline_tests.reports.reading import read_page


def test_the_tree_is_networkx_maximum_spanning_tree() -> None:
    import networkx as nx

    draws = np.random.default_rng(4)
    r = np.triu(draws.uniform(0.01, 1, (12, 12)), 1)
    names = [f"a{i:02}" for i in range(12)]
    table = pd.DataFrame(r + r.T, index=names, columns=names)
    tree = nx.maximum_spanning_tree(nx.from_pandas_adjacency(table))
    ours = {(link.one, link.other) for link in strongest_links(table, 2.0)}
    assert ours == {tuple(sorted(edge)) for edge in tree.edges}


def test_links_are_the_tree_and_what_lies_above_the_threshold() -> None:
    root = read_page(draw_network(*network()))
    assert len(root.all("path", class_="tree")) == 3
    assert [p.text for p in root.all("path", class_="strong")] == ["C10–C12 0.40"]
    assert read_page(draw_network(*network(), threshold=0.4)).all("path", class_="strong") == []


def test_colours_say_presence_and_opportunity_and_hidden_cells_are_hatched() -> None:
    root = read_page(draw_network(*network()))
    fills = {g.attributes["data-activity"]: g.one("circle").attributes["fill"] for g in root.all("g")}
    assert fills["C11"] == SEQUENTIAL[3]
    assert fills["C12"] == SEQUENTIAL[0]
    assert fills["C13"] == "url(#x-confidential)"
    assert fills["C14"] == "url(#x-not_available)"
    # A hidden activity shows no opportunity, whatever stands beside its state.
    said = {g.attributes["data-activity"]: g.one("title").text for g in root.all("g")}
    assert said["C13"] == "C13: d, unknown, unknown"


def test_no_node_touches_another() -> None:
    draws = np.random.default_rng(1)
    names = [f"C{i}" for i in range(10, 50)]
    r = np.corrcoef(draws.normal(size=(40, 5)))
    table = pd.DataFrame((r + r.T) / 2, index=names, columns=names)
    nodes = pd.DataFrame(
        {"label": names, "size": draws.uniform(0, 9, 40), "state": "absent", "opportunity": 0.5}, names
    )
    circles = [g.one("circle") for g in read_page(draw_network(table, nodes, 0.9)).all("g")]
    places = np.array([[float(c.attributes[k]) for k in ("cx", "cy", "r")] for c in circles])
    apart = np.hypot(*(places[:, None, :2] - places[None, :, :2]).transpose(2, 0, 1))
    least = places[:, None, 2] + places[None, :, 2]
    assert (apart + 1e9 * np.eye(40) > least).all()


def test_disconnected_single_and_no_activities_are_drawn() -> None:
    r, nodes = network()
    for kept in (["C10", "C11", "C14"], ["C10", "C11"], ["C14"], []):
        root = read_page(draw_network(r.loc[kept, kept], nodes))
        assert sorted(attributes(root, "data-activity")) == kept
        assert "nan" not in draw_network(r.loc[kept, kept], nodes)


def test_a_network_that_is_none_is_refused_by_name() -> None:
    r, nodes = network()
    with pytest.raises(PlotInputError, match="C10 × C11 differs"):
        draw_network(r.mask(np.triu(np.ones((5, 5))) == 1, 0.7), nodes)
    with pytest.raises(PlotInputError, match="C14 has no row"):
        draw_network(r, nodes.drop(index="C14"))
    with pytest.raises(PlotInputError, match="not the same activities"):
        draw_network(r.drop(columns="C14"), nodes)
    with pytest.raises(PlotInputError, match="C10 has the size -1"):
        draw_network(r, nodes.replace({"size": {100.0: -1.0}}))


def test_points_carry_their_values_and_ranges() -> None:
    root = draw_opportunities(opportunities())
    assert [t.text for t in root.all("title")[1:]] == [
        "C10: b: 20; -1.0",
        f"C20: {NASTY}: 40 [30, 50]; 1.0 [0.5, 1.5]",
    ]
    assert [(g.attributes["data-activity"], g.attributes.get("data-density")) for g in root.all("g")] == [
        ("C10", "20"),
        ("C20", "40"),
        ("C12", None),
    ]


def test_a_hidden_activity_is_listed_and_has_no_place() -> None:
    root = draw_opportunities(opportunities())
    assert len(root.all("g")[-1].all("circle")) == 0
    assert "77" not in " ".join(t.text for t in root.all("text"))


def test_the_middle_lines_are_the_medians_of_the_points() -> None:
    table = opportunities().iloc[:2]
    across, along = (path.attributes["d"] for path in draw_opportunities(table).all("path", class_="middle"))
    circles = draw_opportunities(table).all("g")
    xs, ys = ([float(g.one("circle").attributes[k]) for g in circles] for k in ("cx", "cy"))
    assert float(across[1:].split()[0]) == pytest.approx(sum(xs) / 2, abs=0.1)
    assert float(along.split()[1].partition("H")[0]) == pytest.approx(sum(ys) / 2, abs=0.1)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_point_or_one_is_drawn(rows: int) -> None:
    root = draw_opportunities(opportunities().iloc[:rows])
    assert len(root.all("g")) == rows
    assert ("nothing" in [t.text for t in root.all("text")]) is (rows == 0)


def test_the_order_of_rows_changes_no_byte() -> None:
    r, nodes = network()
    values = pd.DataFrame({"w": [10.0, 20.0, 40.0]}, index=list("ABC"))
    about: dict[str, object] = dict(ABOUT)
    for draw in (
        lambda turn: ranking(ranks().iloc[::turn], words=RANKING_WORDS, **about),
        lambda turn: profile(
            values.iloc[::turn], "A", words=PROFILE_WORDS, labels={}, format_value=str, **about
        ),
        lambda turn: sensitivity_bars(
            factors().iloc[::turn], words=SENSITIVITY_WORDS, format_value=str, **about
        ),
        lambda turn: draw_network(r.iloc[::turn, ::turn], nodes.iloc[::-turn]),
        lambda turn: opportunity_map(
            opportunities().iloc[::turn], words=OPPORTUNITY_WORDS, format_x=str, format_y=str, **about
        ),
    ):
        assert draw(1) == draw(-1)


def test_pictures_are_announced_and_words_are_safe() -> None:
    r, nodes = network()
    for svg in (
        ranking(ranks(), words=RANKING_WORDS, **ABOUT),
        draw_network(r, nodes),
        opportunity_map(opportunities(), words=OPPORTUNITY_WORDS, format_x=str, format_y=str, **ABOUT),
        sensitivity_bars(factors(), words=SENSITIVITY_WORDS, format_value=str, **ABOUT),
    ):
        assert "<script" not in svg
        root = read_page(svg).one("svg")
        assert root.attributes["aria-labelledby"] == "x-t x-d"
        assert root.one("desc").text == "A & description"
        assert root.all("title")[0].text == "A <title>"
