"""Where a whole group of units lacks an indicator the audit says so, and what leaving it out does."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.composite.audit import Audit, audit
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import RAW, IndexResult, compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.removal import remove_elements
from alp_pipeline.benchmark.composite.units import UnitTable

RECIPE = Recipe.of(
    {
        "id": "means",
        "version": "1",
        "label": "Means",
        "steps": [
            {"step": "screen", "availability_min": 0.5},
            {"step": "normalise", "method": "minmax"},
            {"step": "aggregate", "method": "arithmetic"},
        ],
    }
)
UNITS = ["AT1", "AT2", "AT3", "CH1", "CH2", "LI0", "SI1"]


@pytest.fixture
def framework() -> Framework:
    rows = [(code, 1, "I", 1, "Indicator") for code in ("income", "jobs", "skills")]
    rows += [("I", 2, None, 1, "Aggregate"), ("country", None, None, None, "Group")]
    return Framework.of(pd.DataFrame(rows, columns=["code", "level", "parent", "direction", "type"]))


def computed(framework: Framework) -> IndexResult:
    draw = np.random.default_rng(4)
    frame = pd.DataFrame({code: draw.normal(size=7).round(3) for code in ("income", "jobs", "skills")})
    frame = frame.assign(unit=UNITS, country=[unit[:2] for unit in UNITS])
    frame.loc[frame["country"].isin(["CH", "LI"]), "income"] = np.nan
    frame.loc[0, "income"] = np.nan  # one Austrian unit: its country has others
    return compute_index(UnitTable.of(frame, framework), framework, RECIPE)


def said(found: Audit, section: str, rule: str) -> list[str]:
    return [one.text for one in found.section(section).findings if one.rule == rule]


def test_a_country_without_any_number_of_an_indicator_is_named_with_its_units(framework):
    found = audit(computed(framework))
    assert said(found, "availability", "blind_group") == [
        "income has no number for any unit of CH: CH1, CH2. Their scores rest on the other indicators alone."
    ]
    table = found.section("availability").tables["blind_groups"]
    assert table.values.tolist() == [
        ["income", "country", "CH", 2, "CH1 CH2"],
        ["income", "country", "LI", 1, "LI0"],
    ]


def test_an_estimate_is_no_number_of_the_country(framework):
    recipe = Recipe.of({"id": "means", "version": "1", "label": "Means", "steps": [
        {"step": "impute", "method": "mean"}, {"step": "normalise", "method": "minmax"},
        {"step": "aggregate", "method": "arithmetic"}]})  # fmt: skip
    found = audit(compute_index(computed(framework).stages[RAW], framework, recipe))
    assert len(said(found, "availability", "blind_group")) == 1


def test_what_leaving_out_does_is_told_for_those_who_lack_it_and_for_the_others(framework):
    result = computed(framework)
    removal = remove_elements(result, 1)
    found = audit(result, removal=removal)
    moved = (removal.ranks["income"].astype(float) - removal.ranks["nominal"].astype(float)).abs()
    swiss = moved[["CH1", "CH2"]].mean()
    others = moved.drop(["CH1", "CH2"]).mean()
    assert said(found, "uncertainty", "blind_effect") == [
        f"Without income, which CH lacks, ranks shift by {swiss:.1f} places on average in CH and by "
        f"{others:.1f} elsewhere."
    ]
    shifts = removal.elements["mean_absolute_rank_shift"]
    (text,) = said(found, "uncertainty", "removal")
    assert f"{shifts.idxmax()} moves ranks most ({shifts.max():.1f} places on average" in text
    assert found.section("uncertainty").tables["removal"]["code"].tolist() == ["income", "jobs", "skills"]
    assert "removal" not in audit(result).section("uncertainty").tables
