"""The package's own entries: complete, honest about what is not verified, and true to the real documents."""

import gzip

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import LANGUAGES
from alp_pipeline.catalog.vocabulary import USAGE_WARNINGS, UsageWarning

CATALOG = load_catalog()
DOCUMENTS = {
    "bulk2017": (
        "sbs_r_nuts06_r2",
        "lfst_r_lfe2en2",
        "lfst_r_lfe2emp",
        "lfst_r_lfu3pers",
        "nama_10r_2gdp",
        "nama_10r_2hhinc",
        "trng_lfse_04",
    ),
    "bulk2024": ("nama_10r_3gdp", "bd_size_r3", "demo_r_pjangrp3", "edat_lfse_22"),
}


def _document_codes(path):
    """Dimension → the codes that occur, of a bulk file of either era."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        names = next(lines).split("\t")[0].split("\\")[0].split(",")
        rows = (line.split("\t", 1)[0].split(",") for line in lines)
        return {name: set(codes) for name, codes in zip(names, zip(*rows, strict=True), strict=True)}


@pytest.fixture(scope="module")
def documents(realdata):
    return {
        f"eurostat.{name}": _document_codes(realdata / "eurostat" / folder / f"{name}.tsv.gz")
        for folder, names in DOCUMENTS.items()
        for name in names
    }


def test_dimensions_are_those_of_the_real_documents(documents):
    for name, found in documents.items():
        entry = CATALOG.datasets[name]
        assert set(entry.dimensions) == {*entry.default_codes, *found}, name


def test_each_term_selects_codes_that_occur_in_the_real_documents(documents):
    missing = [
        (entry.id, name, dimension, code)
        for entry in CATALOG.indicators.values()
        for name, term in entry.terms.items()
        if term.dataset in documents
        for dimension, code in term.select.items()
        if code
        not in documents[term.dataset].get(
            dimension, {CATALOG.datasets[term.dataset].default_codes.get(dimension)}
        )
    ]
    assert missing == []


def test_each_value_rule_selects_codes_that_occur_and_every_measure_has_a_rule(documents):
    measures = {"nama_10r_2gdp": "unit", "nama_10r_3gdp": "unit", "sbs_r_nuts06_r2": "indic_sb"}
    for name, found in documents.items():
        entry = CATALOG.datasets[name]
        for rule in entry.value_rules:
            for dimension, codes in rule.select.items():
                occur = found.get(dimension, {entry.default_codes.get(dimension)})
                assert set(codes) & occur, (entry.id, rule.id)
        dimension = measures.get(entry.code)
        if dimension:
            ruled = {code for rule in entry.value_rules for code in rule.select[dimension]}
            assert found[dimension] <= ruled, entry.id


def test_each_activity_of_the_real_documents_has_a_row(documents):
    found = set().union(*(codes.get("nace_r2", set()) for codes in documents.values()))
    assert found - set(CATALOG.activities) == set()


def test_nace_has_21_sections_and_88_divisions_each_in_its_section():
    levels = [activity.level for activity in CATALOG.activities.values()]
    assert (levels.count("section"), levels.count("division")) == (21, 88)
    for activity in CATALOG.activities.values():
        if activity.level in ("division", "group"):
            assert activity.code.startswith(activity.parent)
            assert activity.parent in CATALOG.activities


def test_every_label_is_there_in_five_languages():
    entries = [*CATALOG.indicators.values(), *CATALOG.perimeters.values(), *CATALOG.activities.values()]
    for entry in entries:
        assert all(getattr(entry.label, language) for language in LANGUAGES)


def test_what_is_not_verified_says_why():
    kinds = (
        CATALOG.sources,
        CATALOG.datasets,
        CATALOG.indicators,
        CATALOG.perimeters,
        CATALOG.schemes,
        CATALOG.sector_groups,
    )
    silent = [entry.id for kind in kinds for entry in kind.values() if not entry.verified and not entry.notes]
    assert silent == []


def test_every_usage_warning_has_a_sentence():
    assert set(USAGE_WARNINGS) == set(UsageWarning)
    assert UsageWarning.COMMUTING.description.endswith(".")


def test_a_division_stands_in_one_sector_group_only():
    divisions = [code for group in CATALOG.sector_groups.values() for code in group.divisions]
    assert len(divisions) == len(set(divisions))
    assert not {"F41", "F42", "F43", "G47", "I56", "L68"} & set(divisions)


def test_shares_and_rates_are_bounded_as_percentages():
    for entry in CATALOG.indicators.values():
        if entry.unit.code == "PC":
            assert entry.valid_range == (0, 100), entry.id


def test_the_rows_of_the_observatorys_scheme_say_what_the_method_documents():
    from alp_pipeline.benchmark.stars import AFTER_OBSERVATORY_2007_12

    rows = {row.criterion: row for row in CATALOG.schemes.values() if row.scheme == "observatory_2007_2012"}
    assert {row.version for row in rows.values()} == {AFTER_OBSERVATORY_2007_12.version}
    for criterion in AFTER_OBSERVATORY_2007_12.criteria:
        row = rows.pop(criterion.criterion)
        assert (row.rule.type, row.rule.value) == (criterion.rule, criterion.value)
        assert (row.rule.comparison, row.rule.ties) == (criterion.comparison, criterion.ties)
        assert (row.among, row.zero_regions) == (criterion.among, criterion.zero_regions)
        assert row.hidden_rivals == criterion.hidden_rivals
        assert row.min_size_persons == criterion.minimum_size
        assert row.to_verify
        assert not row.verified
    assert rows == {}


def test_the_shape_for_the_readers_is_the_entrys():
    shape = CATALOG.datasets["eurostat.nama_10r_3gdp"].shape()
    assert shape.dimensions == ("freq", "unit", "geo")
    assert dict(shape.dimension_aliases) == {"currency": "unit"}
