"""The recipe of an index: its steps with their parameters, as a typed document.

Belongs here: the YAML file, what a recipe may say, which orders of steps cannot work.
Does not: what the steps are called and take (steps), running them (index), drawing (uncertainty).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.recipe_document import plain, read_mapping
from alp_pipeline.benchmark.composite.steps import ParameterRefused, checked_parameters, effective_parameters
from alp_pipeline.benchmark.composite.uncertainty.spec import StepFactor, UncertaintySpec

Text = Annotated[str, Field(min_length=1)]


class RecipeError(BenchmarkInputError):
    """A recipe that cannot be followed; the message names file and field."""


class RecipeStep(BaseModel):
    """One step: `{step: treat, method: winsorise, max_points: 5}`; what is not named keeps its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        if "step" not in given:
            raise ParameterRefused("step", "is absent; each step begins with the name of one")
        parameters = {str(name): value for name, value in given.items() if name != "step"}
        return {"step": given["step"], "parameters": checked_parameters(given["step"], parameters)}

    @property
    def effective(self) -> dict[str, Any]:
        """Every parameter of the step with the value in force, defaults written out."""
        return effective_parameters(self.step, self.parameters)

    def changed(self, changes: Mapping[str, Any]) -> "RecipeStep":
        """The step with other parameters.

        A change that names a `method` (or `methods`) states the step anew: none of its parameters stays,
        except the overrides of single indicators (`by_indicator`). One that names none changes only what it
        names. The alternatives of an uncertain step are read the same way.

        >>> step = RecipeStep.model_validate({"step": "normalise", "method": "minmax", "low": 1, "high": 100})
        >>> step.changed({"low": 0}).parameters, step.changed({"method": "zscore"}).parameters
        ({'method': 'minmax', 'low': 0, 'high': 100}, {'method': 'zscore'})
        """
        merged = self.merged(changes)
        checked_parameters(self.step, {name: merged[name] for name in merged if name != "step"})
        return RecipeStep.model_validate(merged)

    def merged(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changed step as a recipe's file holds it, unchecked."""
        anew = "method" in changes or "methods" in changes
        kept = {name: value for name, value in self.parameters.items() if not anew or name == "by_indicator"}
        return {"step": self.step, **kept, **changes}


class Recipe(BaseModel):
    """How an index is computed: steps in their order, each with its parameters.

    Attributes:
        id, version: name the recipe wherever its results go.
        label: in one language, or text by language code.
        framework: file of the framework, relative to the recipe's; None where it is given otherwise.
        steps: the last one aggregates, and only the last one.
        uncertainty: what is uncertain about it all; None where nothing was declared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    version: Text
    label: Text | dict[str, Text]
    framework: Text | None = None
    steps: Annotated[tuple[RecipeStep, ...], Field(min_length=1)]
    uncertainty: UncertaintySpec | None = None

    @classmethod
    def of(cls, mapping: Mapping[str, Any], *, where: str = "recipe") -> "Recipe":
        """Check a recipe given as a mapping, which stays as it is.

        Args:
            mapping: what the YAML file would hold.
            where: the file, for messages.

        Raises:
            RecipeError: a field is unknown, absent or of the wrong kind; a step, parameter or method does
                not exist (the message lists those that do); the steps cannot work in this order; an
                uncertain step is not in the recipe.

        >>> Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
        ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate"}]}).stage_names
        ('1_normalise', '2_aggregate')
        """
        if not isinstance(mapping, Mapping):
            raise RecipeError(
                "it is no mapping", where=where, todo="Begin it with id, version, label, steps."
            )
        try:
            return cls.model_validate(dict(mapping))
        except ValidationError as error:
            raise _refusal(error, where) from None

    @model_validator(mode="after")
    def _ends_with_scores(self) -> "Recipe":
        if all(step.step != "aggregate" for step in self.steps):
            raise ParameterRefused("steps", "have no aggregate; end with one, it makes the scores")
        early = next(
            (number for number, step in enumerate(self.steps[:-1]) if step.step == "aggregate"), None
        )
        if early is not None:
            after = self.stage_names[early + 1]
            raise ParameterRefused(
                "steps", f"have {self.stage_names[early]} before {after}; nothing can follow the scores"
            )
        return self

    @model_validator(mode="after")
    def _uncertain_steps_are_there(self) -> "Recipe":
        """A factor over a step that the recipe lacks is refused: drawing must not quietly skip it."""
        for place, factor in enumerate(self.uncertainty.method if self.uncertainty else ()):
            if isinstance(factor, StepFactor):
                self._check_factor(factor, f"uncertainty.method.{place}")
        return self

    def _check_factor(self, factor: StepFactor, field: str) -> None:
        found = [step for step in self.steps if step.step == factor.step]
        if not found:
            steps = ", ".join(dict.fromkeys(step.step for step in self.steps))
            raise ParameterRefused(
                f"{field}.step", f"{factor.step!r} is not among the recipe's steps; use one of {steps}"
            )
        if factor.occurrence is None and len(found) > 1:
            raise ParameterRefused(
                f"{field}.occurrence", f"is absent; the recipe has {len(found)} steps {factor.step}"
            )
        occurrence = factor.occurrence or 1
        if occurrence > len(found):
            raise ParameterRefused(
                f"{field}.occurrence", f"is {occurrence}; the recipe has {len(found)} {factor.step}"
            )
        for number, alternative in enumerate(factor.alternatives):
            try:
                found[occurrence - 1].changed(alternative)
            except ParameterRefused as error:
                raise error.inside(f"{field}.alternatives.{number}") from None

    @property
    def stage_names(self) -> tuple[str, ...]:
        """What the table after each step is called: its number and its name."""
        return tuple(f"{number}_{step.step}" for number, step in enumerate(self.steps, start=1))

    def text(self, language: str) -> str:
        """The label in a language; where it has none, in its first one."""
        if isinstance(self.label, str):
            return self.label
        return self.label.get(language, next(iter(self.label.values())))

    def effective(self) -> dict[str, Any]:
        """The recipe as plain data with every default of every step written out; `Recipe.of` reads it."""
        rest = self.model_dump(mode="json", exclude={"steps"}, exclude_none=True)
        steps = [plain({"step": step.step, **step.effective}) for step in self.steps]
        head = {name: rest[name] for name in rest if name != "uncertainty"}
        tail = {name: rest[name] for name in rest if name == "uncertainty"}
        return {**head, "steps": steps, **tail}

    def changed(self, changes: Mapping[str, Mapping[str, Any] | None]) -> "Recipe":
        """The recipe with some steps changed (`RecipeStep.changed`), or left out where the change is None.

        Args:
            changes: by stage name (`5_normalise`), or by the step's name where it occurs once.

        Raises:
            RecipeError: a step is not in the recipe, or several times; see `Recipe.of`.
        """
        by_number = {self._number(name): change for name, change in changes.items()}
        steps = []
        for number, step in enumerate(self.steps):
            change = by_number.get(number, {})
            if change is not None:
                steps.append(step.merged(change))
        given = self.model_dump(exclude={"steps"}, exclude_none=True)
        return Recipe.of({**given, "steps": steps}, where=self.id)

    def drawn(self, *, draws: int | None = None, seed: int | None = None) -> "Recipe":
        """The recipe with another number of draws or another seed, where given.

        Raises:
            RecipeError: nothing is uncertain in the recipe.
        """
        given = {name: value for name, value in (("draws", draws), ("seed", seed)) if value is not None}
        if not given:
            return self
        if self.uncertainty is None:
            raise RecipeError(
                f"the recipe has no uncertainty, {next(iter(given))} has nothing to act on",
                where=self.id,
                todo="Add a section `uncertainty` to the recipe.",
            )
        return self.model_copy(update={"uncertainty": self.uncertainty.model_copy(update=given)})

    def _number(self, name: str) -> int:
        if name in self.stage_names:
            return self.stage_names.index(name)
        numbers = [number for number, step in enumerate(self.steps) if step.step == name]
        if len(numbers) != 1:
            problem = f"has {len(numbers)} steps {name!r}" if numbers else f"has no step {name!r}"
            raise RecipeError(
                f"the recipe {problem}", where=self.id, todo=f"Name one of {', '.join(self.stage_names)}."
            )
        return numbers[0]


def load_recipe(path: Path | str) -> Recipe:
    """The recipe in a YAML file.

    Raises:
        RecipeError: the file is absent, no YAML, or no recipe (see `Recipe.of`); naming file and field.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mean.yaml"
    ...     _ = file.write_text("{id: mean, version: '1', label: Mean, steps: [{step: aggregate}]}")
    ...     load_recipe(file).steps[0].step
    'aggregate'
    """
    path = Path(path)
    return Recipe.of(read_mapping(path), where=path.name)


def _refusal(error: ValidationError, where: str) -> RecipeError:
    """The first thing that is wrong, with its field."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ParameterRefused):
        field, what = ".".join([*place, cause.field]), cause.what
    elif first["type"] == "extra_forbidden":
        known = UncertaintySpec if place[0] == "uncertainty" else Recipe
        field, what = ".".join(place), "is unknown"
        if len(place) < (3 if known is UncertaintySpec else 2):
            what += f"; use one of {', '.join(known.model_fields)}"
    else:
        message = first["msg"].removeprefix("Value error, ")
        field, what = ".".join(place), f"{message[0].lower()}{message[1:]}"
        what += "; put it in quotes" if first["type"] == "string_type" else ""
    what, _, hint = what.partition("; ")
    todo = f"{hint[0].upper()}{hint[1:]}." if hint else "Correct it in the recipe."
    return RecipeError(f"{field}: {what}" if field else what, where=where, todo=todo)
