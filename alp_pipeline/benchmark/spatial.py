"""Regions and their neighbours across borders: weights, and quotients of a region with its surroundings.

Belongs here: neighbour pairs as weights, pooling. Does not: who is whose neighbour (a table of pairs comes
in: data/reference/nuts2_neighbours.csv, or anyone's own), geometry of any kind, correlation (moran).

A region without neighbours (an island, or one whose neighbours have no data) is never averaged away: every
result lists them, and says what was done.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, require_columns
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import chosen, counts, counts_by, label_order, require_unique
from alp_pipeline.benchmark.location_quotient import quotient_of_products, reference_sums, sums_of_reported

Style = Literal["row", "binary"]
Missing = Literal["propagate", "leave_out"]


@dataclass(frozen=True)
class SpatialWeights:
    """Who is whose neighbour, and how much each counts.

    Attributes:
        pairs: one row per region and neighbour, both directions, sorted: region_code, neighbour_code, weight.
        regions: all regions, sorted, those without neighbours too.
        style: `row`: the weights of a region's neighbours sum to 1; `binary`: each is 1.
        islands: regions without a neighbour among `regions`.
        pairs_outside: how many pairs were left out because an end is not among `regions`.
    """

    pairs: pd.DataFrame
    regions: pd.Index
    style: Style
    islands: tuple[Hashable, ...]
    pairs_outside: int


@dataclass(frozen=True)
class SpatialQuotients:
    """Location quotients of regions together with their neighbours.

    Attributes:
        quotients: regions × activities, NaN where undetermined.
        pooled_regions: same shape; how many regions' cells are in the quotient (0 where it is NaN).
        surroundings: by region, how many there would be: itself and its neighbours.
        islands: reported regions without a neighbour; theirs is the ordinary quotient.
    """

    quotients: pd.DataFrame
    pooled_regions: pd.DataFrame
    surroundings: pd.Series
    islands: tuple[Hashable, ...]


@checked
def neighbour_weights(
    pairs: pd.DataFrame, regions: Collection[Hashable], *, style: Style = "row"
) -> SpatialWeights:
    """Weights from pairs of neighbours: w_rs = 1, or 1 / (number of r's neighbours).

    Args:
        pairs: columns region_code and neighbour_code; a pair may stand in one direction or both.
        regions: all regions; pairs that reach beyond them are left out and counted.
        style: `row` or `binary`.

    Raises:
        BenchmarkInputError: a column is absent, a code empty, a region its own neighbour, no or duplicate
            regions, an unknown style.

    >>> pairs = pd.DataFrame({"region_code": ["A", "B"], "neighbour_code": ["B", "C"]})
    >>> weights = neighbour_weights(pairs, ["A", "B", "C", "D"])
    >>> weights.pairs.values.tolist(), weights.islands
    ([['A', 'B', 1.0], ['B', 'A', 0.5], ['B', 'C', 0.5], ['C', 'B', 1.0]], ('D',))
    """
    one_of(style, Style, "style")
    require_columns(pairs, ("region_code", "neighbour_code"), "pairs")
    labels = pd.Index(list(regions))
    require_unique(labels, "regions")
    if not len(labels):
        raise BenchmarkInputError("there are no regions", where="regions", todo="Pass at least one.")
    labels = labels.take(label_order(labels))
    one, other = pairs["region_code"], pairs["neighbour_code"]
    wrong = np.flatnonzero((one.isna() | other.isna() | (one == other)).to_numpy(dtype=np.bool_))
    if wrong.size:
        at = int(wrong[0])
        raise BenchmarkInputError(
            f"row {at} pairs {one.iloc[at]!r} with {other.iloc[at]!r}",
            where="pairs",
            todo="Pair each region with others only, by code.",
        )
    a, b = labels.get_indexer(pd.Index(one)), labels.get_indexer(pd.Index(other))
    inside = (a >= 0) & (b >= 0)
    adjacent = np.zeros((len(labels), len(labels)), dtype=np.bool_)
    adjacent[a[inside], b[inside]] = True
    adjacent |= adjacent.T
    row, column = np.nonzero(adjacent)
    degree = adjacent.sum(axis=1)
    weight = 1.0 / degree[row] if style == "row" else np.ones(row.size)
    frame = pd.DataFrame(
        {"region_code": labels.take(row), "neighbour_code": labels.take(column), "weight": weight}
    )
    return SpatialWeights(frame, labels, style, tuple(labels[degree == 0]), int((~inside).sum()))


@checked
def spatial_location_quotient(
    employment: pd.DataFrame,
    weights: SpatialWeights,
    *,
    reference: pd.Series | None = None,
    reference_total: float | None = None,
    region_totals: pd.Series | None = None,
    missing: Missing = "propagate",
    report: Collection[Hashable] | None = None,
) -> SpatialQuotients:
    """Location quotient of each region pooled with its neighbours: (Σ_s x_sc / Σ_s x_s) / (x_c / x).

    The sums run over s = the region and its neighbours, across any border, each counted whole: the weights
    say who belongs, not how much. A strong quotient here beside a weak one at home shows a specialisation
    that a border cuts through.

    Args:
        employment: regions × activities, counts, NaN where not reported; regions of the weights that are not
            rows count as not reported.
        weights: neighbours among all regions, see `neighbour_weights`.
        reference: activity totals x_c; the column sums of reported cells when omitted.
        reference_total: x; the sum of `reference` (or of the column sums) when omitted.
        region_totals: x_s by region; the row sums of reported cells when omitted.
        missing: `propagate`: one cell or total not reported among the pooled makes the quotient NaN.
            `leave_out`: numerator and denominator both run over the regions that report the activity, the
            region's own cell being among them; `pooled_regions` says how many are left.
        report: the regions to return; the rows of `employment` when omitted.

    Raises:
        BenchmarkInputError: negative or infinite counts, duplicate labels, a row that the weights do not
            know, an unknown region to report, an unknown rule.

    >>> jobs = pd.DataFrame({"C28": [10.0, 30, 0], "I55": [10.0, 10, 40]}, index=["A", "B", "C"])
    >>> pairs = pd.DataFrame({"region_code": ["A"], "neighbour_code": ["B"]})
    >>> pooled = spatial_location_quotient(jobs, neighbour_weights(pairs, jobs.index))
    >>> pooled.quotients["C28"].round(3).tolist(), pooled.islands
    ([1.667, 1.667, 0.0], ('C',))
    """
    one_of(missing, Missing, "missing")
    counts(employment, "employment")
    rows = chosen(report, employment.index)
    require_known(employment.index, weights)
    x = employment.reindex(weights.regions).to_numpy(dtype=np.float64, na_value=np.nan)
    x_c, total = reference_sums(x, employment.columns, reference, reference_total)
    # Sums as for the ordinary quotient: a region without neighbours gets that to the last bit.
    x_r = (
        sums_of_reported(x)
        if region_totals is None
        else counts_by(region_totals, weights.regions, "region_totals")
    )
    together: Any = weights_matrix(weights.pairs.assign(weight=1.0), weights.regions, diagonal=True)
    known = ~np.isnan(x) & ~np.isnan(x_r)[:, None]
    pooled = np.asarray(together @ known.astype(np.float64))
    surroundings = np.asarray(together.sum(axis=1))
    complete = pooled == surroundings[:, None] if missing == "propagate" else known
    quotient = quotient_of_products(
        np.asarray(together @ np.where(known, x, 0.0)),
        np.asarray(together @ np.where(known, x_r[:, None], 0.0)),
        x_c[None, :],
        np.full((1, 1), total),
    )
    quotient = np.where(complete, quotient, np.nan)
    used = np.where(np.isnan(quotient), 0, pooled).astype(np.int64)
    at = weights.regions.get_indexer(rows)
    return SpatialQuotients(
        pd.DataFrame(quotient[at], index=rows, columns=employment.columns),
        pd.DataFrame(used[at], index=rows, columns=employment.columns),
        pd.Series(surroundings[at].astype(np.int64), index=rows, name="surroundings"),
        tuple(region for region in rows if region in set(weights.islands)),
    )


def one_of(word: str, words: Any, where: str) -> None:
    """Refuse a word that is not among those of a Literal type.

    Raises:
        BenchmarkInputError: naming the words there are.

    >>> one_of("row", Style, "style")
    """
    if word not in get_args(words):
        raise BenchmarkInputError(
            f"{word!r} is not known", where=where, todo=f"Use one of {', '.join(get_args(words))}."
        )


def require_known(labels: pd.Index, weights: SpatialWeights) -> None:
    """Refuse a region that the weights know nothing of.

    Raises:
        BenchmarkInputError: naming the first one.

    >>> pairs = pd.DataFrame({"region_code": ["A"], "neighbour_code": ["B"]})
    >>> require_known(pd.Index(["B"]), neighbour_weights(pairs, ["A", "B"]))
    """
    strange = labels[weights.regions.get_indexer(labels) < 0]
    if len(strange):
        raise BenchmarkInputError(
            f"{strange[0]} is not among the regions of the weights",
            where="weights",
            todo="Give neighbour_weights all regions.",
        )


def weights_matrix(pairs: pd.DataFrame, regions: pd.Index, *, diagonal: bool = False) -> Any:
    """The weights as a sparse matrix, regions × regions, with ones added on the diagonal if asked for.

    Args:
        pairs: `SpatialWeights.pairs`, each with its weight.
        regions: in the order of rows and columns.
        diagonal: each region counts beside its neighbours, with weight 1.

    >>> pairs = pd.DataFrame({"region_code": ["A", "A"], "neighbour_code": ["B", "C"]})
    >>> weights = neighbour_weights(pairs, ["A", "B", "C"])
    >>> weights_matrix(weights.pairs, weights.regions).toarray().tolist()
    [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    from scipy.sparse import csr_array, eye_array

    at = tuple(regions.get_indexer(pd.Index(pairs[end])) for end in ("region_code", "neighbour_code"))
    size = len(regions)
    matrix = csr_array((pairs["weight"].to_numpy(dtype=np.float64), at), shape=(size, size))
    return (matrix + eye_array(size)).tocsr() if diagonal else matrix
