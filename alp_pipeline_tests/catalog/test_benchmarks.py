"""Structural dimensions, shocks, links of recipes: what the package ships and what a site may not say."""

import pytest
from pydantic import ValidationError

from alp_pipeline.benchmark.structural_distance import TRANSFORMATIONS, WEIGHTINGS, StructuralDimension
from alp_pipeline.catalog.entry import LANGUAGES
from alp_pipeline.catalog.loader import CatalogError, load_catalog

CATALOG = load_catalog()
LABEL = "{en: X, it: X, de: X, fr: X, sl: X}"
DIMENSION = f"""
- id: mine
  label: {LABEL}
  weight: 1
  weighting: equal
  variables:
    - {{id: my_variable, indicator: persons_employed, activity: C28, share_of: C, transformation: sqrt}}
  source: our own
  verified: true
"""
SHOCK = f"""
- id: mine
  label: {LABEL}
  description: {{en: Ours}}
  activities: [{{activity: C28, weight: 1}}]
  source: our own
  verified: true
"""


def _refusal(tmp_path, kind: str, text: str) -> str:
    (tmp_path / f"{kind}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(tmp_path)
    return str(caught.value)


def test_a_sites_own_dimension_and_shock_stand_beside_those_of_the_package(tmp_path):
    (tmp_path / "structural_dimensions.yaml").write_text(DIMENSION, encoding="utf-8")
    (tmp_path / "shocks.yaml").write_text(SHOCK, encoding="utf-8")
    catalog = load_catalog(tmp_path)
    assert catalog.structural_dimensions["mine"].origin == "structural_dimensions.yaml"
    assert catalog.shocks["mine"].weights == {"C28": 1.0}
    assert set(CATALOG.shocks) < set(catalog.shocks)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("indicator: persons_employed", "indicator: nonsense", "'nonsense' is no indicator of the catalogue"),
        ("activity: C28", "activity: C99", "'C99' is no activity of nace_rev2.csv"),
        ("share_of: C,", "share_of: CC,", "'CC' is no activity"),
        ("activity: C28, share_of: C, ", "", "persons_employed needs an activity"),
        ("indicator: persons_employed", "indicator: population", "population is not broken down by activity"),
        ("id: my_variable", "id: population", "is a variable of geo_demography already"),
        ("activity: C28, ", "", "share_of needs the activity that is divided"),
        ("transformation: sqrt", "transformation: cube", "'none', 'log' or 'sqrt'"),
        ("weight: 1", "weight: -1", "greater than or equal to 0"),
        (
            "  weighting: equal",
            "  weighting: equal\n  missing: no data",
            "or says in `missing` why it has none",
        ),
    ],
)
def test_a_dimension_that_cannot_be_used_is_refused_by_field(tmp_path, before, after, message):
    assert message in _refusal(tmp_path, "structural_dimensions", DIMENSION.replace(before, after))


def test_a_dimension_without_variables_says_why_or_is_refused(tmp_path):
    head, _, tail = DIMENSION.partition("  variables:")
    bare = head + tail.split("\n", 2)[2]
    assert "or says in `missing` why it has none" in _refusal(tmp_path, "structural_dimensions", bare)


@pytest.mark.parametrize(
    ("activities", "message"),
    [
        ("[]", "at least 1 item"),
        ("[{activity: C99, weight: 1}]", "'C99' is no activity of nace_rev2.csv"),
        ("[{activity: C28, weight: 1}, {activity: C28, weight: 0.5}]", "names C28 twice"),
        ("[{activity: C, weight: 1}, {activity: C28, weight: 0.5}]", "counts C28 twice: alone and within C"),
        ("[{activity: C28, weight: 1.5}]", "less than or equal to 1"),
        ("[{activity: C28, weight: 0}]", "greater than 0"),
    ],
)
def test_a_shock_that_counts_an_activity_twice_or_too_much_is_refused(tmp_path, activities, message):
    text = SHOCK.replace("[{activity: C28, weight: 1}]", activities)
    assert message in _refusal(tmp_path, "shocks", text)


def test_what_the_package_ships_is_marked_to_verify_says_why_and_has_five_languages():
    for entry in [*CATALOG.structural_dimensions.values(), *CATALOG.shocks.values()]:
        assert not entry.verified
        assert entry.to_verify
        assert entry.notes
        assert all(getattr(entry.label, language) for language in LANGUAGES)
    for shock in CATALOG.shocks.values():
        assert all(getattr(shock.description, language) for language in LANGUAGES)


def test_the_dimensions_of_the_paper_that_nothing_feeds_are_named_as_missing():
    missing = {entry.id for entry in CATALOG.structural_dimensions.values() if entry.missing}
    assert missing == {"technological_specialisation", "openness", "institutions_and_values"}


def test_dimensions_speak_the_words_of_the_method_and_hold_no_performance():
    for entry in CATALOG.structural_dimensions.values():
        if entry.variables:
            StructuralDimension(
                entry.id, entry.weight, {v.id: v.transformation for v in entry.variables}, entry.weighting
            )
        for variable in entry.variables:
            indicator = CATALOG.indicators[variable.indicator]
            assert not (
                indicator.direction and indicator.pillar in ("economy", "digital", "living", "research")
            )
    assert set(TRANSFORMATIONS) == {"none", "log", "sqrt"}
    assert set(WEIGHTINGS) == {"equal", "pca"}


RECIPES = CATALOG.recipes


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_is_held_against_the_competitiveness_index_with_an_expected_sign(name):
    (link,) = (one for one in RECIPES[name].links if one.id == "regional_competitiveness_index")
    assert link.expected == 1
    assert "itself" in link.reason  # it shares data with the index: said where the link is


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([{"id": "life_expectancy", "reason": "r"}], "expected"),
        ([{"id": "life_expectancy", "expected": 0, "reason": "r"}], "expected"),
        ([{"id": "life_expectancy", "expected": 1, "reason": "r"}] * 2, "life_expectancy appears twice"),
        ([{"id": "neet_rate", "expected": -1, "reason": "r"}], "neet_rate is part of the index itself"),
    ],
)
def test_a_link_needs_a_sign_and_stands_outside_the_index(links, message):
    entry = RECIPES["framework_conditions"].model_dump() | {"links": links}
    with pytest.raises(ValidationError, match=message):
        type(RECIPES["framework_conditions"]).model_validate(entry)
