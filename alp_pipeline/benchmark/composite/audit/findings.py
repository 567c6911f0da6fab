"""What an audit says: findings in words, filled in from numbers, and the limits they are held to.

Belongs here: the shape of a finding and a section, the thresholds, how numbers stand in a sentence.
Does not: the sentences (sentences.yaml), computing the numbers (the sections), a page or a translation (which
have the rule and the values).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import yaml

from alp_pipeline.benchmark.cells import BenchmarkInputError

SEVERITIES = ("note", "warning", "not_evaluated")
LISTED = 6  # names in one sentence; the table beside it has all


@dataclass(frozen=True)
class Thresholds:
    """Where an audit begins to warn; a number on the limit itself raises no warning.

    Attributes:
        availability_min: share of units with a number, per indicator (JRC: 0.65).
        unit_availability_min: share of indicators with a number, per unit (COINr's Screen: 2/3).
        zero_share_max, unique_share_min: per indicator (COINr get_stats).
        imputed_share_max: share of the cells that are estimates.
        skew_max, kurtosis_max: beyond both an indicator has outliers to treat (COINr: 2 and 3.5).
        size_correlation_max: |r| of an indicator with a denominator it is not divided by (COINr: 0.6).
        alpha_min: Cronbach's alpha of a group (Nunnally 1978: 0.7).
        first_share_min: share of variance on a group's first component.
        collinear_above, weak_below, negative_below: correlations (COINr: 0.9, 0.3, -0.4).
        ratio_low, ratio_high: importance in the result over the nominal share in the weights.
        rank_width_max: width of a unit's rank interval, as a share of the units ranked.
        interaction_max: total less first-order sensitivity of a factor, where their intervals lie apart.
        indifference_max: total sensitivity, with its interval, below which a factor hardly matters.
        link_min: r, in the direction expected, below which a link with an outside indicator is weak.
        significance: p above which the sign of a correlation is not known.
    """

    availability_min: float = 0.65
    unit_availability_min: float = 2 / 3
    zero_share_max: float = 0.5
    unique_share_min: float = 0.5
    imputed_share_max: float = 0.1
    skew_max: float = 2.0
    kurtosis_max: float = 3.5
    size_correlation_max: float = 0.6
    alpha_min: float = 0.7
    first_share_min: float = 0.5
    collinear_above: float = 0.9
    weak_below: float = 0.3
    negative_below: float = -0.4
    ratio_low: float = 0.5
    ratio_high: float = 2.0
    rank_width_max: float = 0.25
    interaction_max: float = 0.1
    indifference_max: float = 0.05
    link_min: float = 0.3
    significance: float = 0.05

    def __post_init__(self) -> None:
        for name in (item.name for item in fields(self)):
            value = getattr(self, name)
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or not abs(value) < float("inf")
            ):
                raise BenchmarkInputError(
                    f"{name} is {value!r}", where="thresholds", todo="Pass a finite number."
                )


@dataclass(frozen=True)
class Finding:
    """One thing an audit says.

    Attributes:
        rule: which sentence it is, a key of sentences.yaml.
        severity: note, warning, or not_evaluated where what it would rest on was not given.
        about: the codes or units it concerns.
        values: what the sentence is filled with, for a translation.
        text: the sentence in English.
    """

    rule: str
    severity: str
    about: tuple[str, ...]
    values: Mapping[str, object]
    text: str


@dataclass(frozen=True, eq=False)
class Section:
    """A part of an audit: its tables and what is found in them.

    Attributes:
        name: one of the audit's SECTIONS.
        tables: by name; every number a finding quotes stands in one of them.
        findings: at least one.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...] = field(default=())


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Severity and text of every rule.

    >>> sentences()["alpha_low"]["severity"]
    'warning'
    """
    loaded = yaml.safe_load((Path(__file__).parent / "sentences.yaml").read_text(encoding="utf-8"))
    return MappingProxyType(loaded)


def finding(rule: str, about: Sequence[object] = (), **values: object) -> Finding:
    """The finding of a rule, its sentence filled in.

    >>> finding("alpha_fine", ["Social"], group="Social", alpha=number(0.831), items=3).text
    'Social: alpha 0.83: its 3 elements go together.'
    """
    sentence = sentences()[rule]
    return Finding(
        rule=rule,
        severity=sentence["severity"],
        about=tuple(label(one) for one in about),
        values=MappingProxyType(values),
        text=sentence["text"].format(**values),
    )


def number(value: float) -> str:
    """A coefficient in two decimals, without a sign on zero.

    >>> number(-0.001), number(0.666)
    ('0.00', '0.67')
    """
    return f"{round(value, 2) + 0.0:.2f}"


def percent(share: float) -> str:
    """A share in per cent, one decimal where it needs one.

    >>> percent(0.65), percent(0.125), percent(0.0004)
    ('65 %', '12.5 %', '0.0 %')
    """
    value = 100 * share
    return f"{value:.0f} %" if abs(value - round(value)) < 1e-9 else f"{value:.1f} %"


def names(found: Mapping[object, str] | Sequence[object]) -> str:
    """An enumeration, cut after LISTED with the count of the rest; a mapping gives a number to each name.

    >>> names({"LPI": "40 %", "Gas": "51 %"}), names(list("abcdefgh"))
    ('LPI (40 %), Gas (51 %)', 'a, b, c, d, e, f and 2 more')
    """
    if isinstance(found, Mapping):
        texts = [f"{label(name)} ({value})" for name, value in found.items()]
    else:
        texts = [label(name) for name in found]
    rest = len(texts) - LISTED
    return ", ".join(texts[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


def label(name: object) -> str:
    """The label of a row or column as text; (unit, time) with a blank between.

    >>> label(("AT33", 2019)), label("LPI")
    ('AT33 2019', 'LPI')
    """
    return " ".join(str(part) for part in name) if isinstance(name, tuple) else str(name)
