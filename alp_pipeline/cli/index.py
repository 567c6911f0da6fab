"""`alp index`: a composite index of anyone's tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alp_pipeline.cli.output import as_json_option, say

if TYPE_CHECKING:
    from alp_pipeline.benchmark.composite.index import IndexResult

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("data", type=_FILE)
@click.option("--framework", type=_FILE, default=None, help="Indicators and what they add up to (iMeta).")
@click.option("--recipe", type=_FILE, required=True, help="The steps, YAML.")
@click.option("--out", type=_FILE, required=True, help="The folder to write; an earlier result is replaced.")
@click.option("--draws", type=click.IntRange(min=1), default=None, help="Instead of the recipe's.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Instead of the recipe's.")
@as_json_option
def index(
    data: Path,
    framework: Path | None,
    recipe: Path,
    out: Path,
    draws: int | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Compute the composite index of DATA (CSV, XLSX, Parquet) by a recipe.

    Writes scores.csv, ranks.csv, a table per step, what each step did, and log.yaml.
    The steps and their parameters: docs/index.md.
    """
    from alp_pipeline.benchmark.composite.user_files import index_of_files

    written = index_of_files(data, recipe, out, framework=framework, draws=draws, seed=seed)
    tops = [_summary(written.result, code) for code in _tops(written.result)]
    answer: dict[str, Any] = {
        "out": str(written.folder),
        "files": list(written.files),
        "indices": tops,
        "remarks": list(written.remarks),
    }
    lines = [
        f"{top['code']}: {top['scored']} of {top['units']} units"
        + (" × years" if "time" in top else "")
        + " have a score"
        + (f", {top['undetermined']} undetermined" if top["undetermined"] else "")
        + (f"; first {_in_year(top)}{', '.join(top['first'])}" if top["first"] else "")
        for top in tops
    ]
    lines += [f"note: {remark}" for remark in written.remarks]
    lines.append(f"{len(written.files)} files in {written.folder}")
    say(answer, "\n".join(lines), as_json=as_json)


def _tops(result: "IndexResult") -> tuple[str, ...]:
    return result.framework.codes(result.framework.depth)


def _summary(result: "IndexResult", code: str) -> dict[str, Any]:
    from alp_pipeline.benchmark.composite.index import RAW

    ranked = result.ranks[code].dropna()
    year: dict[str, int] = {}
    best = ranked
    if result.units.is_panel and len(ranked):
        year["time"] = int(ranked.index.get_level_values(1).max())
        best = ranked.xs(year["time"], level=1)
    return {
        "code": code,
        "units": len(result.stages[RAW].index),
        "scored": len(ranked),
        "undetermined": int((result.states[code] == "undetermined").sum()),
        **year,
        "first": [str(unit) for unit in best.sort_values(kind="stable").index[:3]],
    }


def _in_year(top: dict[str, Any]) -> str:
    """Of a panel the first ones of its last year are named."""
    return f"in {top['time']} " if "time" in top else ""
