"""A small index to draw from: eight units, six indicators, three pillars, with gaps, flags and groups."""

from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable

UNITS = ["AT", "CH", "DE", "FR", "IT", "LI", "MC", "SI"]
CODES = ["jobs", "wages", "patents", "degrees", "co2", "noise"]
STEPS: list[dict[str, Any]] = [
    {"step": "impute", "method": "group_mean", "group": "side"},
    {"step": "treat", "method": "none"},
    {"step": "normalise", "method": "minmax", "low": 1, "high": 100},
    {"step": "weight", "method": "given"},
    {"step": "aggregate", "method": "arithmetic"},
]


def framework() -> Framework:
    rows = [
        ("jobs", 1, "economy", 1, 2.0, "Indicator"),
        ("wages", 1, "economy", 1, 1.0, "Indicator"),
        ("patents", 1, "knowledge", 1, 1.0, "Indicator"),
        ("degrees", 1, "knowledge", 1, 1.0, "Indicator"),
        ("co2", 1, "nature", -1, 1.0, "Indicator"),
        ("noise", 1, "nature", -1, 3.0, "Indicator"),
        ("economy", 2, "index", 1, 1.0, "Aggregate"),
        ("knowledge", 2, "index", 1, 2.0, "Aggregate"),
        ("nature", 2, "index", 1, 1.0, "Aggregate"),
        ("index", 3, None, 1, 1.0, "Aggregate"),
        ("side", None, None, None, None, "Group"),
    ]
    return Framework.of(
        pd.DataFrame(rows, columns=["code", "level", "parent", "direction", "weight", "type"])
    )


def values(seed: int = 5) -> pd.DataFrame:
    numbers = np.random.default_rng(seed).lognormal(3, 0.5, (len(UNITS), len(CODES)))
    return pd.DataFrame(numbers, index=UNITS, columns=CODES)


def data(seed: int = 5, *, gaps: bool = True) -> pd.DataFrame:
    frame = values(seed).astype(object)
    if gaps:
        frame.loc["CH", "wages"] = frame.loc["IT", "co2"] = frame.loc["SI", "degrees"] = None
    return frame.assign(unit=UNITS, side=["n", "s"] * 4).reset_index(drop=True)


def units(frame: pd.DataFrame | None = None, **bounds_and_flags: pd.DataFrame) -> UnitTable:
    return UnitTable.of(data() if frame is None else frame, framework(), **bounds_and_flags)


def recipe(uncertainty: dict[str, Any] | None = None, steps: list[dict[str, Any]] | None = None) -> Recipe:
    whole = {"id": "small", "version": "1", "label": "Small", "steps": STEPS if steps is None else steps}
    return Recipe.of(whole if uncertainty is None else whole | {"uncertainty": uncertainty})
