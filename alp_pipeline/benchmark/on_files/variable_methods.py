"""Reference regions of a user's table of variables, and how far each region is from them.

Belongs here: a region × variable table of any numbers, what stands beside it, calling `reference_regions` and
`performance_gap`, columns of the result. Does not: any formula, matrices of counts (request).
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.files import read_table
from alp_pipeline.benchmark.on_files.matrix_file import code_text, read_cells_of
from alp_pipeline.benchmark.on_files.outcome import Outcome
from alp_pipeline.benchmark.on_files.request import Choices
from alp_pipeline.benchmark.on_files.structure_methods import states_of
from alp_pipeline.benchmark.performance_gap import performance_gap
from alp_pipeline.benchmark.reference_regions import reference_regions
from alp_pipeline.benchmark.structural_distance import (
    StructuralDimension,
    structural_distance,
    structural_profile,
)

NUTS = "nuts"


@dataclass(frozen=True)
class Variables:
    """A table of variables, long: region, activity (the variable), perhaps year, value, cell_state."""

    cells: pd.DataFrame
    region_heading: str
    choices: Choices
    absent: tuple[str, ...] = ()


def read_variables(
    matrices: tuple[Path, ...], choices: Choices, *, default_groups: str | None = None
) -> Variables:
    """Read a table of variables, any numbers, in the layouts of a matrix.

    Args:
        matrices: the file. choices: its sheet and year. default_groups: none; as `read_request` is called.

    Raises:
        BenchmarkInputError: a cell twice; see `matrix_file.read_matrix`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "rates.csv"
    ...     _ = file.write_text("geo,growth\\nAT33,-1.5\\nITH1,2\\n", encoding="utf-8")
    ...     read_variables((file,), Choices()).cells[["region", "activity", "value"]].values.tolist()
    [['AT33', 'growth', -1.5], ['ITH1', 'growth', 2.0]]
    """
    cells, heading = read_cells_of(matrices[0], sheet=choices.sheet, year=choices.year)
    keys = [name for name in ("region", "activity", "year") if name in cells]
    if cells.duplicated(keys).any():
        twice = " × ".join(map(str, cells.loc[cells.duplicated(keys), keys].iloc[0]))
        raise BenchmarkInputError(
            f"the cell {twice} appears more than once", where=matrices[0].name, todo="Keep one of them."
        )
    return Variables(cells, heading, choices)


def reference_regions_of(given: Variables) -> Outcome:
    """reference-regions: the structurally nearest regions of each, and what each dimension adds.

    Raises:
        BenchmarkInputError: several years; what a file of dimensions or countries or the method brings up.

    >>> cells = pd.DataFrame({"region": ["A", "B", "C"], "activity": "density", "value": [1.0, 2.0, 9.0],
    ...                       "cell_state": "reported"})
    >>> found = reference_regions_of(Variables(cells, "geo", Choices(nearest=1))).table
    >>> found[["geo", "peer"]].values.tolist()
    [['A', 'B'], ['B', 'A'], ['C', 'B']]
    """
    choices, cells = given.choices, given.cells
    if "year" in cells and cells["year"].nunique() > 1:
        raise BenchmarkInputError("the table has several years", where="matrix", todo="Choose one: --year.")
    table = cells.pivot(index="region", columns="activity", values="value")
    dimensions = _dimensions(choices.dimensions, table.columns)
    distance = structural_distance(structural_profile(table, dimensions))
    found = reference_regions(
        distance,
        k=20 if choices.nearest is None else choices.nearest,
        countries=_countries(choices.countries, table.index),
        exclude_own_country=choices.countries is not None,
    )
    parts = found.contributions.pivot(
        index=["region_code", "peer_code"], columns="dimension_id", values="contribution"
    )
    parts = parts.rename(columns="contribution_{}".format).reset_index()
    peers = found.peers.merge(parts, on=["region_code", "peer_code"], how="left", validate="one_to_one")
    if choices.report:
        peers = peers[peers["region_code"].isin(choices.report)]
    kept = found.stability.groupby("dimension_id")["kept_pct"].mean()
    summary = {
        "dimensions": {one.dimension_id: one.weight for one in dimensions},
        "peers_kept_without_pct": {str(name): float(share) for name, share in kept.items()},
        "regions_without_peers": sorted(set(table.index) - set(found.peers["region_code"])),
    }
    return Outcome(_named(given, peers.reset_index(drop=True)), summary)


def performance_gap_of(given: Variables) -> Outcome:
    """performance-gap: each region's difference to the median and mean of its reference regions.

    Raises:
        BenchmarkInputError: no peers or no directions; a direction that is none of 1, -1, 0.

    >>> import tempfile
    >>> cells = pd.DataFrame({"region": ["A", "B", "C"], "activity": "unemployment", "value": [3.0, 4.0, 6.0],
    ...                       "cell_state": "reported"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     peers, better = Path(folder) / "peers.csv", Path(folder) / "better.csv"
    ...     _ = peers.write_text("region,peer\\nA,B\\nA,C\\n", encoding="utf-8")
    ...     _ = better.write_text("indicator,direction\\nunemployment,-1\\n", encoding="utf-8")
    ...     choices = Choices(peers=peers, directions=better, peers_min=2)
    ...     found = performance_gap_of(Variables(cells, "geo", choices)).table
    >>> found[["geo", "group_median", "gap_to_median", "standing"]].values.tolist()
    [['A', 5.0, -2.0, 'ahead']]
    """
    choices, cells = given.choices, given.cells
    if choices.peers is None or choices.directions is None:
        raise BenchmarkInputError(
            "nobody says who is whose peer, or which indicators are better high",
            where="performance-gap",
            todo="Pass --peers FILE (region, peer) and --directions FILE (indicator, 1, -1 or 0).",
        )
    groups = _pairs(choices.peers).set_axis(["region_code", "peer_code"], axis=1)
    directions = {
        code: _direction(word, choices.directions.name)
        for code, word in _pairs(choices.directions).itertuples(index=False)
    }
    values = cells.rename(columns={"region": "region_code", "activity": "indicator_id"})
    if "year" not in values:
        values = values.assign(year=0)
    regions = choices.report or tuple(dict.fromkeys(groups["region_code"]))
    found = performance_gap(
        values[["indicator_id", "region_code", "year", "value", "cell_state"]],
        groups,
        directions,
        regions=regions,
        peers_min=choices.peers_min,
    )
    if "year" not in cells:
        found = found.drop(columns="year")
    standings = {str(word): int(n) for word, n in found["standing"].value_counts().sort_index().items()}
    return Outcome(
        _named(given, found),
        {"peers_min": choices.peers_min, "standings": standings, **states_of(found["gap_state"])},
    )


def _named(given: Variables, found: pd.DataFrame) -> pd.DataFrame:
    names = {"region_code": given.region_heading, "peer_code": "peer", "indicator_id": "indicator"}
    return found.rename(columns=names)


def _dimensions(path: Path | None, variables: pd.Index) -> list[StructuralDimension]:
    """Dimensions of a file (variable, dimension, weight, transformation); without, each variable is one."""
    if path is None:
        return [StructuralDimension(str(name), 1.0, {str(name): "none"}) for name in variables]
    frame = read_table(path)
    names = {str(name).strip().lower(): name for name in frame.columns}
    if not {"variable", "dimension"} <= set(names):
        raise BenchmarkInputError(
            "it lacks the column variable or dimension",
            where=path.name,
            todo="Pass columns variable, dimension and, if you like, weight, transformation.",
        )
    found: dict[str, tuple[float, dict[str, str]]] = {}
    for _, row in frame.iterrows():
        cell = {word: code_text(row[name]) for word, name in names.items()}
        try:
            weight = float(cell.get("weight") or 1)
        except ValueError:
            weight = float("nan")
        known = found.setdefault(cell["dimension"], (weight, {}))
        if known[0] != weight:
            raise BenchmarkInputError(
                f"the dimension {cell['dimension']} has the weights {known[0]:g} and {cell['weight']}",
                where=path.name,
                todo="Give every variable of a dimension the dimension's weight, a number.",
            )
        known[1][cell["variable"]] = cell.get("transformation") or "none"
    return [StructuralDimension(name, weight, of) for name, (weight, of) in found.items()]


def _countries(option: str | None, regions: pd.Index) -> dict[str, str] | None:
    if option is None:
        return None
    if option == NUTS:
        return {str(code): str(code)[:2] for code in regions}
    return dict(_pairs(Path(option)).itertuples(index=False, name=None))


def _pairs(path: Path) -> pd.DataFrame:
    frame = read_table(path)
    if frame.shape[1] < 2:
        raise BenchmarkInputError("it has one column", where=path.name, todo="Pass two columns.")
    return pd.DataFrame({place: frame.iloc[:, place].map(code_text) for place in (0, 1)})


def _direction(word: str, where: str) -> int:
    if word not in ("1", "-1", "0", "+1"):
        raise BenchmarkInputError(f"the direction {word!r}", where=where, todo="Use 1, -1 or 0.")
    return int(word)
