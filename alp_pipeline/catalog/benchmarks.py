"""Entries that the benchmark methods read: what structure is made of, and what a named shock hits.

Belongs here: their fields, and rules that one entry can be checked against alone. Does not: rules between
entries (catalog.references), composite indices (catalog.recipes), star schemes (catalog.models), any formula.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from alp_pipeline.catalog.entry import Code, Entry, Identifier, Labels, Model, Text, Title


class StructuralVariable(Model):
    """One variable of a dimension: an indicator of the region; of one activity; or its share of another's.

    The words of `transformation` are those of `benchmark.structural_distance`.
    """

    id: Identifier
    indicator: Identifier
    activity: Code | None = Field(default=None, description="of an indicator that is broken down by activity")
    share_of: Code | None = Field(default=None, description="the activity that it is divided by, in %")
    transformation: Literal["none", "log", "sqrt"]

    @model_validator(mode="after")
    def _share(self) -> StructuralVariable:
        if self.share_of is not None and self.activity is None:
            raise ValueError("share_of needs the activity that is divided")
        return self


class StructuralDimensionEntry(Entry):
    """A dimension of the structural distance: conditions that cannot be changed in the short term.

    A dimension of the method that the catalogue cannot feed stands here too, without variables and with the
    reason, so that a result says what it lacks.
    """

    id: Identifier
    label: Labels
    weight: float = Field(ge=0, description="among the dimensions; they are rescaled to sum to one")
    weighting: Literal["equal", "pca"] = Field(description="weights of the variables within")
    variables: tuple[StructuralVariable, ...] = ()
    missing: Text | None = Field(default=None, description="why no indicator feeds it")
    source: Text
    to_verify: tuple[Literal["weight", "weighting", "variables", "transformation"], ...] = Field(
        default=(), description="fields that were not read in the method's own documents"
    )
    verified: bool
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _fed_or_missing(self) -> StructuralDimensionEntry:
        if bool(self.variables) == (self.missing is not None):
            raise ValueError("a dimension has variables, or says in `missing` why it has none")
        return self


class ShockActivity(Model):
    """An activity that a shock hits, and how much of its employment: 1 is all of it."""

    activity: Code
    weight: float = Field(gt=0, le=1)


class ShockEntry(Entry):
    """A named shock: a weighted list of activities. It says who is exposed, not what will happen."""

    id: Identifier
    label: Labels
    description: Title
    activities: Annotated[tuple[ShockActivity, ...], Field(min_length=1)]
    source: Text
    to_verify: tuple[Literal["activities", "weights"], ...] = ()
    verified: bool
    notes: tuple[Text, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """Activity → weight."""
        return {hit.activity: hit.weight for hit in self.activities}
