"""One dataset's archive and build."""

from pathlib import Path

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import Catalog
from alp_pipeline_tests.plan.one_dataset import DATASET, Folder


@pytest.fixture(scope="session")
def one_dataset() -> Catalog:
    """The catalogue with this dataset alone."""
    whole = load_catalog()
    return whole.model_copy(update={"datasets": {DATASET: whole.datasets[DATASET]}})


@pytest.fixture
def folder(tmp_path: Path, one_dataset: Catalog) -> Folder:
    return Folder(tmp_path, one_dataset)
