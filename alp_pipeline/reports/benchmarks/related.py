"""Activities near what a region already has: the map, the table, the network.

Belongs here: finished tables and pictures of relatedness and complexity. Does not: SQL (read), geometry
(plots).
"""

from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.benchmarks.model import Opportunities, Opportunity
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import Cell, RegionReport
from alp_pipeline.reports.plots.opportunity_map import OpportunityWords, opportunity_map
from alp_pipeline.reports.plots.relatedness_network import NetworkWords, relatedness_network
from alp_pipeline.reports.wording import Wording

SHOWN_ACTIVITIES = 10
STRONG_PROXIMITY = 0.55
"""Links above it are drawn beside the tree, as Hidalgo et al. (2007) draw the product space."""


def opportunities(
    report: RegionReport, found: Opportunities | None, words: Wording, mark: Marker
) -> dict[str, Any] | None:
    if found is None:
        return None
    undetermined = len(found.absent) - len(found.placed)
    ends = [
        words(
            "benchmarks.opportunities.end",
            activity=f"{a.code} {a.label}",
            value=words.number(c.value or 0.0, 1),
        )
        for a, c in found.axis
    ]
    return {
        "year": found.year,
        "source": mark.document_anchors(found.document_ids),
        "axis": words("benchmarks.opportunities.axis", low=ends[0], high=ends[1]) if ends else "",
        "empty": words(
            f"benchmarks.opportunities.{'empty_section' if found.is_in_source else 'not_in_source'}",
            region=report.region.label,
        ),
        "svg": _map(report, found, words) if found.placed else None,
        "rows": [_activity(each, words, mark) for each in found.placed[:SHOWN_ACTIVITIES]],
        "limits": words(
            "benchmarks.opportunities.limits",
            undetermined=undetermined,
            unknown=found.unknown,
            region=report.region.label,
        )
        if found.is_in_source and (undetermined or found.unknown)
        else "",
    }


def _map(report: RegionReport, found: Opportunities, words: Wording) -> str:
    import pandas as pd

    key = "benchmarks.opportunities"
    rows = {}
    for each in found.placed:
        figures = {
            f"{stem}{ending}": cell.value
            for stem, cells in (("density", each.density), ("complexity", each.complexity))
            for ending, cell in zip(("", "_low", "_high"), cells, strict=True)
        }
        rows[each.activity.code] = {"label": each.activity.label, "state": "reported", **figures}
    said = [
        words(
            f"{key}.description_item",
            activity=f"{each.activity.code} {each.activity.label}",
            density=words.percent(each.density[0].value or 0.0),
            complexity=words.number(each.complexity[0].value or 0.0, 2),
        )
        for each in found.placed
    ]
    return opportunity_map(
        pd.DataFrame.from_dict(rows, orient="index"),
        ident="opportunities",
        title=words(f"{key}.title", region=report.region.label, year=found.year),
        description=sentence_list(said),
        words=OpportunityWords(
            x=words(f"{key}.density"),
            y=words(f"{key}.complexity"),
            point=words(f"{key}.point"),
            interval=words(f"{key}.interval"),
            middle=words(f"{key}.middle"),
            said=words.entry(f"{key}.said"),
            apart=words(f"{key}.apart"),
            empty=words(f"{key}.empty"),
        ),
        format_x=words.number,
        format_y=lambda value: words.number(value, 1),
        named=SHOWN_ACTIVITIES,
    )


def network(report: RegionReport, words: Wording) -> dict[str, Any] | None:
    """Activities with a known relatedness, near one another where related; the region's own picked out."""
    import numpy as np
    import pandas as pd

    found, relatedness = report.benchmarks.opportunities, report.benchmarks.relatedness
    if found is None or relatedness is None:
        return None
    nodes = {node.activity.code: node for node in found.nodes}
    known_pairs = [pair for pair in relatedness.proximity if pair[0] in nodes and pair[1] in nodes]
    codes = sorted({code for one, other, _ in relatedness.proximity for code in (one, other)} & nodes.keys())
    place = {code: position for position, code in enumerate(codes)}
    proximity = np.zeros((len(codes), len(codes)))
    for one, other, value in known_pairs:
        proximity[place[one], place[other]] = proximity[place[other], place[one]] = value
    matrix = pd.DataFrame(proximity, index=codes, columns=codes)
    absent = [nodes[c].density.value for c in codes if nodes[c].state == "absent"]
    known = [value for value in absent if value is not None]
    low, span = min(known, default=0.0), (max(known, default=1.0) - min(known, default=0.0)) or 1.0
    table = {
        code: {
            "label": nodes[code].activity.label,
            "size": nodes[code].ubiquity,
            "state": nodes[code].state,
            "opportunity": None if (density := nodes[code].density.value) is None else (density - low) / span,
        }
        for code in codes
    }
    key = "benchmarks.network"
    present = [f"{code} {nodes[code].activity.label}" for code in codes if nodes[code].state == "present"]
    svg = relatedness_network(
        matrix,
        pd.DataFrame.from_dict(table, orient="index"),
        threshold=STRONG_PROXIMITY,
        ident="network",
        title=words(f"{key}.title", region=report.region.label, year=found.year),
        description=words(f"{key}.description", n=len(codes), present=sentence_list(present)),
        words=NetworkWords(
            present=words(f"{key}.present"),
            lowest=words(f"{key}.lowest"),
            highest=words(f"{key}.highest"),
            size=words(f"{key}.size"),
            tree=words(f"{key}.tree"),
            strong=words(f"{key}.strong", threshold=words.number(STRONG_PROXIMITY, 2)),
            said=words.entry(f"{key}.said"),
            linked=words.entry(f"{key}.linked"),
            unknown=words("plots.unknown"),
        ),
    )
    activities = [(code, nodes[code].activity.label, nodes[code].state == "present") for code in codes]
    return {"svg": svg, "activities": activities}


def _activity(each: Opportunity, words: Wording, mark: Marker) -> dict[str, Any]:
    return {
        "code": each.activity.code,
        "label": each.activity.label,
        "density": _span(each.density, words, mark, digits=0),
        "complexity": _span(each.complexity, words, mark, digits=2),
    }


def _span(cells: tuple[Cell, Cell, Cell], words: Wording, mark: Marker, *, digits: int) -> Markup:
    def write(value: float) -> str:
        return words.number(value, digits)

    value, low, high = cells
    shown = mark.figure(value, write)
    if not (low.is_reported and high.is_reported):
        return shown
    return Markup("{} [{}, {}]").format(shown, mark.figure(low, write), mark.figure(high, write))
