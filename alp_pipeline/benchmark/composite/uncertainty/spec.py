"""What is uncertain about an index: the `uncertainty` section of a recipe, as typed data.

Belongs here: factors over method and over data, how many draws, which seed, classes, which share of it all is
a declared assumption; rules that the section can be checked against alone.
Does not: drawing (draws, data_draws), whether the recipe has the step that a factor names (evaluate), the
rest of the recipe (composite.recipe).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from alp_pipeline.benchmark.composite.steps import ParameterRefused

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
RelativeSd = Annotated[float, Field(ge=0, lt=10, allow_inf_nan=False)]
Flag = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z]$")]
Word = str | int | float | bool | None
Parameters = dict[str, Word | list[Any] | dict[str, Any]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, given: Any) -> Any:
        allowed = cls.model_fields
        stranger = next((name for name in given if name not in allowed), None) if _is_map(given) else None
        if stranger is not None:
            hint = f"; use one of {', '.join(allowed)}"
            if cls is StepFactor and "step" not in given:
                hint = (
                    "; a factor names a step, a distribution of weights, or how many indicators to leave_out"
                )
            raise ParameterRefused(str(stranger), f"is unknown{hint}")
        return given


class StepFactor(_Part):
    """One step of the recipe, done in one of several ways, each as likely as the others.

    An alternative that names a `method` (or `methods`) states the step anew: none of the recipe's parameters
    of that step stays, except the overrides of single indicators (`by_indicator`), unless it gives its own.
    One that names none changes only the parameters that it names. `occurrence` says which step is meant where
    the recipe has several of that name (1 = the first); `level` confines an aggregation to one level of the
    framework, counted from the bottom (1 = indicators into the first aggregates): there the alternative
    states method and parameters anew, other levels stay as they are.
    """

    factor: Name
    step: Name
    alternatives: tuple[Parameters, ...] = Field(min_length=1)
    occurrence: int | None = Field(default=None, ge=1)
    level: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _levels_are_aggregated(self) -> StepFactor:
        if self.level is not None and self.step != "aggregate":
            raise ValueError(f"{self.factor}: only the step aggregate has levels, not {self.step}")
        if self.level is not None and any("method" not in one for one in self.alternatives):
            raise ValueError(f"{self.factor}: an alternative for one level names its method")
        return self


class WeightsFactor(_Part):
    """Weights drawn anew: uniform on the simplex of each parent's children, or the recipe's with noise.

    `simplex`: the children of each parent get Dirichlet(1, …, 1) weights. `noise`: each weight is multiplied
    by 1 + size · (2u - 1), u uniform, `size` one number or one per level (1 = indicators). `levels` confines
    the factor; other levels keep the recipe's weights.
    """

    factor: Name = "weights"
    distribution: Literal["simplex", "noise"]
    size: float | dict[int, float] | None = None
    levels: tuple[int, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _size_belongs_to_noise(self) -> WeightsFactor:
        sizes = list(self.size.values()) if isinstance(self.size, Mapping) else [self.size]
        if self.distribution == "simplex" and self.size is not None:
            raise ValueError(f"{self.factor}: size belongs to noise; the simplex has none")
        if self.distribution == "noise" and not all(one is not None and 0 <= one <= 1 for one in sizes):
            raise ValueError(f"{self.factor}: noise needs a size from 0 to 1, one or one per level")
        if isinstance(self.size, Mapping) and self.levels is not None:
            raise ValueError(f"{self.factor}: give sizes by level or levels, not both")
        return self


class InclusionFactor(_Part):
    """`leave_out` indicators, chosen at random among `candidates` (all when omitted), do not count in a draw.

    With `or_none` the complete index is one more choice, as likely as each single one: one-at-a-time removal
    around the index as it is.
    """

    factor: Name = "inclusion"
    leave_out: int = Field(ge=1)
    candidates: tuple[str, ...] | None = Field(default=None, min_length=1)
    or_none: bool = False

    @model_validator(mode="after")
    def _none_is_one_choice_of_single_ones(self) -> InclusionFactor:
        if self.or_none and self.leave_out != 1:
            raise ValueError(f"{self.factor}: or_none goes with leave_out: 1")
        return self


def _is_map(given: object) -> bool:
    return isinstance(given, Mapping)


def _kind(value: Any) -> str:
    fields = value if isinstance(value, Mapping) else vars(value)
    return "weights" if "distribution" in fields else "inclusion" if "leave_out" in fields else "step"


MethodFactor = Annotated[
    Annotated[StepFactor, Tag("step")]
    | Annotated[WeightsFactor, Tag("weights")]
    | Annotated[InclusionFactor, Tag("inclusion")],
    Discriminator(_kind),
]


class EstimatedSpread(_Part):
    """A spread with what it was estimated from; `revisions.estimated_spreads` makes it from vintages.

    Attributes:
        relative_sd: standard deviation relative to the value.
        revisions: how many revised numbers it is the mean over.
        vintages: which publications were compared, at least two.
    """

    relative_sd: RelativeSd
    revisions: int = Field(ge=1)
    vintages: tuple[str, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _vintages_differ(self) -> EstimatedSpread:
        if len(set(self.vintages)) < len(self.vintages):
            raise ValueError("vintages: each one once")
        return self


RevisionSpread = Annotated[
    Annotated[RelativeSd, Tag("declared")] | Annotated[EstimatedSpread, Tag("estimated")],
    Discriminator(lambda given: "estimated" if isinstance(given, Mapping | EstimatedSpread) else "declared"),
]


ImputedSpread = Annotated[
    Annotated[RelativeSd, Tag("declared")] | Annotated[Literal["residual"], Tag("estimated")],
    Discriminator(lambda given: "estimated" if isinstance(given, str) else "declared"),
]


class DataSpread(_Part):
    """How uncertain the data are. Every spread is a standard deviation relative to the value, normal, and
    independent from cell to cell; each of the five kinds is one factor of a sensitivity analysis.

    Attributes:
        flags: by letter of OBS_STATUS (e estimated, p provisional, u unreliable, …): a declared assumption. A
            cell with several letters takes the largest.
        imputed: of the cells that the recipe's imputation fills: a declared assumption; or `residual`: the
            errors that the same imputation makes when each known cell is left out in turn, indicator by
            indicator: estimated.
        intervals: `uniform`: a cell without a number but with bounds is drawn between them. The bounds are
            known, the evenness is a declared assumption. When omitted such a cell stays without a number.
        revisions: by indicator, of every number of it; it takes the place of the declared spreads of e and p,
            which are what gets revised. With its evidence (`EstimatedSpread`) it is estimated; a bare number
            is a declared assumption like any other.
        concordance: of the numbers that were moved between classifications by weights, or by indicator: a
            declared assumption.
    """

    flags: dict[Flag, RelativeSd] = Field(default_factory=dict)
    imputed: ImputedSpread | None = None
    intervals: Literal["uniform"] | None = None
    revisions: dict[str, RevisionSpread] = Field(default_factory=dict)
    concordance: RelativeSd | dict[str, RelativeSd] | None = None

    @property
    def moving(self) -> tuple[str, ...]:
        """The kinds that are asked to move cells: given, and not zero throughout."""
        given = {kind: getattr(self, kind) for kind in DATA_KINDS}
        given["revisions"] = self.revision_sd
        spreads = {kind: one.values() if isinstance(one, Mapping) else [one] for kind, one in given.items()}
        return tuple(
            kind for kind, several in spreads.items() if any(one not in (None, 0) for one in several)
        )

    @property
    def revision_sd(self) -> dict[str, float]:
        """By indicator, declared or estimated."""
        return {
            code: one.relative_sd if isinstance(one, EstimatedSpread) else one
            for code, one in self.revisions.items()
        }

    def is_estimated(self, code: str) -> bool:
        """Whether the revisions of an indicator come with their evidence."""
        return isinstance(self.revisions.get(code), EstimatedSpread)


class Classes(_Part):
    """Classes of units, named class_1 (highest), class_2, … and nothing else.

    `quantile`: `number` classes of as equal size as the ranks allow. `threshold`: `limits` between the
    classes, on the score, or on the score in percent of the mean of the ranked units (`percent_of_mean`). The
    names are neutral on purpose: an official scoreboard's words on a result that contradicts it do harm.
    """

    by: Literal["quantile", "threshold"] = "quantile"
    number: int = Field(default=4, ge=2, le=100)
    limits: tuple[float, ...] = ()
    percent_of_mean: bool = False

    @model_validator(mode="after")
    def _limits_belong_to_thresholds(self) -> Classes:
        if (self.by == "threshold") != bool(self.limits):
            raise ValueError("classes: limits go with by: threshold, and it needs at least one")
        if self.by == "quantile" and self.percent_of_mean:
            raise ValueError("classes: percent_of_mean goes with by: threshold")
        if len(set(self.limits)) < len(self.limits):
            raise ValueError("classes: each limit once")
        return self


class UncertaintySpec(_Part):
    """The `uncertainty` section of a recipe.

    Attributes:
        draws: Monte Carlo draws; the nominal index is run besides.
        seed: of everything random; the same seed gives the same bytes, with any number of workers.
        method: factors over method. data: spreads of the data.
        quantiles: ends of the intervals of ranks and scores.
        target: the aggregate that is ranked; the top one when omitted (a framework with several needs it).
        classes: of which each unit's probabilities are given.
        assumed_draws: so many of the draws (at most all) are run again without the declared assumptions on
            data, from the same random numbers, for the share of each interval that is assumed; 0: not at all.

    >>> spec = UncertaintySpec.model_validate({
    ...     "draws": 500, "seed": 7,
    ...     "method": [{"factor": "normalisation", "step": "normalise",
    ...                 "alternatives": [{"method": "minmax"}, {"method": "rank"}]},
    ...                {"factor": "weights", "distribution": "simplex"}],
    ...     "data": {"flags": {"e": 0.05}, "imputed": "residual"}})
    >>> spec.factors
    ('normalisation', 'weights', 'data_flags', 'data_imputed')
    """

    draws: int = Field(default=1000, ge=1, le=10_000_000)
    seed: int = Field(default=0, ge=0)
    method: tuple[MethodFactor, ...] = ()
    data: DataSpread = Field(default_factory=DataSpread)
    quantiles: tuple[float, float] = (0.05, 0.95)
    target: str | None = None
    classes: Classes = Field(default_factory=Classes)
    assumed_draws: int = Field(default=1000, ge=0)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of all factors, method first; those over data are called data_flags, data_imputed, …"""
        over_data = [f"data_{kind}" for kind in DATA_KINDS if getattr(self.data, kind) not in (None, {})]
        return (*(one.factor for one in self.method), *over_data)

    @model_validator(mode="after")
    def _factors_have_names_of_their_own(self) -> UncertaintySpec:
        low, high = self.quantiles
        if not 0 <= low < high <= 1:
            raise ValueError("quantiles: two shares between 0 and 1, the lower first")
        twice = next((name for name in self.factors if self.factors.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the factor {twice} appears twice: give each a name of its own")
        for kind in (WeightsFactor, InclusionFactor):
            if sum(isinstance(one, kind) for one in self.method) > 1:
                raise ValueError(f"at most one {kind.__name__}: a draw has one set of weights and indicators")
        return self


DATA_KINDS = ("flags", "imputed", "intervals", "revisions", "concordance")
"""The kinds of uncertainty over data, in the order of their factors."""
