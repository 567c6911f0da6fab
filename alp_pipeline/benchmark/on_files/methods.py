"""All methods for a matrix by name, with the choices that each of them heeds.

Belongs here: the list of methods, refusing a choice that would do nothing. Does not: the methods.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.files import named_after
from alp_pipeline.benchmark.on_files import complexity_methods as complex_
from alp_pipeline.benchmark.on_files import region_methods as regional
from alp_pipeline.benchmark.on_files import spatial_methods as spatial
from alp_pipeline.benchmark.on_files import structure_methods as plain
from alp_pipeline.benchmark.on_files import variable_methods as variable
from alp_pipeline.benchmark.on_files.outcome import Outcome, require_writable, write_outcome
from alp_pipeline.benchmark.on_files.request import Choices, read_request
from alp_pipeline.benchmark.on_files.side_files import NACE

_FILE = frozenset({"sheet", "year"})
_EVERY = _FILE | {"total_column", "total_row"}
_REFERENCE = frozenset({"reference"})
_TOTALS = _REFERENCE | {"region_totals"}
_BOUNDS = frozenset({"groups", "rounding", "public"})
_PRESENCE = _TOTALS | {"threshold", "minimum_size", "unknown"}
_RELATED = _PRESENCE | {"measure", "diagonal"}
_REPORT = frozenset({"report"})
_SPATIAL = _TOTALS | {"neighbours"}
_WORDS = {
    "against",
    "alternative",
    "interval",
    "measure",
    "missing",
    "origin",
    "unknown",
    "variant",
    "weighting",
}


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        compute: what `read` gives → outcome.
        heeds: the names of the choices that change its result.
        default_groups: the groups taken when none are named.
        matrices: how many it takes at most.
        read: how its files become what it computes from.
    """

    compute: Callable[[Any], Outcome]
    heeds: frozenset[str]
    default_groups: str | None = None
    matrices: int = 1
    read: Callable[..., Any] = read_request

    @property
    def says(self) -> str:
        """What it is, in a line: the first of its function's docstring, after its name."""
        return (self.compute.__doc__ or "").partition("\n")[0].split(": ", 1)[-1].rstrip(".")


METHODS: dict[str, Method] = {
    "lq": Method(plain.quotient, _TOTALS | {"long"}),
    "symmetric-lq": Method(plain.symmetric_quotient, _TOTALS | {"long"}),
    "weighted-lq": Method(plain.weighted_quotient, _TOTALS | {"long", "weighting", "among_published"}),
    "lq-interval": Method(
        plain.quotient_interval, _TOTALS | _BOUNDS | {"interval", "confidence", "persons_per_draw"}
    ),
    "krugman": Method(plain.krugman_of, _REFERENCE | _BOUNDS),
    "hachman": Method(plain.hachman_of, _REFERENCE | _BOUNDS),
    "herfindahl": Method(plain.herfindahl_of, _BOUNDS),
    "theil": Method(plain.theil_of, _REFERENCE | _BOUNDS | {"base", "against"}),
    "entropy": Method(plain.entropy_of, _BOUNDS | {"base"}),
    "variety": Method(plain.variety_of, _BOUNDS | {"base"}, default_groups=NACE),
    "gini": Method(plain.gini_of, frozenset({"region_totals"})),
    "hoover": Method(plain.hoover_of, frozenset({"region_totals", "population"})),
    "shift-share": Method(
        plain.shift_share_of,
        _TOTALS | {"first_year", "last_year", "variant", "by_region"},
        matrices=2,
    ),
    "relatedness": Method(complex_.relatedness_matrix, _RELATED),
    "proximity": Method(complex_.relatedness_matrix, _PRESENCE | {"diagonal"}),
    "density": Method(complex_.density, _RELATED | _REPORT | {"nearest"}),
    "opportunities": Method(complex_.opportunities, _RELATED | _REPORT | {"nearest"}),
    "complexity": Method(complex_.complexity_indices, _PRESENCE | _REPORT | {"anchor"}),
    "eci": Method(complex_.regions_complexity, _PRESENCE | _REPORT | {"anchor"}),
    "pci": Method(complex_.activities_complexity, _PRESENCE | {"anchor"}),
    "fitness": Method(complex_.fitness, _PRESENCE | _REPORT),
    "coi": Method(complex_.outlook_index, _RELATED | _REPORT | {"anchor", "origin"}),
    "cog": Method(complex_.outlook_gain, _RELATED | _REPORT | {"anchor", "origin"}),
    "reflections": Method(regional.reflections_of, _PRESENCE | {"rounds"}),
    "strength": Method(regional.strength, _TOTALS | {"scheme"}),
    "diversity": Method(regional.diversity_of, frozenset()),
    "volatility": Method(regional.volatility_of, frozenset({"variant", "years_min"})),
    "recovery": Method(regional.recovery_of, _REFERENCE | {"peak_years", "fall_years", "until"}),
    "reference-regions": Method(
        variable.reference_regions_of,
        _REPORT | {"nearest", "dimensions", "countries"},
        read=variable.read_variables,
    ),
    "performance-gap": Method(
        variable.performance_gap_of,
        _REPORT | {"peers", "directions", "peers_min"},
        read=variable.read_variables,
    ),
    "spatial-lq": Method(spatial.spatial_quotient, _SPATIAL | _REPORT | {"missing"}),
    "moran": Method(spatial.moran, _SPATIAL | {"permutations", "seed", "alternative"}),
}


def compute(name: str, matrices: tuple[Path, ...], given: dict[str, Any]) -> Outcome:
    """Apply a method to a matrix.

    Args:
        name: one of METHODS.
        matrices: its file; for shift-share also two, the first and the last year's.
        given: the choices that somebody made (fields of `request.Choices`); all others have their defaults.

    Raises:
        BenchmarkInputError: an unknown method, too many files, a choice that does nothing for this method;
            whatever the method or a file brings up.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jobs, near = Path(folder) / "jobs.csv", Path(folder) / "near.csv"
    ...     _ = jobs.write_text("geo,C10,I55\\nAT33,30,10\\nITH1,10,30\\nSI04,20,20\\n", encoding="utf-8")
    ...     _ = near.write_text("region_code,neighbour_code\\nAT33,ITH1\\nITH1,AT33\\n", encoding="utf-8")
    ...     alone = compute("lq", (jobs,), {})
    ...     pooled = compute("spatial-lq", (jobs,), {"neighbours": near})
    >>> alone.table["C10"].tolist(), pooled.table["C10"].tolist(), pooled.summary["islands"]
    ([1.5, 0.5, 1.0], [1.0, 1.0, 1.0], ['SI04'])
    """
    method = method_of(name)
    if not 1 <= len(matrices) <= method.matrices:
        raise BenchmarkInputError(
            f"{len(matrices)} matrices",
            where=name,
            todo=f"Pass {'one, or two of two years' if method.matrices == 2 else 'one'}.",
        )
    _require_heeded(name, given)
    choices = Choices(**{choice: _word(choice, value) for choice, value in given.items()})
    request = method.read(matrices, choices, default_groups=method.default_groups)
    with named_after(matrices[0], "matrix"):
        found = method.compute(request)
    if not request.absent:
        return found
    return replace(found, summary={**found.summary, "regions_without_this_year": list(request.absent)})


def apply_to_files(name: str, matrices: tuple[Path, ...], out: Path, given: dict[str, Any]) -> Outcome:
    """Compute and write: `out` is there whole afterwards, or as it was.

    Args:
        name, matrices, given: see `compute`. out: CSV, Parquet or XLSX.

    Raises:
        BenchmarkInputError: another suffix; `out` is a file that is read; see `compute`. Nothing is written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jobs, out = Path(folder) / "jobs.csv", Path(folder) / "lq.csv"
    ...     _ = jobs.write_text("geo,C10,I55\\nAT33,30,10\\nITH1,10,30\\n", encoding="utf-8")
    ...     _ = apply_to_files("lq", (jobs,), out, {"long": True})
    ...     out.read_text(encoding="utf-8").splitlines()[:2]
    ['geo,activity,value,state', 'AT33,C10,1.5,reported']
    """
    require_writable(out)
    beside = [value for value in given.values() if isinstance(value, str | Path)]
    inputs = [*matrices, *(Path(value) for value in beside)]
    if out.resolve() in [path.resolve() for path in inputs]:
        raise BenchmarkInputError(
            "--out is a file that is read", where=out.name, todo="Name another file for the result."
        )
    found = compute(name, matrices, given)
    write_outcome(found, out)
    return found


def method_of(name: str) -> Method:
    """The method of a name.

    >>> method_of("krugman").says
    'Σ |p - q|, and half of it'
    """
    if name not in METHODS:
        raise BenchmarkInputError(
            f"there is no method {name!r}", where="method", todo=f"Use one of {', '.join(METHODS)}."
        )
    return METHODS[name]


def _word(choice: str, value: Any) -> Any:
    """Words may be written with hyphens, as everything else on a command line."""
    return value.replace("-", "_") if choice in _WORDS else value


def _require_heeded(name: str, given: Iterable[str]) -> None:
    method = METHODS[name]
    ignored = sorted(set(given) - method.heeds - (_EVERY if method.read is read_request else _FILE))
    if ignored:
        heeded = ", ".join("--" + word.replace("_", "-") for word in sorted(method.heeds | _FILE))
        raise BenchmarkInputError(
            f"--{ignored[0].replace('_', '-')} does nothing here", where=name, todo=f"It heeds {heeded}."
        )
