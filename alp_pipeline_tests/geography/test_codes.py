"""The reference tables of regions: closed vocabularies, true references, and every real code resolved."""

import gzip
from typing import get_args

import pytest

from alp_pipeline.catalog.reference import ReferenceMissing, read_reference
from alp_pipeline.geography.codes import VERSIONS, Kind, Relation, load_regions, load_steps

REGIONS = load_regions()
STEPS = load_steps()


def _geo_codes(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        assert next(lines).split("\t")[0].split("\\")[0].endswith("geo")
        return {line.split("\t", 1)[0].rsplit(",", 1)[1] for line in lines}


def test_every_code_of_the_real_bulk_files_has_a_row(realdata):
    files = sorted((realdata / "eurostat").glob("bulk*/*.tsv.gz"))
    assert len(files) == 11
    unresolved = {path.name: sorted(_geo_codes(path) - set(REGIONS)) for path in files}
    assert {name: codes for name, codes in unresolved.items() if codes} == {}


def test_no_code_stands_twice_and_every_word_is_of_the_vocabulary():
    rows = read_reference("nuts_codes.csv")
    assert len(rows) == len({row["code"] for row in rows})
    assert {row["kind"] for row in rows} == set(get_args(Kind))
    assert {row["mark"] for row in rows} == {"verified", "to verify"}
    assert {step.relation for step in STEPS} <= set(get_args(Relation)) - {"identical", "discontinued", "new"}
    assert all(row["label"] == " ".join(row["label"].split()) != "" for row in rows)


def test_a_parent_is_a_known_code_one_level_up_of_the_same_country():
    for region in REGIONS.values():
        if region.parent is not None:
            parent = REGIONS[region.parent]
            assert (parent.level, parent.country) == (region.level - 1, region.country), region.code


def test_a_unit_lives_from_a_version_to_a_later_one_within_its_parents_life():
    for region in REGIONS.values():
        if region.kind in ("nuts", "statistical_region", "country"):
            assert region.first_version in VERSIONS
            assert region.last_version in VERSIONS
            assert region.first_version <= region.last_version
        else:
            assert region.first_version is None
        if region.kind in ("nuts", "statistical_region"):
            assert REGIONS[region.parent].last_version >= region.last_version, region.code


def test_the_length_of_a_code_is_not_its_level():
    assert (REGIONS["EA19"].kind, REGIONS["EA19"].level) == ("aggregate", None)
    assert (REGIONS["FRZZ"].kind, REGIONS["FRZZ"].level) == ("extra_regio", 2)
    assert (REGIONS["UKN10"].parent, REGIONS["UKN10"].level) == ("UKN0", 3)
    assert REGIONS["CH02"].kind == "statistical_region"


def test_steps_join_codes_that_end_and_begin_at_those_versions():
    for step in STEPS:
        source, target = REGIONS[step.from_code], REGIONS[step.to_code]
        assert VERSIONS.index(step.to_version) == VERSIONS.index(step.from_version) + 1
        assert source.is_in(step.from_version), step
        assert target.is_in(step.to_version), step
        assert source.level == target.level, step


def test_a_recoded_unit_goes_to_one_target_that_nothing_else_joins():
    for step in STEPS:
        if step.relation == "recoded":
            siblings = [
                other
                for other in STEPS
                if other.from_version == step.from_version
                and (other.from_code == step.from_code or other.to_code == step.to_code)
            ]
            assert siblings == [step], step
            assert step.share_pop_pct == 100


def test_the_perimeters_units_are_in_every_version_since_2016(realdata):
    path = realdata.parent / "domain" / "nuts2_perimeters.csv"
    if not path.is_file():
        pytest.skip(f"needs the list of perimeters ({path} is absent)")
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        code = line.split(",", 1)[0]
        assert all(REGIONS[code].is_in(version) for version in (2016, 2021, 2024)), code
        assert REGIONS[code].is_verified, code


def test_an_absent_table_is_named(tmp_path):
    with pytest.raises(ReferenceMissing, match=r"nuts_codes\.csv: the reference table is absent"):
        read_reference("nuts_codes.csv", tmp_path)
