"""From the report of an index to its pictures.

Belongs here: which rows each plot gets, titles and descriptions. Does not: geometry (plots), tables (tables).
"""

from typing import Any

from alp_pipeline.reports.index.audit_rows import SECTIONS
from alp_pipeline.reports.index.model import IndexReport, Score
from alp_pipeline.reports.index.tables import factor_name
from alp_pipeline.reports.markup import sentence_list
from alp_pipeline.reports.model import REPORTED
from alp_pipeline.reports.plots.geometry import told_apart
from alp_pipeline.reports.plots.heat_map import CORRELATION, Shades, heat_map
from alp_pipeline.reports.plots.ranking import RankingWords, interval_words, ranking
from alp_pipeline.reports.plots.sensitivity_bars import SensitivityWords, sensitivity_bars
from alp_pipeline.reports.svg import SCORE_STATES, swatch
from alp_pipeline.reports.wording import MINUS, Wording


def rank_picture(report: IndexReport, words: Wording) -> str:
    """Every unit of the perimeter with its rank interval, or with why it has none."""
    import pandas as pd

    rows = {}
    for member in report.perimeter.members:
        score = report.index.get(member.code)
        rows[member.code] = {
            "label": member.label,
            "state": score.score.state if score else "not_available",
            "rank": score.rank.value if score else None,
            "rank_low": score.rank_low.value if score else None,
            "rank_high": score.rank_high.value if score else None,
            "rank_median": score.rank_median.value if score else None,
        }
    about = {"label": report.recipe.label, "perimeter": report.perimeter.label, "year": report.status.year}
    said = [
        words("index.uncertainty.ranking_said", label=report.name(s.region_code), low=low, high=high)
        for s in report.ranked
        for low, high in [ends(s)]
    ]
    return ranking(
        pd.DataFrame.from_dict(rows, orient="index"),
        ident="ranking",
        title=words("index.uncertainty.ranking_title", **about),
        description=words("index.uncertainty.ranking_description", values=sentence_list(said)),
        words=RankingWords(
            interval=words("plots.interval"),
            median=words("plots.median_rank"),
            nominal=words("plots.nominal"),
            apart=words("plots.apart"),
            no_interval=words("plots.no_interval"),
            no_rank=words("plots.no_rank"),
            said=words.entry("plots.ranking_said"),
            states=state_words(words),
        ),
    )


def ends(score: Score) -> tuple[str, str]:
    """The ends of a rank interval as written."""
    first, _, last = interval_words(score.rank_low.value or 0.0, score.rank_high.value or 0.0).partition("–")
    return first, last or first


def state_words(words: Wording) -> dict[str, str]:
    return {state: words.state(state) for state in SCORE_STATES}


def factor_picture(report: IndexReport, words: Wording) -> str:
    """The Sobol indices of the factors."""
    import pandas as pd

    rows = {}
    for factor in report.factors:
        figures = {
            f"{stem}{ending}": cell.value
            for stem, cells in (("first_order", factor.first), ("total_order", factor.total))
            for ending, cell in zip(("", "_low", "_high"), cells, strict=True)
        }
        rows[factor.name] = {
            "label": factor_name(report, words, factor.name),
            "is_assumption": factor.is_assumption,
            **figures,
        }
    said = [
        f"{factor_name(report, words, factor.name)} "
        f"{two_digits(words, factor.first[0].value)}, {two_digits(words, factor.total[0].value)}"
        for factor in report.factors
    ]
    return sensitivity_bars(
        pd.DataFrame.from_dict(rows, orient="index"),
        ident="factors",
        title=words("index.uncertainty.sobol_title"),
        description=words("index.uncertainty.sobol_description", values=sentence_list(said)),
        words=SensitivityWords(
            first=words("plots.first"),
            total=words("plots.total"),
            interval=words("plots.bootstrap"),
            assumption=words("plots.assumption"),
            unknown=words("plots.unknown"),
            said=words.entry("plots.sensitivity_said"),
        ),
        format_value=lambda value: words.number(value, 2),
    )


def two_digits(words: Wording, value: float | None) -> str:
    """A share in two decimals, or the word for an unknown one."""
    return words("plots.unknown") if value is None else words.number(value, 2)


def value_picture(report: IndexReport, words: Wording) -> tuple[str, Shades, list[str]]:
    """Units × indicators as they enter the index; the shades, and the states that occur."""
    import pandas as pd

    labels = {member.code: member.label for member in report.perimeter.members}
    members = list(labels)
    used = [each.indicator_id for each in report.indicators if each.is_used]
    values = pd.DataFrame(index=members, columns=used, dtype="float64")
    states = pd.DataFrame("not_available", index=members, columns=used)
    for (region, indicator), cell in report.normalised.items():
        if region in values.index and indicator in values.columns:
            values.loc[region, indicator] = cell.value
            states.loc[region, indicator] = cell.state
    known = [cell.value for cell in report.normalised.values() if cell.value is not None]
    shades = Shades(min(known), max(known)) if known else Shades(0.0, 1.0)
    hidden = int((states != REPORTED).to_numpy().sum())
    svg = heat_map(
        values,
        ident="values",
        title=words(
            "index.availability.map_title", perimeter=report.perimeter.label, year=report.status.year
        ),
        description=words(
            "index.availability.map_description", units=len(members), indicators=len(used), cells=hidden
        ),
        shades=shades,
        format_value=words.number,
        states=states,
        state_words=state_words(words),
        row_labels={code: f"{code} {name}" for code, name in told_apart(labels).items()},
        column_labels=dict(report.names),
    )
    occurring = [state for state in SCORE_STATES if (states == state).to_numpy().any()]
    return svg, shades, occurring


def correlation(words: Wording, value: float) -> str:
    """A correlation as short as a cell of a picture needs it.

    >>> from alp_pipeline.reports.wording import wording
    >>> correlation(wording("en"), -0.456), correlation(wording("en"), 1.0)
    ('\\u2212.46', '1')
    """
    rounded = words.number(value, 2).replace(MINUS, "")
    sign = MINUS if words.number(value, 2).startswith(MINUS) else ""
    return sign + (rounded[0] if rounded[0] == "1" else rounded[1:])


def correlation_picture(report: IndexReport, words: Wording, *, of_pillars: bool) -> str | None:
    """The elements of one level with one another, their group and the index; None where there are none."""
    import pandas as pd

    index_id = report.recipe.recipe_id
    used = [each for each in report.indicators if each.is_used]
    pillars = [name for name in report.pillars if name in {each.pillar_id for each in used}]
    rows = pillars if of_pillars else [each.indicator_id for each in used]
    parent = {each.indicator_id: each.pillar_id for each in used} | dict.fromkeys(pillars, index_id)
    above = [index_id] if of_pillars else ["", index_id]
    values = pd.DataFrame(index=rows, columns=[*rows, *above], dtype="float64")
    states = pd.DataFrame("", index=rows, columns=[*rows, *above])

    def put(row: str, column: str, value: float | None) -> None:
        values.loc[row, column] = value
        states.loc[row, column] = REPORTED if value is not None else "not_applicable"

    for row in rows:
        put(row, row, 1.0)
    for _, cells in report.sections[SECTIONS[3]].table("correlations_within"):
        one, other = cells["code"].text, cells["other_code"].text
        if one in values.index and other in values.index:
            put(one, other, cells["correlation"].value)
            put(other, one, cells["correlation"].value)
    for _, cells in report.sections[SECTIONS[3]].table("correlations_above"):
        one, other = cells["code"].text, cells["other_code"].text
        if one in values.index and other == index_id:
            put(one, index_id, cells["correlation"].value)
        elif one in values.index and other == parent.get(one):
            put(one, "", cells["correlation"].value)
    if len(rows) < 2 or not (states == REPORTED).to_numpy().sum() > len(rows):
        return None
    said = [
        words(
            "index.coherence.pair",
            one=report.name(row),
            other=report.name(column) if column else words("index.coherence.own_pillar"),
            value=correlation(words, values.loc[row, column]),  # type: ignore[arg-type]
        )
        for i, row in enumerate(rows)
        for column in [*rows[i + 1 :], *above]
        if states.loc[row, column] == REPORTED
    ]
    key = "pillars_title" if of_pillars else "indicators_title"
    return heat_map(
        values,
        ident="pillars" if of_pillars else "indicators",
        title=words(f"index.coherence.{key}"),
        description=words("index.coherence.description", values=sentence_list(said)),
        shades=CORRELATION,
        format_value=lambda value: correlation(words, value),
        states=states,
        state_words=state_words(words),
        row_labels=dict(report.names),
        column_labels={
            **report.names,
            index_id: words("index.vocabulary.index"),
            "": words("index.coherence.own_pillar"),
        },
        headings="numbered",
    )


def shade_legend(shades: Shades, words: Wording, digits: int = 0) -> list[tuple[Any, str]]:
    """A legend of classes of shades."""
    return [
        (
            swatch(colour),
            words("index.coherence.class", low=words.number(low, digits), high=words.number(high, digits)),
        )
        for colour, (low, high) in zip(shades.colours, shades.bounds(), strict=True)
    ]
