"""The dictionary's page explains every table and column, alone, with anchors that lead somewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse import dictionary
from alp_pipeline.warehouse.columns import references_of
from alp_pipeline.warehouse.tables import TABLES, VIEWS
from alp_pipeline_tests.warehouse.tiny_build import ROWS, publish_tiny


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named[name] for name in ("href", "src") if name in named]


@pytest.fixture(scope="module")
def text() -> str:
    return dictionary.render()


def test_every_table_and_column_has_an_anchor(text: str) -> None:
    ids = _Page(text).ids
    assert len(ids) == len(set(ids))
    wanted = {*TABLES, *VIEWS} | {f"{name}.{c.name}" for name, table in TABLES.items() for c in table.columns}
    assert wanted <= set(ids)
    assert {f"state.{state}" for state in CELL_STATES} <= set(ids)


def test_every_link_leads_to_a_place_on_the_page(text: str) -> None:
    page = _Page(text)
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)
    targets = {f"#{table}.{column}" for t in TABLES.values() for _, table, column in references_of(t)}
    assert targets <= set(page.links)


def test_the_page_needs_nothing_from_elsewhere(text: str) -> None:
    assert not {"script", "link", "img", "iframe"} & _Page(text).tags
    assert not re.search(r"url\(|@import|https?://", text)


def test_a_column_says_unit_state_vocabulary_and_reference(text: str) -> None:
    def row(anchor: str) -> str:
        found = re.search(rf'<tr id="{re.escape(anchor)}">(.*?)</tr>', text, re.S)
        assert found is not None
        return found[1]

    wages = row("fct_regional_activity.wages_meur")
    assert "million EUR" in wages
    assert '<a href="#fct_regional_activity.wages_state">wages_state</a>' in wages
    assert "One of the six" in row("fct_regional_activity.wages_state")
    assert "<code>extensive</code> · <code>intensive</code>" in row("dim_indicator.indicator_kind")
    geo = row("fct_observation.geo")
    assert 'Refers to <a href="#dim_region.region_code">' in geo
    assert "may be empty" in row("fct_observation.unit")
    assert "may be empty" not in geo
    assert '<span class="key">key</span>' in row("dim_time.time_period")
    assert "Between 0 and 3" in row("dim_region.nuts_level")
    assert "At least 0" in row("dim_document.size_bytes")


def test_with_a_release_it_says_rows_and_sources(tmp_path: Path) -> None:
    made = publish_tiny(
        tmp_path, {"dim_dataset": [{**ROWS["dim_dataset"][0], "citation": "Eurostat <2017>"}]}
    )
    path = tmp_path / "reports" / "dictionary.html"
    dictionary.write(path, made)
    text = path.read_text(encoding="utf-8")
    assert made.release_id in text
    assert '<span class="rows">4 rows</span>' in text
    assert '<span class="rows">1 row</span>' in text
    assert "Eurostat &lt;2017&gt;" in text
    assert "1, newest published 2017-03-01" in text
    assert "Synthetic data" not in text
    assert str(tmp_path) not in text


def test_a_synthetic_releases_page_says_so(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path, is_synthetic=True)
    assert "Synthetic data" in dictionary.render(made)


def test_the_same_release_gives_the_same_page(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    assert dictionary.render(made) == dictionary.render(made)
