"""The cluster-strength schemes: all of them are rows, and none claims what nobody can compute."""

import pytest
from pydantic import ValidationError

from alp_pipeline.benchmark.stars import OTHER_CRITERIA, StarScheme
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import CutRule, SchemeRow
from alp_pipeline.catalog.schemes import star_scheme

CATALOG = load_catalog()


def rows(scheme: str) -> dict[tuple[str, str], SchemeRow]:
    return {(row.role, row.criterion): row for row in CATALOG.schemes.values() if row.scheme == scheme}


def as_scheme(scheme: str) -> StarScheme:
    return star_scheme(rows(scheme).values())


def test_every_published_scheme_stands_in_the_catalogue():
    assert {row.scheme for row in CATALOG.schemes.values()} == {
        "observatory_2007_2012",
        "observatory_2007_2012_companion",
        "panorama_2014",
        "eocic_2019",
    }


def test_the_panorama_gives_up_to_four_stars_for_the_top_fifth_all_to_verify():
    found = rows("panorama_2014")
    assert set(found) == {("star", name) for name in ("specialisation", "size", "productivity", "dynamism")}
    for row in found.values():
        assert (row.rule.type, row.rule.value) == ("quantile", 0.2)
        assert {"rule", "value"} <= set(row.to_verify)
    assert [name for (_, name), row in found.items() if row.needs] == ["productivity", "dynamism"]


def test_the_eocic_has_a_node_of_one_and_a_half_and_five_indicators_without_limits():
    found = rows("eocic_2019")
    node = found.pop(("node", "specialisation"))
    assert (node.rule.type, node.rule.value, "value" in node.to_verify) == ("threshold", 1.5, True)
    assert {name for _, name in found} == {
        "specialisation",
        "size",
        "productivity",
        "sme_performance",
        "frontier_firms",
    }
    for (role, _), row in found.items():
        assert (role, row.rule.type) == ("grade", "unpublished")
        assert row.needs


def test_companions_are_a_scale_of_three_and_no_stars():
    found = rows("observatory_2007_2012_companion")
    assert {(role, row.rule.type, row.rule.value) for (role, _), row in found.items()} == {
        ("companion", "parts", 3)
    }


def test_what_employment_does_not_tell_says_what_it_needs():
    for row in CATALOG.schemes.values():
        assert bool(row.needs) == (row.criterion in OTHER_CRITERIA or row.rule.type == "unpublished"), row.id


def test_nothing_that_was_not_read_passes_for_verified():
    for row in CATALOG.schemes.values():
        assert not row.verified
        assert row.notes
        assert row.to_verify


@pytest.mark.parametrize("scheme", sorted({row.scheme for row in CATALOG.schemes.values()}))
def test_the_method_understands_every_scheme(scheme):
    assert as_scheme(scheme).scheme_id == scheme


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"type": "quantile", "value": 1.0}, "between 0 and 1"),
        ({"type": "threshold"}, "greater than 0"),
        ({"type": "parts", "value": 2.5}, "whole number"),
        ({"type": "unpublished", "value": 0.2}, "has no value"),
    ],
)
def test_a_rule_and_its_value_belong_together(rule, message):
    with pytest.raises(ValidationError, match=message):
        CutRule(ties="include", **rule)


def test_an_unpublished_figure_is_a_need():
    row = rows("eocic_2019")["grade", "size"].model_dump()
    with pytest.raises(ValidationError, match="says so in `needs`"):
        SchemeRow.model_validate({**row, "needs": ()})
