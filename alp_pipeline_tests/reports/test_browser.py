"""A page in a real browser: nothing fetched, nothing wider than the screen, the band on every sheet."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alp_pipeline.reports.build import build_index_report, build_region_report
from alp_pipeline_tests.reports.benchmark_rows import RECIPE, REFUSED, benchmark_release, recipes
from alp_pipeline_tests.reports.releases import write_release

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
_WIDER_THAN_THE_SCREEN = """() => [...document.querySelectorAll('body *')].filter(node =>
    !node.closest('.scroll, .skip, .hidden') && node.getBoundingClientRect().width > 0 &&
    node.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(node => node.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the system's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["region", "index", "refused index"])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    rows = benchmark_release(is_synthetic=True)
    file = write_release(folder / "releases" / "synthetic-1" / "alp.duckdb", rows)
    if request.param == "region":
        return build_region_report(file, "ITC4", folder / "ITC4.html", recipes=recipes())
    recipe = RECIPE if request.param == "index" else REFUSED
    return build_index_report(file, recipe, folder / "index.html", recipes=recipes())


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_a_page_fits_its_screen_and_fetches_nothing(browser: "Browser", page_file: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert page.evaluate(_WIDER_THAN_THE_SCREEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_the_synthetic_band_is_on_every_printed_page(
    browser: "Browser", page_file: Path, tmp_path: Path
) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, print_background=True)
    text = subprocess.run([reader, tmp_path / "page.pdf", "-"], check=True, capture_output=True, text=True)
    sheets = text.stdout.split("\f")[:-1]
    assert len(sheets) >= 2
    assert all("SYNTHETIC DATA" in sheet for sheet in sheets)
    page.close()


def test_what_a_screen_can_open_is_open_on_paper(browser: "Browser", page_file: Path, tmp_path: Path) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    page = browser.new_page()
    page.goto(page_file.as_uri())
    cells = page.eval_on_selector_all("details tbody tr th", "nodes => nodes.map(n => n.textContent.trim())")
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, print_background=True)
    text = subprocess.run([reader, "-raw", tmp_path / "page.pdf", "-"], check=True, capture_output=True)
    printed = " ".join(text.stdout.decode("utf-8").split())
    assert [cell for cell in cells if cell.split()[0] not in printed] == []
    page.emulate_media(media="print")
    closed = "nodes => nodes.filter(n => n.clientHeight < 40).map(n => n.textContent.slice(0, 60))"
    assert page.eval_on_selector_all("details", closed) == []
    page.close()
