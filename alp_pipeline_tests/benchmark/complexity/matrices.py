"""Matrices of ones and zeros that the tests of complexity share, and the outside oracle's view of them."""

# ruff: noqa: N803, N806 (M is the literature's name)

import contextlib
import io
import warnings

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def frame(values: object) -> pd.DataFrame:
    """Rows R00, R01, … and columns C00, C01, …"""
    table = pd.DataFrame(values)
    table.index = pd.Index([f"R{n:02}" for n in range(table.shape[0])])
    table.columns = pd.Index([f"C{n:02}" for n in range(table.shape[1])])
    return table


def nested(size: int) -> pd.DataFrame:
    """R00 has every activity, each next region one less, the last region the first activity alone."""
    return frame(np.fliplr(np.triu(np.ones((size, size)))))


def random_presence(regions: int, activities: int, seed: int = 0) -> pd.DataFrame:
    """Regions of different diversity and activities of different ubiquity, connected, no empty line."""
    draw = np.random.default_rng(seed)
    chance = np.outer(draw.uniform(0.2, 1, regions), draw.uniform(0.2, 1, activities))
    M = (draw.random((regions, activities)) < chance).astype(float)
    M[:, 0] = 1
    M[0, :] = 1
    return frame(M)


def shuffled(M: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same labels in another order."""
    draw = np.random.default_rng(seed)
    return M.iloc[draw.permutation(len(M.index)), draw.permutation(len(M.columns))]


ones_and_zeros = arrays(
    np.int64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(0, 1)
).map(frame)


def ecomplexity_of(M: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What py-ecomplexity makes of a matrix of ones and zeros: regions × activities by its column names."""
    from ecomplexity import ecomplexity

    long = M.stack().rename("val").reset_index().set_axis(["loc", "prod", "val"], axis=1).assign(time=2014)
    columns = {"time": "time", "loc": "loc", "prod": "prod", "val": "val"}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ecomplexity(long, columns, presence_test="manual", check_logsupermodularity=False)
    names = ["eci", "pci", "density", "coi", "cog"]
    wide = result.pivot(index="loc", columns="prod", values=names).astype(float)
    return {name: wide[name].loc[M.index, M.columns] for name in names}
