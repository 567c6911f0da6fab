"""Location quotients against EconGeo's own output (PABalland/EconGeo, location.quotient)."""

from pathlib import Path

import pandas as pd
import pytest

from alp_pipeline.benchmark.location_quotient import location_quotient


@pytest.mark.parametrize("name", ["toy4", "toy5"])
def test_location_quotients_equal_those_of_econgeo_in_every_published_digit(realdata: Path, name: str):
    folder = realdata / "specialisation"
    ours = location_quotient(pd.read_csv(folder / f"{name}_input.csv", index_col="geo"))
    # R writes fifteen significant digits: compare what it wrote with what we would write.
    theirs = pd.read_csv(folder / f"{name}_LQ.csv", index_col="geo", dtype=str)
    written = ours.map(lambda quotient: f"{quotient:.15g}")
    assert written.to_dict() == theirs.to_dict()
