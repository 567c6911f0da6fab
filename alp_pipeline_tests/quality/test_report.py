"""The validation report: complete, honest about what it leaves out, and in need of nothing but itself."""

import re
from datetime import datetime
from html.parser import HTMLParser

import duckdb
import pytest

from alp_pipeline.quality.report import SHOWN_DOCUMENTS, SHOWN_QUARANTINED, write_validation_report
from alp_pipeline.warehouse.columns import duckdb_type
from alp_pipeline.warehouse.tables import TABLES

SBS, NEET = "eurostat.sbs", "eurostat.neet"


class Page(HTMLParser):
    """The visible text, and every tag that was not closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html):
        super().__init__()
        self.open, self.words, self.rows = [], [], []
        self.feed(html)
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
            if "tr" in self.open:
                self.rows[-1].append(data.strip())


@pytest.fixture
def release():
    """An empty release, and a way to put rows in."""
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            columns = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in table.columns)
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
        yield connection


def add(connection, table, **row):
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def add_dataset(connection, dataset_id, *, is_synthetic=False):
    said = dict.fromkeys(("title", "licence", "cadence", "statistical_unit", "catalogue_origin"), "annual")
    add(
        connection,
        "dim_dataset",
        **said,
        dataset_id=dataset_id,
        source_id="eurostat",
        dataset_code=dataset_id.split(".")[1],
        is_verified=True,
        is_synthetic=is_synthetic,
    )


def add_document(connection, dataset_id, document_id, standing="in use", outcome="accepted", **given):
    add(
        connection,
        "dim_document",
        **{
            "document_id": document_id,
            "source_id": "eurostat",
            "dataset_code": "x",
            "dataset_id": dataset_id,
            "document_format": "tsv",
            "published_at": datetime(2017, 7, 31, 14, 35),
            "published_at_origin": "gzip header",
            "standing": standing,
            "is_synthetic": False,
        }
        | given,
    )
    if dataset_id:
        detail = "key_unique: 2 rows repeat a key" if outcome == "kept out" else "{}"
        add(
            connection,
            "ops_outcome",
            dataset_id=dataset_id,
            document_id=document_id,
            step="intake",
            outcome=outcome,
            detail=detail,
        )


def add_outcome(connection, scope, subject, rule_id, outcome, *, severity="critical", failed=0, detail=""):
    add(
        connection,
        "ops_validation",
        scope=scope,
        subject=subject,
        rule_id=rule_id,
        severity=severity,
        outcome=outcome,
        checked_count=1000,
        failed_count=failed,
        detail=detail,
    )


def add_cells(connection, dataset_id, state, count):
    connection.execute(
        "INSERT INTO fct_observation (dataset_id, series_key, time_period, cell_state) "
        "SELECT ?, 's' || i, '2014', ? FROM range(?) AS r(i)",
        [dataset_id, state, count],
    )


def add_quarantined(connection, dataset_id, document_id, row, **given):
    said = {"series_key": f"A.S{row}", "published": "7 §", "rule_ids": "cell_understood", "reasons": "odd"}
    add(
        connection,
        "ops_quarantine",
        dataset_id=dataset_id,
        document_id=document_id,
        row_number=row,
        time_period="2014",
        **(said | given),
    )


def written(connection, tmp_path):
    path = tmp_path / "reports" / "validation.html"
    write_validation_report(connection, path, release_id="20261122-001")
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert page.open == []
    return html, page


def test_the_report_shows_rows_states_rules_failures_and_quarantine_per_dataset(release, tmp_path):
    add_dataset(release, SBS)
    add_dataset(release, NEET)
    add_document(
        release, SBS, "d" * 32, series_count=300, period_count=8, cell_count=2400, quarantined_count=1
    )
    add_document(release, SBS, "e" * 32, "kept out by the intake gate", "kept out")
    add_cells(release, SBS, "reported", 1800)
    add_cells(release, SBS, "confidential", 599)
    add_outcome(release, SBS, "d" * 32, "row_count", "passed")
    add_outcome(release, SBS, "d" * 32, "key_unique", "passed")
    add_outcome(release, SBS, "e" * 32, "key_unique", "failed", failed=2, detail="2 rows repeat a key")
    add_outcome(release, SBS, "d" * 32, "cell_understood", "passed", failed=1, detail="1 of 2,400 rows: odd")
    add_outcome(release, "dim_time", "", "freq_present", "not_evaluated", detail="no column freq")
    add_outcome(release, "dim_time", "", "unusual", "failed", severity="warning", failed=3)
    add_quarantined(release, SBS, "d" * 32, 17)
    _, page = written(release, tmp_path)
    assert "release 20261122-001" in page.text
    assert "2,399 current cells in 2 datasets" in page.text
    assert "1 without data" in page.text
    assert "reported 1,800 (75.0 %)" in page.text
    assert "confidential 599 (25.0 %)" in page.text
    assert "1 critical rule does not hold on the warehouse tables. 1 document was kept out" in page.text
    assert "3 of 6 evaluated rules do not hold" in page.text
    assert "document eeeeeeee: 2 rows repeat a key" in page.text
    assert "Quarantine: the one row" in page.text
    assert "dddddddd 17 A.S17 2014 7 § cell_understood odd" in page.text
    assert "No current cell: no document of this dataset was accepted." in page.text
    attention = page.text.split("What needs attention")[1].split("Datasets at a glance")[0]
    order = [attention.index(rule) for rule in ("freq_present", "key_unique", "unusual")]
    assert order == sorted(order)  # critical before warning, not evaluated before failed


def test_the_quarantine_sample_states_the_total_and_where_the_rest_is(release, tmp_path):
    add_dataset(release, SBS)
    add_document(release, SBS, "d" * 32)
    for row in range(40):
        add_quarantined(release, SBS, "d" * 32, row, rule_ids="a b" if row < 9 else "cell_understood")
    _, page = written(release, tmp_path)
    assert f"Quarantine: {SHOWN_QUARANTINED} of 40 rows" in page.text
    assert "By rules broken: cell_understood 31; a b 9." in page.text
    assert "SELECT * FROM ops_quarantine WHERE dataset_id = 'eurostat.sbs'" in page.text
    assert len([row for row in page.rows if "7 §" in row]) == SHOWN_QUARANTINED


def test_documents_left_out_are_counted_and_the_kept_out_among_them_too(release, tmp_path):
    add_dataset(release, SBS)
    for number in range(SHOWN_DOCUMENTS + 3):
        when = datetime(2000 + number, 1, 1)
        add_document(
            release,
            SBS,
            f"{number:032d}",
            outcome="kept out" if number < 2 else "accepted",
            published_at=when,
        )
    _, page = written(release, tmp_path)
    assert "Documents: the newest 12 of 15" in page.text
    assert "15 documents of catalogued datasets 2 kept out" in page.text


def test_text_from_documents_is_escaped(release, tmp_path):
    add_dataset(release, SBS)
    add_quarantined(release, SBS, "d", 1, published="<script>alert(1)</script>", reasons="<b>&")
    html, page = written(release, tmp_path)
    assert "<script" not in html
    assert "<script>alert(1)</script>" in page.text
    assert "<b>&" in page.text


def test_the_page_needs_nothing_from_anywhere(release, tmp_path):
    add_dataset(release, SBS)
    add_cells(release, SBS, "reported", 1)
    html, _ = written(release, tmp_path)
    assert re.findall(r"https?:|//[a-z]|url\(|@import|<link|<img|<script|<iframe", html) == []
    assert set(re.findall(r'href="(.)', html)) == {"#"}
    assert "default-src 'none'" in html
    anchors = set(re.findall(r'href="#([^"]+)"', html))
    assert anchors <= set(re.findall(r'id="([^"]+)"', html))


def test_synthetic_data_are_named_so_on_the_page(release, tmp_path):
    add_dataset(release, SBS)
    assert "Synthetic" not in written(release, tmp_path)[1].text
    add_dataset(release, NEET, is_synthetic=True)
    html, page = written(release, tmp_path)
    assert "Synthetic data, generated for demonstration" in page.text
    assert "SYNTHETIC</title>" in html


def test_documents_that_nothing_reads_are_listed(release, tmp_path):
    add_document(release, None, "a", "archived, not catalogued", dataset_code="hlth_cd_asdr2")
    add_document(release, None, "b", "archived, not catalogued", dataset_code="hlth_cd_asdr2")
    _, page = written(release, tmp_path)
    assert "eurostat hlth_cd_asdr2 tsv archived, not catalogued 2" in page.text


def test_an_empty_release_makes_a_page_and_the_same_release_the_same_page(release, tmp_path):
    first, page = written(release, tmp_path)
    assert "The release holds no dataset." in page.text
    assert "No rule was evaluated on the warehouse tables." in page.text
    assert "Every rule holds." not in page.text
    assert written(release, tmp_path)[0] == first
