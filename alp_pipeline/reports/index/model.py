"""What the audit report of an index holds, before any wording: plain frozen values.

Belongs here: the shapes that `read` fills and `page` lays out. Does not: SQL, text, colours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from alp_pipeline.reports.model import REPORTED, Cell, Perimeter, Source

COMPUTED = "computed"


@dataclass(frozen=True)
class Recipe:
    """What the catalogue says of a recipe; the release's own words only where the two do not match.

    Attributes:
        is_described: whether the catalogue holds this recipe in the release's version. Where it does not,
            all that follows is empty and the page says so.
        seed, draws: of the uncertainty.
        coverage_min, oldest, pillar_indicators_min: what an indicator and a pillar must have.
    """

    recipe_id: str
    version: str
    is_described: bool
    label: str
    description: str = ""
    steps: tuple[str, ...] = ()
    seed: int | None = None
    draws: int | None = None
    coverage_min: float | None = None
    oldest: int | None = None
    pillar_indicators_min: int | None = None
    is_verified: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """Whether there is an index, and why not."""

    is_computed: bool
    year: int | None
    indicators: int
    indicators_used: int
    indicators_min: float
    missing: tuple[str, ...]
    detail: str
    universe: str
    method: str
    as_of: date | None
    output: str
    """What the sensitivity was measured on; empty where there is none."""
    address: str

    @property
    def shortfall(self) -> int:
        """How many more indicators the recipe needs.

        >>> Status(False, None, 9, 5, 0.66, (), "", "", "", None, "", "").shortfall
        1
        """
        more = 0
        while self.indicators_used + more < self.indicators_min * self.indicators:
            more += 1
        return more


@dataclass(frozen=True)
class Ingredient:
    """A dataset that an indicator's formula is read from, and how much of it was collected."""

    dataset_id: str
    code: str
    title: str
    documents: int
    discontinued: str
    """The last period of a table that its publisher ended; empty for a living one."""


@dataclass(frozen=True)
class IndexIndicator:
    """An indicator of the recipe; `newest` is the last period in which any region has a number of it."""

    indicator_id: str
    pillar_id: str
    direction: int
    weight: Cell
    is_used: bool
    source_year: Cell
    coverage: Cell
    effective_weight: Cell
    reason: str
    unit: str
    documents: tuple[str, ...]
    datasets: tuple[Ingredient, ...]
    newest: str


@dataclass(frozen=True)
class Score:
    """A region's score in the index or a pillar, with what the draws say of its rank.

    What is not reported has neither rank nor interval: both could be read back to what is hidden.
    """

    region_code: str
    score: Cell
    rank: Cell
    rank_low: Cell
    rank_high: Cell
    rank_median: Cell
    assumed_share: Cell
    class_id: str
    class_share: Cell
    ranked_count: int

    @property
    def has_interval(self) -> bool:
        return self.rank_low.is_reported and self.rank_high.is_reported and self.rank_median.is_reported


@dataclass(frozen=True)
class Factor:
    """What was varied, and how much the ranks depend on it: (estimate, low, high) each."""

    name: str
    is_assumption: bool
    first: tuple[Cell, Cell, Cell]
    total: tuple[Cell, Cell, Cell]


@dataclass(frozen=True)
class AuditFinding:
    """A sentence of the audit; `about` are the codes that it concerns."""

    severity: str
    about: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class AuditCell:
    """A cell of an audit table: a number, or a text, or neither where it is undefined."""

    value: float | None
    text: str
    address: str


@dataclass(frozen=True)
class AuditSection:
    """One section: its findings, and its tables as rows of (label, column → cell)."""

    findings: tuple[AuditFinding, ...]
    tables: Mapping[str, tuple[tuple[str, Mapping[str, AuditCell]], ...]]

    def table(self, ending: str) -> tuple[tuple[str, Mapping[str, AuditCell]], ...]:
        """The rows of all tables whose id ends so: the table of a step has the stage before its name."""
        return tuple(
            row
            for name, rows in self.tables.items()
            if name == ending or name.endswith(f"_{ending}")
            for row in rows
        )


@dataclass(frozen=True)
class IndexReport:
    """Everything that the audit report of one recipe says."""

    release_id: str
    is_synthetic: bool
    perimeter: Perimeter
    recipe: Recipe
    status: Status
    names: Mapping[str, str]
    """Indicator, pillar, recipe or region → its name."""
    regions: frozenset[str]
    """Those of the names that are regions."""
    indicators: tuple[IndexIndicator, ...]
    scores: Mapping[str, Mapping[str, Score]]
    """Element (the index, then its pillars) → region code → score."""
    values: Mapping[tuple[str, str], Cell]
    """(region, indicator) → its cell as published."""
    normalised: Mapping[tuple[str, str], Cell]
    factors: tuple[Factor, ...]
    sections: Mapping[str, AuditSection]
    sources: tuple[Source, ...]
    datasets: tuple[str, ...]
    """Of all figures of the index."""
    link_documents: tuple[str, ...]
    """Of the outside indicators that the audit holds the index against."""

    @property
    def index(self) -> Mapping[str, Score]:
        """The scores of the index itself."""
        return self.scores.get(self.recipe.recipe_id, {})

    @property
    def pillars(self) -> tuple[str, ...]:
        """Of the recipe's indicators, in their order."""
        return tuple(dict.fromkeys(each.pillar_id for each in self.indicators))

    @property
    def ranked(self) -> list[Score]:
        """Regions with a rank interval, by median rank."""
        known = [score for score in self.index.values() if score.score.is_reported and score.has_interval]
        return sorted(
            known, key=lambda s: (s.rank_median.value, s.rank_low.value, s.rank_high.value, s.region_code)
        )

    def name(self, code: str) -> str:
        """The name of a code; the code with blanks where there is none."""
        return self.names.get(code, code.replace("_", " "))


def with_state(value: float | None, state: str, address: str) -> Cell:
    """A cell of a figure that goes with a score: there only where the score is reported.

    >>> with_state(3.0, "undetermined", "a").value is None, with_state(None, "reported", "a").state
    (True, 'not_available')
    """
    if state == REPORTED and value is None:
        return Cell(None, "not_available", "", address)
    return Cell(None if value is None else float(value), state, "", address)
