"""Recipes of composite indices: which indicators, under which pillars, by which steps.

Belongs here: the entry of a recipe that the project ships or a site adds. Does not: what a step or an
uncertainty is (benchmark.composite, which reads both from here as they are), computing (plan.benchmarks).

A recipe is the project's own: its name and its classes are its own too. Nothing here is, or claims to be, an
official scoreboard; a result that contradicts one under its name would do harm.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from alp_pipeline.catalog.entry import Entry, Identifier, Labels, Model, Text, Title


class RecipeIndicator(Model):
    """An indicator of the catalogue within a pillar."""

    id: Identifier
    weight: float = Field(default=1.0, ge=0)
    direction: Literal[-1, 1] | None = Field(
        default=None, description="the indicator's own when omitted; needed where that is neither"
    )


class RecipePillar(Model):
    """A pillar of the index, with its indicators."""

    id: Identifier
    label: Labels
    weight: float = Field(default=1.0, gt=0)
    indicators: tuple[RecipeIndicator, ...] = Field(min_length=1)


class RecipeLink(Model):
    """An indicator outside the index that it is held against, and what is expected of it.

    A correlation confirms or contradicts something only where a direction was expected of it: an indicator
    of which nobody can say that is no link.
    """

    id: Identifier
    expected: Literal[-1, 1] = Field(description="sign of the correlation that theory lets expect")
    reason: Text = Field(description="why that sign, and what both have in common")


class YearRule(Model):
    """Which year an index speaks of, and how old an indicator in it may be.

    The reference year is the newest in which enough indicators have a year of their own: one that is at most
    `oldest` years before it and in which at least `coverage_min` of the universe has a number. Every unit is
    then read in that indicator's year, never in one of its own.
    """

    coverage_min: float = Field(gt=0, le=1)
    oldest: int = Field(ge=0, le=10)


class RecipeEntry(Entry):
    """A composite index over regions."""

    id: Identifier
    label: Labels
    description: Title
    version: Text
    pillars: tuple[RecipePillar, ...] = Field(min_length=1)
    years: YearRule
    indicators_min: float = Field(
        gt=0, le=1, description="share of its indicators below which the index is refused"
    )
    pillar_indicators_min: int = Field(
        ge=1, description="indicators that every pillar must have, else the index is refused"
    )
    steps: tuple[dict[str, Any], ...] = Field(min_length=2, description="benchmark.composite.recipe")
    uncertainty: dict[str, Any] = Field(description="benchmark.composite.uncertainty.spec")
    links: tuple[RecipeLink, ...] = Field(
        default=(), description="indicators outside of it that the audit holds it against"
    )
    verified: bool
    notes: tuple[Text, ...] = ()

    @property
    def indicator_ids(self) -> tuple[str, ...]:
        """Its indicators, in the order of pillars and entry."""
        return tuple(one.id for pillar in self.pillars for one in pillar.indicators)

    @property
    def link_ids(self) -> tuple[str, ...]:
        """The indicators that it is held against."""
        return tuple(one.id for one in self.links)

    @model_validator(mode="after")
    def _each_once(self) -> RecipeEntry:
        names = [*self.indicator_ids, *(pillar.id for pillar in self.pillars), self.id]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} appears twice among index, pillars and indicators")
        double = sorted({name for name in self.link_ids if self.link_ids.count(name) > 1})
        if double:
            raise ValueError(f"links: {', '.join(double)} appears twice")
        inside = sorted(set(self.link_ids) & set(self.indicator_ids))
        if inside:
            raise ValueError(f"links: {', '.join(inside)} is part of the index itself")
        return self
