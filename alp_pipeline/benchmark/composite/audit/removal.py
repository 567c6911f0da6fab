"""What an audit says of indicators that whole groups of units lack, and of leaving indicators out.

Belongs here: groups without a single number of an indicator, what leaving each indicator out does, above all
to them. Does not: leaving out (composite.removal), single missing cells (data).
"""

from collections.abc import Iterable

import pandas as pd

from alp_pipeline.benchmark.composite.audit.findings import Finding, finding, label, names
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.removal import Removal
from alp_pipeline.benchmark.composite.units import UnitTable

BLIND_COLUMNS = ("code", "grouping", "group", "units", "names")


def blind_groups(raw: UnitTable, used: UnitTable, framework: Framework) -> pd.DataFrame:
    """Groups of units (countries) in which nobody has a number of an indicator, though others have.

    Args:
        raw: the units before any step: an estimate is no number.
        used: the units that the index rests on; others are no part of a group.
        framework: of the raw units.

    Returns:
        code, grouping (the column of groups), group, units (how many), names (their labels, separated by
        blanks); the largest groups first. Empty without groups.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "land"], "level": [1, None], "parent": None,
    ...     "direction": [1, None], "type": ["Indicator", "Group"]}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT33", "CH05", "CH06"], "land": ["AT", "CH", "CH"],
    ...                                    "jobs": [10, None, ":c"]}), framework)
    >>> blind_groups(units, units, framework).values.tolist()
    [['jobs', 'land', 'CH', 2, 'CH05 CH06']]
    """
    there = raw.values.loc[raw.values.index.isin(used.index)].notna()
    rows = []
    for grouping in framework.group_codes:
        groups = raw.groups[grouping].reindex(there.index)
        for group, place in sorted(there.groupby(groups).groups.items()):
            for code in framework.indicators:
                if code in there and not there.loc[place, code].any() and there[code].any():
                    units = sorted(place)
                    listed = " ".join(label(unit) for unit in units)
                    rows.append((code, grouping, str(group), len(units), listed))
    table = pd.DataFrame(rows, columns=list(BLIND_COLUMNS))
    return table.sort_values(["units", "code", "group"], ascending=[False, True, True], ignore_index=True)


def blind_findings(blind: pd.DataFrame, framework: Framework) -> list[Finding]:
    """A warning per indicator and group of two units or more; the table has the others.

    Args:
        blind: as `blind_groups` gives it.
        framework: with the labels of the indicators.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs"], "label": "Jobs", "level": 1, "parent": None,
    ...     "direction": 1, "type": "Indicator"}))
    >>> blind = pd.DataFrame([("jobs", "land", "CH", 2, "CH05 CH06"), ("jobs", "land", "LI", 1, "LI00")],
    ...                      columns=list(BLIND_COLUMNS))
    >>> [one.about for one in blind_findings(blind, framework)]
    [('jobs', 'CH', 'CH05', 'CH06')]
    """
    return [
        finding(
            "blind_group",
            [row["code"], row["group"], *row["names"].split()],
            code=framework.label(row["code"]),
            group=row["group"],
            names=names(row["names"].split()),
        )
        for row in _several(blind)
    ]


def removal_findings(removal: Removal, blind: pd.DataFrame, framework: Framework) -> list[Finding]:
    """What leaving out moves, and what it does to those who lack the indicator anyway.

    Args:
        removal: `removal.remove_elements` of the indicators.
        blind: as `blind_groups` gives it.
        framework: with the labels of the indicators.

    Returns:
        Which indicator moves ranks most and least; per indicator and group of two units or more that lack it,
        how far they and the others move. None where no unit has a rank.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "type": ["Indicator"] * 2 + ["Aggregate"]}))
    >>> shifts = pd.DataFrame({"mean_absolute_rank_shift": [2.0, 0.5], "max_absolute_rank_shift": [3, 1]},
    ...                       index=["jobs", "wages"])
    >>> removal = Removal("index", pd.DataFrame(), pd.DataFrame(), shifts)
    >>> found = removal_findings(removal, pd.DataFrame(columns=list(BLIND_COLUMNS)), framework)
    >>> found[0].text
    'Left out one at a time, jobs moves ranks most (2.0 places on average, 3 at most), wages least (0.5).'
    """
    shift = removal.elements["mean_absolute_rank_shift"].astype("float64").dropna().sort_index()
    if shift.empty:
        return []
    shift.index = shift.index.astype(str)
    worst = removal.elements["max_absolute_rank_shift"].astype("float64")
    most, least = str(shift.idxmax()), str(shift.idxmin())
    found = [
        finding(
            "removal",
            [most, least],
            most=framework.label(most),
            high=f"{shift[most]:.1f}",
            worst=f"{worst[most]:g}",
            least=framework.label(least),
            low=f"{shift[least]:.1f}",
        )
    ]
    for row in _several(blind):
        if row["code"] not in removal.ranks:
            continue
        moved = (removal.ranks[row["code"]].astype("float64") - removal.ranks["nominal"]).abs().dropna()
        inside = pd.Index([label(unit) for unit in moved.index]).isin(row["names"].split())
        own, others = moved[inside], moved[~inside]
        if len(own) and len(others):
            found.append(
                finding(
                    "blind_effect",
                    [row["code"], row["group"]],
                    code=framework.label(row["code"]),
                    group=row["group"],
                    own=f"{own.mean():.1f}",
                    others=f"{others.mean():.1f}",
                )
            )
    return found


def _several(blind: pd.DataFrame) -> Iterable[dict[str, str]]:
    rows: list[dict[str, str]] = blind[blind["units"] > 1].to_dict("records")  # type: ignore[assignment]
    return rows
