"""COINr's ASEM example as fixtures: framework, raw units, and the published frame of each stage."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from alp_pipeline.benchmark.composite.framework import Framework, read_framework
from alp_pipeline.benchmark.composite.units import UnitTable, read_units

Stage = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="session")
def asem_framework(realdata: Path) -> Framework:
    return read_framework(realdata / "composite" / "ASEM_iMeta.csv")


@pytest.fixture(scope="session")
def asem_units(realdata: Path, asem_framework: Framework) -> UnitTable:
    return read_units(realdata / "composite" / "ASEM_iData.csv", asem_framework)


@pytest.fixture(scope="session")
def asem_stage(realdata: Path) -> Stage:
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(realdata / "composite" / f"expected_default_{name}.csv", index_col="uCode")

    return read


@pytest.fixture
def two_pillars() -> Framework:
    """a and c below P, b and d below Q, both below I; equal weights."""
    return Framework.of(
        pd.DataFrame(
            {
                "code": ["a", "b", "c", "d", "P", "Q", "I"],
                "level": [1, 1, 1, 1, 2, 2, 3],
                "parent": ["P", "Q", "P", "Q", "I", "I", None],
                "direction": 1,
                "type": ["Indicator"] * 4 + ["Aggregate"] * 3,
            }
        )
    )
