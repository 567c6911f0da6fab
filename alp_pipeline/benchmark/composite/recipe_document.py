"""A recipe or a log as a YAML document: one mapping, read strictly, written plainly.

Belongs here: which YAML is read, how plain data are written. Does not: what the document must hold (recipe,
log).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from alp_pipeline.benchmark.cells import BenchmarkInputError


def read_mapping(path: Path) -> dict[str, Any]:
    """The one mapping in a YAML file.

    Read as YAML 1.2 has it: `no` and `on` are words (a country's code may be NO), only true and false are
    truth values, 1e-9 is a number, a date stays text. A key that stands twice is refused.

    Raises:
        BenchmarkInputError: the file is absent, not UTF-8, no YAML or no mapping.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "recipe.yaml"
    ...     _ = file.write_text("{no: 1e-3, yes: true, day: 2014-01-01}")
    ...     read_mapping(file)
    {'no': 0.001, 'yes': True, 'day': '2014-01-01'}
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 - see _Loader
    except FileNotFoundError:
        raise BenchmarkInputError(
            "there is no such file", where=path.name or str(path), todo="Check the path."
        ) from None
    except (yaml.YAMLError, ValueError, OSError) as error:
        what = f"it is not readable YAML ({' '.join(str(error).split())})"
        raise BenchmarkInputError(what, where=path.name or str(path), todo="Correct the file.") from None
    if not isinstance(document, dict):
        raise BenchmarkInputError(
            "it holds no mapping",
            where=path.name or str(path),
            todo="Write `name: value` lines, beginning with id.",
        )
    return document


def written(mapping: Mapping[str, Any]) -> str:
    """Plain data as YAML in the order given; every number is read back as it was.

    >>> print(written({"id": "mean", "steps": [{"step": "aggregate", "method": "arithmetic"}]}), end="")
    id: mean
    steps:
    - step: aggregate
      method: arithmetic
    """
    return yaml.dump(plain(mapping), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def plain(value: Any) -> Any:
    """A value as mappings, lists, texts and numbers of Python's own.

    >>> plain({"limits": (np.float64(0.5), np.int64(2)), 2: None})
    {'limits': [0.5, 2], 2: None}
    """
    if isinstance(value, Mapping):
        return {plain(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(plain(each) for each in value)
    if isinstance(value, np.ndarray) or (isinstance(value, Sequence) and not isinstance(value, str)):
        return [plain(each) for each in value]
    return value


class _Loader(yaml.SafeLoader):
    """The safe loader with the scalars of YAML 1.2, refusing a key that stands twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - of PyYAML

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    """The safe dumper for what `_Loader` reads: what would be read as something else is quoted."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - of PyYAML

    def ignore_aliases(self, data: Any) -> bool:
        return True


_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
)
for _kind in (_Loader, _Dumper):
    for _name, _pattern, _first in _SCALARS:
        _kind.add_implicit_resolver(
            f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
        )
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(str(node.value)))
