"""What becomes of each document, structures included."""

from alp_pipeline.archive.inventory import inventory
from alp_pipeline.archive.store import Archive
from alp_pipeline_tests.archive.conftest import TSV


def test_a_structure_of_a_catalogued_dataset_is_its_metadata_and_of_another_one_uncatalogued(
    archive: Archive,
) -> None:
    for code in (
        "tgs00001",
        "tgs00001$structure",
        "tgs00001$constraint",
        "other$structure",
        "tgs00001$dv_12",
    ):
        form = "tsv" if code == "tgs00001" else "sdmx-structure-2.1"
        archive.add(TSV + code.encode(), source_id="eurostat", dataset_code=code, format=form, licence="x")
    rows = inventory(archive, catalogued={"eurostat.tgs00001"}, readable_formats={"tsv"})
    assert {row.dataset_id.partition(".")[2]: row.standing for row in rows} == {
        "tgs00001": "readable",
        "tgs00001$structure": "metadata of its dataset",
        "tgs00001$constraint": "metadata of its dataset",
        "tgs00001$dv_12": "archived, not catalogued; format not yet read",
        "other$structure": "archived, not catalogued; format not yet read",
    }
