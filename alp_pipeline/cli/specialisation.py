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
    help="shift-share: classic, esteban_marquillas, dynamic, dynamic_esteban_marquillas; volatility: "
    "growth_rates, log_trend.",
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
@click.option(
    "--nearest", type=int, default=None, help="density: so many related activities; peers of a region (20)."
)
@click.option("--anchor", type=_FILE, default=None, help="complexity: what it rises with: region, value.")
@click.option("--origin", default=None, help="coi, cog: eigenvector or given.")
@click.option("--neighbours", type=_FILE, default=None, help="A file: region_code, neighbour_code.")
@click.option("--missing", default=None, help="spatial-lq: propagate or leave_out.")
@click.option("--permutations", type=int, default=None, help="moran (999).")
@click.option("--seed", type=int, default=None, help="moran (0).")
@click.option("--alternative", default=None, help="moran: two_sided, greater, less.")
@click.option("--rounds", type=int, default=None, help="reflections (2).")
@click.option("--scheme", default=None, help="strength: a scheme of the catalogue, or a file of its rows.")
@click.option("--years-min", type=int, default=None, help="volatility: growth rates that it needs (5).")
@click.option("--peak-years", default=None, help="recovery: where to look for the peak, FIRST-LAST.")
@click.option("--fall-years", default=None, help="recovery: by when the fall has begun, FIRST-LAST.")
@click.option("--until", type=int, default=None, help="recovery: the last year that counts.")
@click.option("--dimensions", type=_FILE, default=None, help="A file: variable, dimension, weight.")
@click.option("--countries", default=None, help="No peers of the own country: nuts, or a file.")
@click.option("--peers", type=_FILE, default=None, help="performance-gap: a file: region, peer.")
@click.option("--directions", type=_FILE, default=None, help="A file: indicator, 1, -1 or 0.")
@click.option("--peers-min", type=int, default=None, help="Peers that must have a number (5).")
@click.option("--report", multiple=True, help="Only this region is written; may be repeated.")
@as_json_option
def specialisation(method: str, matrices: tuple[Path, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Apply METHOD to a region × activity MATRIX (CSV, XLSX, Parquet; wide or long) and write --out.

    \b
    Quotients
      lq                location quotients
      symmetric-lq      the same from -1 to 1
      weighted-lq       against their spread, or jobs above those expected
      lq-interval       bounds from hidden cells and rounding; sampling intervals
      spatial-lq        of regions pooled with their neighbours
    Structure of regions
      krugman           distance from the reference, half of it too
      hachman           likeness to the reference
      herfindahl        concentration
      theil             divergence from the reference or from evenness
      entropy           diversity
      variety           related and unrelated
      diversity         evenness, effective number of activities
    Activities over regions
      gini              locational Gini
      hoover            per cent that would have to move
      moran             likeness of neighbours
    Change and resilience
      shift-share       reference, industry mix, region (one matrix with years, or two)
      volatility        swings of each series
      recovery          fall, return, resistance in a downturn
    Clusters
      strength          stars by a named scheme
    Relatedness
      relatedness       of activities, by six measures
      proximity         the same by Hidalgo's minimum
      density           how related an activity is to a region's
      opportunities     what a region lacks, the most related first
    Complexity
      complexity        ECI of regions and PCI of activities
      eci               ECI alone
      pci               PCI alone
      fitness           fitness and complexity
      coi               complexity outlook
      cog               outlook gain of each activity
      reflections       the method of reflections, a check of ECI
    Reference regions (a region × variable table)
      reference-regions the structurally nearest regions
      performance-gap   differences to them

    An option that does nothing for a method is refused. Formulas, sources and what a hidden or missing
    cell does: docs/specialisation.md.
    """
    from alp_pipeline.benchmark.on_files.methods import apply_to_files, method_of

    given = {name: value for name, value in options.items() if value is not None and value != ()}
    if "scheme" in given:
        given["scheme"] = _scheme(given["scheme"])
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


def _scheme(name: str) -> Any:
    """A scheme of the catalogue; else the path of a file with its rows."""
    from alp_pipeline.benchmark.cells import BenchmarkInputError
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.catalog.schemes import star_scheme

    schemes = load_catalog().schemes.values()
    rows = [row for row in schemes if row.scheme == name]
    if not rows and Path(name).suffix:
        return Path(name)
    if not rows:
        there = ", ".join(sorted({row.scheme for row in schemes}))
        raise BenchmarkInputError(
            f"there is no scheme {name!r}", where="--scheme", todo=f"Use one of {there}, or a file."
        )
    return star_scheme(rows)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {count}" for name, count in value.items()]
    if isinstance(value, list):
        more = f" and {len(value) - 10} more (--json has all)" if len(value) > 10 else ""
        return ", ".join(str(item) for item in value[:10]) + more or "none"
    return str(value)
