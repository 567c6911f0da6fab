"""The whole audit of a computed index, its parts in the order of the Handbook.

Belongs here: which stage of an index each part looks at. Does not: what the parts say (data, structure,
robustness), computing the index, its uncertainty or the links.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.audit.data import (
    availability_section,
    framework_section,
    treatment_section,
)
from alp_pipeline.benchmark.composite.audit.findings import Finding, Section, Thresholds
from alp_pipeline.benchmark.composite.audit.removal import blind_findings, blind_groups, removal_findings
from alp_pipeline.benchmark.composite.audit.robustness import links_section, uncertainty_section
from alp_pipeline.benchmark.composite.audit.structure import coherence_section, weights_section
from alp_pipeline.benchmark.composite.index import RAW, IndexResult
from alp_pipeline.benchmark.composite.removal import Removal
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.sobol import SobolIndices
from alp_pipeline.benchmark.inputs import checked

SECTIONS = ("framework", "availability", "treatment", "coherence", "weights", "uncertainty", "links")
"""Coherence stands before uncertainty: robustness is no virtue of an index that measures nothing."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What can be said of an index before it is used.

    Attributes:
        recipe_id, recipe_version: of the index.
        thresholds: what the findings were held to.
        sections: one for each of SECTIONS, in that order.
    """

    recipe_id: str
    recipe_version: str
    thresholds: Thresholds
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section:
        """A section by its name.

        Raises:
            BenchmarkInputError: there is none of that name.
        """
        for section in self.sections:
            if section.name == name:
                return section
        raise BenchmarkInputError(
            f"there is no section {name!r}", where="audit", todo=f"Use one of {', '.join(SECTIONS)}."
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all sections in their order."""
        return tuple(one for section in self.sections for one in section.findings)

    @property
    def findings_table(self) -> pd.DataFrame:
        """The findings as a table: section, severity, rule, about (labels, separated by blanks), text."""
        rows = [
            (section.name, one.severity, one.rule, " ".join(one.about), one.text)
            for section in self.sections
            for one in section.findings
        ]
        return pd.DataFrame(rows, columns=["section", "severity", "rule", "about", "text"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables, `findings` first, then `<section>_<table>`."""
        found = {"findings": self.findings_table}
        for section in self.sections:
            found |= {f"{section.name}_{name}": table for name, table in section.tables.items()}
        return found


@checked
def audit(
    result: IndexResult,
    *,
    links: pd.DataFrame | None = None,
    uncertainty: UncertaintyResult | None = None,
    sensitivity: SobolIndices | None = None,
    removal: Removal | None = None,
    thresholds: Thresholds | None = None,
    bounds: bool = False,
) -> Audit:
    """Audit an index: framework, availability, treatment, coherence, weights, uncertainty, links.

    Nothing is drawn or computed anew: the parts look at the index's own stages. What was not given is said to
    be not evaluated, never passed over.

    Args:
        result: an index.
        links: `links.links` of its scores and indicators from outside, with what was expected of them where
            anything was; see `robustness.links_section`.
        uncertainty: a Monte Carlo run of it.
        sensitivity: Sobol indices of its factors.
        removal: `removal.remove_elements` of its indicators.
        thresholds: where to begin to warn; see `Thresholds` for the defaults and their sources.
        bounds: also give intervals that rest on bounds of hidden cells. They are internal unless you know
            that they may be shown.

    Returns:
        Audit; in every section tables and at least one finding computed from them.

    Raises:
        BenchmarkInputError: the recipe has no level of aggregates to audit.

    Source: Nardo et al. (2008), Handbook on Constructing Composite Indicators; JRC, ten steps: coherence is
        assessed before uncertainty and sensitivity.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.index import compute_index
    >>> from alp_pipeline.benchmark.composite.recipe import Recipe
    >>> from alp_pipeline.benchmark.composite.units import UnitTable
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": list("ABCD"), "jobs": [10, 30, 25, 20], "wages": [2, 5, 1, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> found = audit(compute_index(UnitTable.of(data, framework), framework, recipe))
    >>> found.section("coherence").findings[0].text.split(": ")[:2]
    ['index', 'alpha 0.66, below the usual 0.7 (2 elements, mean r = 0.49)']
    """
    limits = Thresholds() if thresholds is None else thresholds
    names = list(result.stages)
    first, last = _span(result, "treat")
    used = names[_span(result, "normalise")[0]]
    raw = result.stages[RAW]
    blind = blind_groups(raw, result.stages[used], result.frameworks[RAW])
    parts = (
        framework_section(result.framework, result.units),
        _with(
            availability_section(raw, result.frameworks[RAW], result.stages[used], result.units, limits),
            _details(result, "screen")
            | _details(result, "impute")
            | _details(result, "aggregate")
            | {"blind_groups": blind},
            blind_findings(blind, result.framework),
        ),
        treatment_section(
            raw,
            result.stages[names[first]],
            result.stages[names[last]],
            _details(result, "treat"),
            result.frameworks[names[last]],
            limits,
        ),
        coherence_section(result.scores, result.framework, limits),
        _with(weights_section(result.scores, result.framework, limits), _details(result, "weight")),
        _with(
            uncertainty_section(uncertainty, sensitivity, limits, bounds=bounds),
            {} if removal is None else {"removal": removal.elements.rename_axis("code").reset_index()},
            [] if removal is None else removal_findings(removal, blind, result.framework),
        ),
        links_section(links, limits),
    )
    return Audit(result.recipe.id, result.recipe.version, limits, parts)


def _span(result: IndexResult, step: str) -> tuple[int, int]:
    """Positions among the stages just before the first step of a name and just after the last one.

    Without such a step both are the stage that the normalisation begins with: nothing was done to it.
    """
    steps = [one.step for one in result.recipe.steps]
    places = [place for place, name in enumerate(steps) if name == step]
    if places:
        return places[0], places[-1] + 1
    end = steps.index("normalise") if "normalise" in steps else len(steps) - 1
    return end, end


def _details(result: IndexResult, step: str) -> dict[str, pd.DataFrame]:
    """The tables of all steps of a name, `<stage>_<table>`."""
    stages = zip(result.recipe.stage_names, result.recipe.steps, strict=True)
    return {
        f"{stage}_{name}": table
        for stage, one in stages
        if one.step == step
        for name, table in result.details[stage].items()
    }


def _with(section: Section, more: Mapping[str, pd.DataFrame], found: Iterable[Finding] = ()) -> Section:
    return Section(section.name, {**section.tables, **more}, (*section.findings, *found))
