"""`alp specialisation`: quotients, structure, relatedness and complexity of anyone's matrix."""

from pathlib import Path
from typing import Any

import click

from alp_pipeline.cli.output import as_json_option, say

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("method")
@click.argument("matrices", nargs=-1, type=_FILE, required=True, metavar="MATRIX")
@click.option("--out", type=_FILE, required=True, help="The file to write: .csv, .parquet or .xlsx.")
@click.option("--sheet", default=None, help="The sheet of a workbook.")
@click.option("--year", type=int, default=None, help="This year's cells alone.")
@click.option("--total-column", default=None, help="The column (activity) that holds the regions' totals.")
@click.option("--total-row", default=None, help="The row (region) that holds the reference's totals.")
@click.option("--reference", default=None, help="The reference's totals: a file, or: published.")
@click.option("--region-totals", type=_FILE, default=None, help="A file: region, value.")
@click.option("--groups", default=None, help="nace, or a file: activity, group.")
@click.option("--rounding", type=float, default=None, help="Numbers were rounded to this unit (1).")
@click.option("--public", is_flag=True, default=None, help="No bounds of what is confidential.")
@click.option("--long", is_flag=True, default=None, help="A row per cell, with its state.")
@click.option("--base", type=float, default=None, help="Of logarithms: 2, for theil e.")
@click.option("--against", default=None, help="theil: reference or uniform.")
@click.option(
    "--weighting", default=None, help="weighted-lq: log_standardised, standardised, employment, excess."
)
@click.option(
    "--among-published", is_flag=True, default=None, help="weighted-lq: standardise among what is known."
)
@click.option("--interval", default=None, help="lq-interval: bounds or sampling.")
@click.option("--confidence", type=float, default=None, help="lq-interval: of sampling intervals (0.95).")
@click.option(
    "--persons-per-draw", type=float, default=None, help="lq-interval: persons that come together (1)."
)
@click.option("--population", type=_FILE, default=None, help="hoover: a file: region, value.")
@click.option("--first-year", type=int, default=None, help="shift-share.")
@click.option("--last-year", type=int, default=None, help="shift-share.")
@click.option(
    "--variant",
    default=None,
    help="shift-share: classic, esteban_marquillas, dynamic, dynamic_esteban_marquillas.",
)
@click.option("--by-region", is_flag=True, default=None, help="shift-share: sums over activities.")
@click.option("--threshold", type=float, default=None, help="Present from this quotient on (1).")
@click.option("--minimum-size", type=float, default=None, help="Present from this size on (0).")
@click.option("--unknown", default=None, help="Unknown presence: refuse, fewest, regions, activities.")
@click.option(
    "--measure",
    default=None,
    help="Relatedness: proximity, co_occurrence, cosine, jaccard, association_strength, probability.",
)
@click.option("--diagonal", type=float, default=None, help="Relatedness of an activity with itself (0).")
@click.option("--nearest", type=int, default=None, help="density: the so many most related activities.")
@click.option("--anchor", type=_FILE, default=None, help="complexity: what it rises with: region, value.")
@click.option("--origin", default=None, help="coi, cog: eigenvector or given.")
@click.option("--neighbours", type=_FILE, default=None, help="A file: region_code, neighbour_code.")
@click.option("--missing", default=None, help="spatial-lq: propagate or leave_out.")
@click.option("--permutations", type=int, default=None, help="moran (999).")
@click.option("--seed", type=int, default=None, help="moran (0).")
@click.option("--alternative", default=None, help="moran: two_sided, greater, less.")
@click.option("--report", multiple=True, help="Only this region is written; may be repeated.")
@as_json_option
def specialisation(method: str, matrices: tuple[Path, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Apply METHOD to a region × activity MATRIX (CSV, XLSX, Parquet; wide or long) and write --out.

    \b
    Quotients      lq symmetric-lq weighted-lq lq-interval spatial-lq
    Of regions     krugman hachman herfindahl theil entropy variety
    Of activities  gini hoover moran
    Change         shift-share (one matrix with years, or two matrices)
    Relatedness    relatedness proximity density opportunities
    Complexity     complexity eci pci fitness coi cog

    An option that does nothing for a method is refused. Formulas, sources and what a hidden or missing
    cell does: docs/specialisation.md.
    """
    from alp_pipeline.benchmark.on_files.methods import apply_to_files, method_of

    given = {name: value for name, value in options.items() if value is not None and value != ()}
    says = method_of(method).says
    found = apply_to_files(method, matrices, out, given)
    answer = {"method": method, "out": str(out), "rows": len(found.table), **found.summary}
    lines = [f"{method} ({says}): {len(found.table)} rows in {out}"]
    lines += [f"  {name}: {_text(value)}" for name, value in found.summary.items()]
    if found.internal:
        lines.append(
            "  It holds bounds of confidential figures: not for the public (--public leaves them out)."
        )
    say(answer, "\n".join(lines), as_json=as_json)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
