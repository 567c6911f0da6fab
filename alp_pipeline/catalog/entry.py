"""What every entry of the catalogue is made of: the frozen model, words, codes, names in five languages.

Belongs here: the base of entries and the types of their fields. Does not: any kind of entry
(catalog.datasets, catalog.models).
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

LANGUAGES = ("en", "it", "de", "fr", "sl")
PACKAGE_ORIGIN = "package"


def _one_line(text: str) -> str:
    return " ".join(text.split())


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_one_line)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
DatasetId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*\.[a-z0-9_$.-]+$")]
Dimension = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\s.,;=]+$")]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Model(BaseModel):
    """A part of an entry: frozen, and a field nobody declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(Model):
    """An entry of its own, with an id and the place it came from."""

    id: str
    origin: str = Field(
        default=PACKAGE_ORIGIN,
        description="'package', or the file's path relative to the site's folder; set by the loader",
    )

    def digest(self) -> str:
        """SHA-256 of the entry's canonical JSON: equal entries, equal digests, on every machine."""
        document = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(document.encode()).hexdigest()


class Labels(Model):
    """A name in all five languages of the project."""

    en: Text
    it: Text
    de: Text
    fr: Text
    sl: Text


class Title(Model):
    """A name in English, and in the other languages where there is one."""

    en: Text
    it: Text | None = None
    de: Text | None = None
    fr: Text | None = None
    sl: Text | None = None

    def best(self, language: str) -> str:
        """The name in `language`, or in English where there is none."""
        return getattr(self, language) or self.en
