"""Star schemes: which regional activities are strong, by rules that are rows, and how sure that is.

Belongs here: the rows' model, the verdict of one criterion on every cell.
Does not: the statistics judged (specialisation), the choice of regions and activities (catalogue).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from alp_pipeline.benchmark.cells import (
    CONFIDENTIAL,
    BenchmarkInputError,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.ranks import places

CRITERIA = ("size", "specialisation", "focus")
"""The criteria whose statistics follow from employment by region and activity alone."""
OTHER_CRITERIA = ("productivity", "dynamism", "sme_performance", "frontier_firms", "innovation", "exports")
ROLES = ("star", "node", "grade", "companion")
VERDICTS = ("no", "undetermined", "yes")
NO, UNDETERMINED, YES = range(3)

_VOCABULARY: dict[str, tuple[str, ...]] = {
    "criterion": (*CRITERIA, *OTHER_CRITERIA),
    "role": ROLES,
    "rule": ("quantile", "threshold", "parts", "unpublished"),
    "comparison": (">=", ">"),
    "ties": ("include", "exclude"),
    "among": ("regions", "regional_activities"),
    "zero_regions": ("count", "drop"),
    "hidden_rivals": ("anywhere", "left_out"),
}


@dataclass(frozen=True)
class StarCriterion:
    """One row of a scheme: when a regional activity gets the star of one criterion.

    The statistic is the number of persons (size), the location quotient (specialisation) or the share of the
    region's total (focus); greater is stronger.

    - rule `threshold`: a star for a statistic of at least `value` (comparison `>=`) or above it (`>`).
    - rule `quantile`: a star within the top `value` (0.1 = 10 %) of the universe. A cell at place p of n has
      it when p <= value · n, in exact arithmetic, so that nobody is in the top tenth of nine. Equal cells
      share the best of their places (ties `include`: all are in if the first of them is) or the worst
      (`exclude`: all are in only if the last of them is).
    - rule `parts`: no star, but a place on a scale of `value` equal parts (`strength.point_scale`).
    - rule `unpublished`: the scheme's documents do not give the figure; nothing is judged by it.

    The universe of a quantile is what was passed in, so its territory, level and activities are the
    caller's choice and part of the result; the row says the rest:

    - among: the `regions` of one activity and year, or all `regional_activities` (region × activity) of a
      year. Cells missing for another reason than confidentiality take no part: obsolete codes and countries
      that have not yet delivered a year would otherwise count as regions.
    - zero_regions: cells of zero `count` in n, or are left out (`drop`).
    - hidden_rivals: what is supposed of confidential cells. `anywhere`: each takes part and may be first or
      last, and a verdict must hold whatever they are. `left_out`: n is the published cells alone, and the
      verdict is of the published universe; a yes also holds for the whole one as long as no more than the
      share `value` of the hidden cells lies above.
    - minimum_size: no star for a cell of fewer persons.
    - to_verify: the fields whose figures were not read in the scheme's own documents.
    - statistic: what is judged, the name of a column (see `strength.cluster_strength`); the criterion's own
      (above) when empty. Other criteria than those three always name theirs.
    - role: what meeting the criterion means: a `star`; being a `node`, without which nothing else counts;
      one step of a `grade`; or `companion`, an indicator beside the stars.
    - needs: what is lacking in open data to judge it; such a criterion gives no star for certain.

    Raises:
        BenchmarkInputError: a word outside the vocabulary, a quantile outside (0, 1), a negative size.
    """

    criterion: str
    rule: str
    value: float
    comparison: str = ">="
    ties: str = "include"
    among: str = "regions"
    zero_regions: str = "drop"
    hidden_rivals: str = "anywhere"
    minimum_size: float = 0.0
    to_verify: tuple[str, ...] = ()
    statistic: str = ""
    role: str = "star"
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, words in _VOCABULARY.items():
            if getattr(self, name) not in words:
                raise BenchmarkInputError(
                    f"{name} is {getattr(self, name)!r}",
                    where=f"star criterion {self.criterion}",
                    todo=f"Use one of {', '.join(words)}.",
                )
        fits = {
            "quantile": 0 < self.value < 1,
            "threshold": self.value > 0,
            "parts": self.value >= 2 and self.value == int(self.value),
            "unpublished": self.value == 0,
        }
        if not fits[self.rule] or not self.minimum_size >= 0:
            raise BenchmarkInputError(
                f"the value is {self.value} and the minimum size {self.minimum_size}",
                where=f"star criterion {self.criterion}",
                todo="A quantile lies between 0 and 1, a threshold is positive, parts are two or more, "
                "an unpublished figure is 0, a size not negative.",
            )
        if not self.statistic and self.criterion not in CRITERIA:
            raise BenchmarkInputError(
                "it does not say what is judged",
                where=f"star criterion {self.criterion}",
                todo="Name the statistic: the column that holds it.",
            )


@dataclass(frozen=True)
class StarScheme:
    """A named, versioned set of criteria, at most one of each name and role.

    >>> rows = [{"scheme_id": "lq", "version": "1", "criterion": "specialisation", "rule": "threshold",
    ...          "value": "1.5", "minimum_size": 500}]
    >>> StarScheme.from_rows(rows).criterion("specialisation").value
    1.5
    """

    scheme_id: str
    version: str
    criteria: tuple[StarCriterion, ...]

    def __post_init__(self) -> None:
        names = [(criterion.criterion, criterion.role) for criterion in self.criteria]
        if not names or len(set(names)) < len(names):
            raise BenchmarkInputError(
                f"the criteria are {[name for name, _ in names] or 'none'}",
                where=f"star scheme {self.scheme_id}",
                todo="Give at least one row, and one row for a criterion.",
            )

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> "StarScheme":
        """A scheme from table rows with the fields of StarCriterion plus scheme_id and version.

        Raises:
            BenchmarkInputError: the rows are of more than one scheme, or a field is unknown.
        """
        rows = list(rows)
        identities = {(str(row["scheme_id"]), str(row["version"])) for row in rows}
        known = {field.name for field in fields(StarCriterion)} | {"scheme_id", "version"}
        strangers = sorted({name for row in rows for name in row} - known)
        if len(identities) != 1 or strangers:
            raise BenchmarkInputError(
                f"the rows hold the schemes {sorted(identities)} and the unknown fields {strangers}",
                where="star scheme",
                todo=f"Pass one scheme and version, with fields among {', '.join(sorted(known))}.",
            )
        scheme_id, version = identities.pop()
        return cls(scheme_id, version, tuple(_criterion(row) for row in rows))

    def criterion(self, name: str) -> StarCriterion | None:
        """The scheme's criterion of that name, None where the scheme does not use it."""
        return next((c for c in self.criteria if c.criterion == name), None)


# After the European Cluster Observatory's scheme of 2007-12: size and focus within the top tenth, location
# quotient of two or more, a floor of 1,000. These are not the Observatory's stars: it judged clusters built
# from four-digit industries by employees, over 259 regions of mixed level; here it is whatever activities
# are passed, by persons employed.
# Focus is judged among published cells: confidential ones are more than a tenth of all regional activities
# (12 % of the NUTS-2 × divisions of 2014), so with `anywhere` nobody could be certain of the top tenth.
AFTER_OBSERVATORY_2007_12 = StarScheme(
    "observatory_2007_2012",
    "2007-2012 on divisions",
    (
        StarCriterion("size", "quantile", 0.1, minimum_size=1000, to_verify=("minimum_size",)),
        StarCriterion(
            "specialisation", "threshold", 2.0, minimum_size=1000, to_verify=("value", "minimum_size")
        ),
        StarCriterion(
            "focus",
            "quantile",
            0.1,
            among="regional_activities",
            hidden_rivals="left_out",
            minimum_size=1000,
            to_verify=("value", "minimum_size"),
        ),
    ),
)


def verdicts(
    criterion: StarCriterion, statistic: FloatArray, size: FloatArray, state: IntArray, group: IntArray
) -> IntArray:
    """The verdict (an index of VERDICTS) of one criterion on every cell.

    Args:
        criterion: the row applied.
        statistic: what it judges; NaN where unknown.
        size: persons; NaN in cells that are not reported.
        state: indices of CELL_STATES.
        group: the number of the universe each cell belongs to (used by quantiles).

    Returns:
        `undetermined` for every cell that is not reported and for a reported one whose statistic is unknown,
        unless it is below the floor, which settles it: `no`.

    >>> hidden = np.array([0] * 19 + [CONFIDENTIAL])
    >>> persons = np.array([float(n) for n in range(19, 0, -1)] + [np.nan])
    >>> found = verdicts(StarCriterion("size", "quantile", 0.1), persons, persons, hidden, np.zeros(20, int))
    >>> [VERDICTS[v] for v in found[:4]]  # the first stays in the top two of twenty whatever is hidden
    ['yes', 'undetermined', 'no', 'no']
    """
    if criterion.rule == "quantile":
        verdict = _quantile(criterion, statistic, state, group)
    elif criterion.comparison == ">=":
        verdict = np.where(statistic >= criterion.value, YES, NO)
    else:
        verdict = np.where(statistic > criterion.value, YES, NO)
    verdict = np.where(np.isnan(statistic), UNDETERMINED, verdict)
    return np.where(size < criterion.minimum_size, NO, verdict)


def _quantile(criterion: StarCriterion, statistic: FloatArray, state: IntArray, group: IntArray) -> IntArray:
    known = ~np.isnan(statistic)
    if criterion.zero_regions == "drop":
        known &= statistic != 0
    unknown = (state == CONFIDENTIAL) & (criterion.hidden_rivals == "anywhere")
    groups = int(group.max()) + 1 if group.size else 0
    n_known = np.bincount(group[known], minlength=groups)[group]
    n_unknown = np.bincount(group[unknown], minlength=groups)[group]
    best, worst = places(statistic, group, known)
    place = best if criterion.ties == "include" else worst
    share = Fraction(str(criterion.value))
    room = share.numerator * (n_known + n_unknown)
    surely = (place + n_unknown) * share.denominator <= room
    possibly = place * share.denominator <= room
    return np.where(~known, NO, np.where(surely, YES, np.where(possibly, UNDETERMINED, NO)))


def _criterion(row: Mapping[str, Any]) -> StarCriterion:
    values = {name: value for name, value in row.items() if name not in ("scheme_id", "version")}
    for name in ("value", "minimum_size"):
        if name in values:
            values[name] = float(values[name])
    return StarCriterion(**values)
