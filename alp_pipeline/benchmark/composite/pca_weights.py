"""Weights from the first principal component of each parent's children.

Belongs here: loadings, their squares as weights, the check of their sign.
Does not: PCA as an account of coherence (coherence), which levels are weighed (weights).
"""

from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import numbers

WHERE = "weight, pca"


@checked
def pca_weights(
    values: pd.DataFrame,
    *,
    parent: str = "the parent",
    against: str = "refuse",
    loadings: str = "squared",
) -> tuple[dict[str, float], pd.DataFrame]:
    """Squared loadings of the first principal component of the correlation matrix, adding up to 1.

    The Handbook squares the loadings of rotated factors, scaled to unit sum within each factor; here there is
    one factor, the first component, unrotated, so the squared loadings scaled to unit sum are the squared
    entries of its eigenvector. They weigh what the children share: a child that goes its own way gets
    little. A square hides its sign, so the component is turned to correlate with the sum of the children, and
    a child that still loads negatively goes against its parent: such a weight would count it as support.

    Args:
        values: units × children of one parent, normalised; units that lack one are left out here.
        parent: for messages.
        against: refuse, or zero: a child that loads negatively gets weight 0.
        loadings: squared, or plain: weights in proportion to the loadings themselves (COINr get_PCA).

    Returns:
        Weights by code; and the table parent, code, loading (correlation with the component), explained
        (share of the total variance that the component has), units, weight.

    Raises:
        BenchmarkInputError: fewer than three complete units, a constant child, a first component that is not
            distinguished from the second (equal eigenvalues), a negative loading where against is refuse.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.6; Nicoletti, Scarpetta, Boylaud (2000), OECD
    Economics Department Working Paper 226.

    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 1.0, 4.0, 3.0]})
    >>> weights, table = pca_weights(frame)
    >>> {code: round(weight, 3) for code, weight in weights.items()}, table["explained"].round(3).tolist()
    ({'a': 0.5, 'b': 0.5}, [0.8, 0.8])
    """
    require_choice(against, ("refuse", "zero"), name="choice for against", where=WHERE)
    require_choice(loadings, ("squared", "plain"), name="choice for loadings", where=WHERE)
    codes = list(values.columns)
    complete = numbers(values, WHERE)
    if np.isinf(complete).any():
        _refuse("a number is infinite", "Correct it.")
    complete = complete[~np.isnan(complete).any(axis=1)]
    if len(complete) < 3:
        _refuse(f"{len(complete)} units have all children of {parent}", "Impute, or weigh them otherwise.")
    constant = np.flatnonzero(complete.max(axis=0) == complete.min(axis=0))
    if constant.size:
        _refuse(f"{codes[int(constant[0])]} is constant", "Leave it out, or weigh them otherwise.")
    apart = complete - complete.mean(axis=0)
    apart /= np.sqrt((apart * apart).sum(axis=0))
    correlation = apart.T @ apart
    eigenvalues, vectors = np.linalg.eigh(correlation)
    if len(codes) > 1 and eigenvalues[-1] - eigenvalues[-2] <= 1e-9 * eigenvalues[-1]:
        _refuse(
            f"the children of {parent} have no one first component: its eigenvalue is not single",
            "Weigh them otherwise: they share nothing in particular.",
        )
    vector = vectors[:, -1]
    # The component's covariance with the sum of the children has the sign of the sum of its loadings.
    vector = vector if vector.sum() >= 0 else -vector
    negative = [code for code, entry in zip(codes, vector, strict=True) if entry < -1e-12]
    if negative and against == "refuse":
        _refuse(
            f"{negative[0]} loads against {parent}: it falls where the others rise",
            "Check its direction, move it to another parent, or give it weight 0 by against: zero.",
        )
    counted = np.where(vector > 0, vector, 0.0) ** (2 if loadings == "squared" else 1)
    weights = counted / counted.sum()
    table = pd.DataFrame(
        {
            "parent": parent,
            "code": codes,
            "loading": vector * np.sqrt(eigenvalues[-1]),
            "explained": eigenvalues[-1] / len(codes),
            "units": len(complete),
            "weight": weights,
        }
    )
    return dict(zip(codes, weights.tolist(), strict=True)), table


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=WHERE, todo=todo)
