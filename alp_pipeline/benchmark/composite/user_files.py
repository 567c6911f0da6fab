"""An index of anyone's tables: three files in, a folder out.

Belongs here: which file is what, what the user's own columns are called, which results go along.
Does not: formats (files), the command (cli), anything numerical.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alp_pipeline.benchmark.composite.export import (
    clear_after_the_dead,
    export_index,
    labelled,
    require_replaceable,
)
from alp_pipeline.benchmark.composite.files import named_after
from alp_pipeline.benchmark.composite.framework import Framework, framework_file
from alp_pipeline.benchmark.composite.index import IndexResult, compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeError, load_recipe
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity
from alp_pipeline.benchmark.composite.units import UnitTable, units_file

SENSITIVITY_ROWS = 1000
_LABELS = {"unit": ("ucode", "unit"), "time": ("time",)}


@dataclass(frozen=True, eq=False)
class WrittenIndex:
    """An index and the files it was written to.

    Attributes:
        remarks: what its user should know of the files read, the folder and the result, a sentence each.
    """

    result: IndexResult
    folder: Path
    files: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def index_of_files(
    data: Path,
    recipe: Path,
    out: Path,
    *,
    framework: Path | None = None,
    draws: int | None = None,
    seed: int | None = None,
) -> WrittenIndex:
    """Compute the index of a table and write it as a folder (see `export.export_index`).

    Where the recipe says what is uncertain, the folder also has intervals.csv (places and scores over the
    draws), rank_acceptability.csv, above.csv (how often a unit is above another), classes.csv,
    uncertainty_configuration.csv (what was really varied; see `uncertainty.results`) and sensitivity.csv
    (Sobol indices of as many rows as there are draws, at most SENSITIVITY_ROWS).

    Args:
        data: CSV, XLSX or Parquet; for its columns see `UnitTable.of`.
        recipe: YAML.
        out: the folder.
        framework: CSV, XLSX or Parquet; the one that the recipe names when omitted.
        draws, seed: instead of those of the recipe's uncertainty.

    Raises:
        BenchmarkInputError: whatever is wrong with one of the files, by name; nothing was written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = (folder / "data.csv").write_text("unit,jobs\\nAT,10\\nCH,30\\nSI,15\\n")
    ...     _ = (folder / "tree.csv").write_text("code,level,parent,direction,type\\n"
    ...                                          "jobs,1,index,1,Indicator\\nindex,2,,,Aggregate\\n")
    ...     _ = (folder / "recipe.yaml").write_text("{id: jobs, version: '1', label: Jobs, "
    ...                                             "framework: tree.csv, "
    ...                                             "steps: [{step: normalise}, {step: aggregate}]}")
    ...     written = index_of_files(folder / "data.csv", folder / "recipe.yaml", folder / "out")
    ...     print((folder / "out" / "ranks.csv").read_text(), end="")
    unit,index
    AT,3
    CH,1
    SI,2
    """
    cleared = clear_after_the_dead(out)
    require_replaceable(out.resolve())
    followed = load_recipe(recipe).drawn(draws=draws, seed=seed)
    if framework is None and followed.framework is None:
        raise RecipeError(
            "neither it nor the command names a framework",
            where=recipe.name,
            todo="Pass --framework FILE, or write `framework: FILE` into the recipe.",
        )
    path = framework or recipe.parent / str(followed.framework)
    meta = framework_file(path)
    with named_after(path, "framework"):
        tree = Framework.of(meta.table)
    cells = units_file(data, tree)
    with named_after(data, "data"):
        units, labels = UnitTable.of(cells.table, tree), label_columns(cells.table)
    result = compute_index(units, tree, followed)
    more = {} if followed.uncertainty is None else _uncertainty_tables(units, tree, followed, labels)
    read = (*meta.remarks, *cells.remarks)
    files = export_index(result, out, labels=labels, more=more, remarks=read)
    return WrittenIndex(result, out, files, (*cleared, *read, *result.remarks))


def _uncertainty_tables(
    units: UnitTable, framework: Framework, recipe: Recipe, labels: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """What the draws of a recipe say, by file name."""
    drawn = monte_carlo(units, framework, recipe)
    draws = 0 if recipe.uncertainty is None else recipe.uncertainty.draws
    found = sensitivity(units, framework, recipe, n=max(2, min(draws, SENSITIVITY_ROWS)))
    return {
        "intervals.csv": labelled(drawn.summary, labels),
        "rank_acceptability.csv": labelled(drawn.rank_acceptability, labels),
        "above.csv": labelled(drawn.above, labels),
        "classes.csv": labelled(drawn.classes, labels),
        "uncertainty_configuration.csv": drawn.configuration,
        "sensitivity.csv": found.table,
    }


def label_columns(data: pd.DataFrame) -> tuple[str, str]:
    """What the data call the column of units and that of time.

    >>> label_columns(pd.DataFrame(columns=["uName", "uCode", "Time", "LPI"]))
    ('uCode', 'Time')
    """
    columns = {str(name).strip().lower(): str(name) for name in reversed(list(data.columns))}
    unit, time = (
        next((columns[known] for known in names if known in columns), default)
        for default, names in _LABELS.items()
    )
    return unit, time
