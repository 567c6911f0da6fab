"""Small region × activity tables for the tests of structure measures."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.activity_table import ActivityTable

counts = arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(0, 10**6))


def frame(x: object) -> pd.DataFrame:
    """Numbers with regions R0, R1, … and activities C0, C1, …"""
    table = pd.DataFrame(x)
    table.index = pd.Index([f"R{n}" for n in range(table.shape[0])])
    table.columns = pd.Index([f"C{n}" for n in range(table.shape[1])])
    return table


def table(rows: list[list[object]]) -> ActivityTable:
    """A table in which "c" is confidential, None not available, "z" not applicable."""
    states = {"c": "confidential", None: "not_available", "z": "not_applicable"}
    words = [["reported" if isinstance(cell, (int, float)) else states[cell] for cell in row] for row in rows]
    numbers = [[cell if isinstance(cell, (int, float)) else np.nan for cell in row] for row in rows]
    return ActivityTable.of(frame(numbers), states=frame(words))
