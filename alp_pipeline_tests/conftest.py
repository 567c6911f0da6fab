"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from alp_pipeline_tests.postgres_server import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url", "realdata"]

# Tests assert results, never times.
settings.register_profile("alp", deadline=None)
settings.load_profile("alp")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real documents beside the checkout; a test that needs it says so when it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "realdata"
    folder = Path(os.environ.get("ALP_REALDATA", default))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"needs the real documents ({folder}/manifest.csv is absent; set ALP_REALDATA)")
    return folder
