"""The words and number formats of a report's language.

Belongs here: loading a language's text, filling it in, writing numbers and times. Does not: any sentence
(text/<language>.yaml and text/<language>_<part>.yaml), markup (page).
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from alp_pipeline.errors import AlpError

THIN = "\u202f"  # narrow no-break space: groups digits and never breaks a number over two lines
MINUS = "\u2212"
_FOLDER = Path(__file__).parent / "text"


class WordingMissing(AlpError):
    """A language lacks a text, or a text a name that it is filled with."""


class Wording:
    """One language's words.

    >>> words = wording("en")
    >>> words("strongest.rank_value", rank=2, count=33)
    '2 of 33'
    >>> words.counted("summary.state_part.confidential", 1)
    '1 is confidential'
    >>> words.join(["A", "B", "C"])
    'A, B and C'
    """

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self.language = language
        self._texts = texts

    def entry(self, key: str) -> Any:
        """What stands under a dotted key: a text, a list or a group."""
        found: Any = self._texts
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise WordingMissing(
                    f"there is no text {key}",
                    where=f"text/{self.language}.yaml",
                    todo="Add the key; the English files have all of them.",
                )
            found = found[part]
        return found

    def __call__(self, key: str, **values: object) -> str:
        template = self.entry(key)
        try:
            return str(template).format(**values)
        except KeyError as error:
            raise WordingMissing(
                f"the text {key} asks for {error}, which it is not given",
                where=f"text/{self.language}.yaml",
                todo="Use the names that the English text uses.",
            ) from error

    def counted(self, key: str, n: int, **values: object) -> str:
        """The form of a text that belongs to the number `n`."""
        return self(f"{key}.{'one' if n == 1 else 'other'}", n=self.number(n), **values)

    def join(self, parts: Sequence[str]) -> str:
        """An enumeration."""
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + str(self.entry("and")) + parts[-1]

    def word(self, code: str) -> str:
        """A code of the warehouse as a word of the language, as it stands where there is none."""
        return str(self.entry("vocabulary").get(code, code.replace("_", " ")))

    def unit(self, code: str) -> str:
        """A unit of measure in words, its code where there is none."""
        return str(self.entry("units").get(code, code))

    def state(self, state: str) -> str:
        return self(f"states.{state}")

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        """A rounded number: digits grouped by thin spaces, a true minus.

        >>> words = wording("en")
        >>> words.number(1234567.0), words.number(-0.04, 1), words.number(3.25, 1, signed=True)
        ('1\\u202f234\\u202f567', '0.0', '+3.2')
        """
        written = f"{abs(value):,.{digits}f}"
        is_zero = not any(digit in "123456789" for digit in written)
        sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
        whole, _, fraction = written.partition(".")
        mark = str(self.entry("decimal_mark"))
        return sign + whole.replace(",", THIN) + (mark + fraction if fraction else "")

    def alike(self, values: Collection[float]) -> Callable[[float], str]:
        """A way to write values that are compared: all with the same number of decimals.

        None where all are whole or the largest has four digits before the mark, else enough for the
        largest to show three digits, at least one.

        >>> words = wording("en")
        >>> [words.alike([5.8, 36.0])(v) for v in (5.8, 36.0)], words.alike([54.8, 4256.1])(54.8)
        (['5.8', '36.0'], '55')
        >>> words.alike([0.0371])(0.0371)
        '0.0371'
        """
        largest = max((abs(value) for value in values), default=0.0)
        if largest >= 1000 or all(float(value).is_integer() for value in values):
            digits = 0
        else:
            digits = max(1, min(6, 2 - math.floor(math.log10(largest)))) if largest < 1 else 1
        return lambda value: self.number(value, digits)

    def quotient(self, value: float) -> str:
        return self.number(value, 2 if value < 10 else 1)

    def percent(self, value: float, *, signed: bool = False) -> str:
        size = abs(value)
        digits = 1 if size >= 0.1 or size == 0 else 2
        return f"{self.number(value, digits, signed=signed)}{THIN}%"

    def moment(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d %H:%M}".removesuffix(" 00:00")

    def day(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d}"


@cache
def wording(language: str = "en") -> Wording:
    """The words of a language.

    Raises:
        WordingMissing: there is no such language, or two of its files have a first key in common.
    """
    import yaml

    file = _FOLDER / f"{language}.yaml"
    if not file.is_file():
        raise WordingMissing(
            "there is no text in this language", where=str(file), todo="Translate text/en.yaml to it."
        )
    texts: dict[str, Any] = {}
    for part in (file, *sorted(_FOLDER.glob(f"{language}_*.yaml"))):
        found = yaml.safe_load(part.read_text(encoding="utf-8"))
        twice = sorted(texts.keys() & found.keys())
        if twice:
            raise WordingMissing(
                f"{', '.join(twice)} stands in another file of this language too",
                where=str(part),
                todo="Give every first key in one file.",
            )
        texts |= found
    return Wording(language, texts)
