"""Where reference tables are found, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from alp_pipeline.catalog import reference
from alp_pipeline.catalog.reference import ReferenceMissing, read_reference, reference_digest, reference_dir


def test_a_checkout_reads_data_reference():
    assert reference_dir().parts[-2:] == ("data", "reference")
    assert (reference_dir() / "README.md").is_file()


def test_an_installed_package_reads_its_own_copy(tmp_path, monkeypatch):
    (tmp_path / "alp_pipeline" / "_reference").mkdir(parents=True)
    monkeypatch.setattr(reference, "__file__", str(tmp_path / "alp_pipeline" / "catalog" / "reference.py"))
    assert reference_dir() == Path(tmp_path / "alp_pipeline" / "_reference").resolve()


def test_a_digest_moves_with_a_tables_content_and_an_absent_table_is_named(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("code\nA\n", encoding="utf-8")
    first = reference_digest("a.csv", folder=tmp_path)
    assert read_reference("a.csv", tmp_path) == [{"code": "A"}]
    table.write_text("code\nB\n", encoding="utf-8")
    assert reference_digest("a.csv", folder=tmp_path) != first
    with pytest.raises(ReferenceMissing, match=r"b\.csv: the reference table is absent\. Reinstall"):
        reference_digest("b.csv", folder=tmp_path)
