"""Reading entries: a wrong one is refused by file, entry and field; a site's own stand beside them."""

import subprocess
import sys

import pytest
import yaml

from alp_pipeline.catalog.loader import CatalogError, load_catalog

DATASET = """
- id: eurostat.own_gerdreg
  source: eurostat
  code: own_gerdreg
  title: {en: R&D expenditure}
  dimensions: [freq, sectperf, unit, geo]
  licence: Eurostat reuse
  licence_url: https://example.org
  citation: Eurostat
  cadence: annual
  statistical_unit: resident
  nuts_version_rule: detect
  value_rules:
    - {id: non_negative, what: money, severity: critical, min: 0}
  verified: false
"""
INDICATOR = """
- id: rd_intensity
  label: {en: R, it: R, de: R, fr: R, sl: R}
  description: {en: R&D expenditure in percent of GDP}
  unit: {code: PC, label: {en: "%"}}
  direction: 1
  pillar: economy
  kind: intensive
  formula: rd
  terms:
    rd: {dataset: eurostat.own_gerdreg, select: {sectperf: TOTAL, unit: PC_GDP}}
  valid_range: [0, 100]
  statistical_unit: resident
  verified: false
"""


@pytest.fixture
def site(tmp_path):
    """Write files of a site's folder; gives the folder."""

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def _refusal(folder):
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    return str(caught.value)


def test_a_sites_dataset_and_indicator_need_no_code_and_keep_their_origin(site):
    catalog = load_catalog(site(datasets=DATASET, indicators=INDICATOR))
    assert catalog.datasets["eurostat.own_gerdreg"].origin == "datasets.yaml"
    assert catalog.indicators["rd_intensity"].datasets == ("eurostat.own_gerdreg",)
    assert catalog.datasets["eurostat.nama_10r_3gdp"].origin == "package"
    assert "rd_intensity" not in load_catalog().indicators


def test_an_id_that_is_taken_is_refused_naming_both_places(site):
    taken = DATASET.replace("own_gerdreg", "nama_10r_3gdp")
    message = _refusal(site(datasets=taken))
    assert "datasets.yaml: eurostat.nama_10r_3gdp: id: is already an entry of" in message
    assert "entries/datasets/eurostat_accounts.yaml" in message


def test_a_verified_entry_of_the_package_stays_and_the_refusal_says_why(site):
    message = _refusal(site(datasets=DATASET.replace("own_gerdreg", "nama_10r_3gdp")))
    assert "and that one is verified: a site's entry takes the place of one marked verified: false" in message
    assert "Remove this entry, or give it an id of its own" in message


def test_a_sites_entry_takes_the_place_of_an_unverified_one_of_the_package(site):
    package = load_catalog()
    theirs = next(d for d in package.datasets.values() if not d.verified and d.source == "eurostat")
    body = theirs.model_dump(mode="json", exclude_defaults=True, exclude={"access"})
    body |= {"verified": True, "citation": "Mine", "access": theirs.access.model_dump(mode="json")}
    text = yaml.safe_dump([body])
    catalog = load_catalog(site(datasets=text))
    mine = catalog.datasets[theirs.id]
    assert (mine.origin, mine.verified, mine.citation) == ("datasets.yaml", True, "Mine")
    assert list(catalog.datasets) == list(package.datasets)
    assert load_catalog().datasets[theirs.id] == theirs
    twice = _refusal(site(datasets=text + text))
    assert f"datasets.yaml: {theirs.id}: id: is already an entry of" in twice


def test_an_id_that_only_a_pillar_has_is_fixed(site):
    labels = "{en: X, it: X, de: X, fr: X, sl: X}"
    assert "is already an entry of entries/pillars.yaml" in _refusal(
        site(pillars=f"- {{id: economy, label: {labels}}}\n")
    )


def test_a_site_may_keep_many_entries_of_a_kind_in_a_folder_as_the_package_does(site, tmp_path):
    (tmp_path / "datasets").mkdir()
    folder = site(**{"datasets/mine": DATASET, "indicators": INDICATOR})
    catalog = load_catalog(folder)
    assert catalog.datasets["eurostat.own_gerdreg"].origin == "datasets/mine.yaml"
    assert catalog.indicators["rd_intensity"].origin == "indicators.yaml"
    message = _refusal(site(datasets=DATASET))
    assert f"is already an entry of {tmp_path / 'datasets' / 'mine.yaml'}" in message


@pytest.mark.parametrize("name", ["dataset/mine", "datasets/more/mine", "old/datasets"])
def test_a_file_in_a_folder_that_nothing_reads_is_refused_by_name(site, tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True)
    assert f"holds {name}.yaml, which no part of the catalogue reads" in _refusal(site(**{name: DATASET}))


def test_what_an_editor_or_git_hides_is_no_entry(site, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "datasets").mkdir()
    folder = site(**{".git/config": "a: [", "datasets/.#mine": "a: [", "datasets": DATASET})
    assert "eurostat.own_gerdreg" in load_catalog(folder).datasets


def test_all_problems_of_a_file_are_listed_at_once_with_entry_and_field(site):
    wrong = DATASET.replace("cadence: annual", "cadence: yearly").replace("verified: false", "verifed: false")
    message = _refusal(site(datasets=wrong + DATASET.replace("own_gerdreg", "other").replace("min: 0", "")))
    assert "eurostat.own_gerdreg: cadence: Input should be 'annual'" in message
    assert "eurostat.own_gerdreg: verifed: Extra inputs are not permitted" in message
    assert "eurostat.own_gerdreg: verified: Field required" in message
    assert "eurostat.other: value_rules.0: a value rule needs min, max or both" in message
    assert message.startswith("CatalogError: ")
    assert "4 problems" in message


def test_a_code_that_yaml_reads_as_a_number_or_as_no_is_named(site):
    message = _refusal(site(indicators=INDICATOR.replace("TOTAL", "0")))
    assert "terms.rd.select.sectperf: Input should be a valid string, not 0 (put quotes around it)" in message
    message = _refusal(site(indicators=INDICATOR.replace("TOTAL", "NO")))
    assert "not False (put quotes around it)" in message


def test_a_key_that_stands_twice_is_refused(site):
    message = _refusal(site(datasets=DATASET + "  verified: true\n"))
    assert "the key verified stands twice" in message


def test_broken_yaml_and_a_file_that_nothing_reads_are_refused_by_name(site):
    assert "datasets.yaml: -: -: is not readable YAML" in _refusal(site(datasets="- id: [a"))
    assert "must be a list of entries" in _refusal(site(datasets="id: a"))
    assert "holds dataset.yaml, which no part of the catalogue reads" in _refusal(site(dataset=DATASET))


def test_an_origin_cannot_be_claimed(site):
    assert "origin: is set by the loader" in _refusal(site(datasets=DATASET + "  origin: package\n"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("own_gerdreg,", "own_gerd,", "terms.rd.dataset: no dataset 'eurostat.own_gerd'"),
        ("sectperf: TOTAL, ", "", "terms.rd.select: must fix sectperf"),
        ("sectperf: TOTAL", "sectperf: TOTAL, sex: T", "terms.rd.select: 'sex' is no dimension of"),
        ("sectperf: TOTAL", "sectperf: TOTAL, geo: AT33", "must leave geo"),
        ("PC_GDP}", "PC_GDP}, by_activity: true", "has no activity dimension"),
        ("formula: rd", "formula: rd / gdp", "without a term: ['gdp']"),
        ("formula: rd", "formula: rd ** 2", "formula: position 1 of 'rd ** 2'"),
        ("pillar: economy", "pillar: money", "pillar: no pillar 'money'"),
        ("statistical_unit: resident", "statistical_unit: enterprise", "mixed_statistical_units"),
        ("[0, 100]", "[100, 0]", "valid_range: must go from the smaller"),
    ],
)
def test_what_an_entry_says_about_another_must_be_true(site, old, new, complaint):
    message = _refusal(site(datasets=DATASET, indicators=INDICATOR.replace(old, new)))
    assert f"indicators.yaml: rd_intensity: {complaint.split(':')[0]}" in message or complaint in message
    assert complaint in message


def test_a_term_must_ask_for_codes_that_the_dataset_fetches(site):
    filtered = DATASET.replace("  licence:", "  filters: {unit: [EUR_HAB]}\n  licence:")
    message = _refusal(site(datasets=filtered, indicators=INDICATOR))
    assert (
        "terms.rd.select.unit: 'PC_GDP' is not among the codes that eurostat.own_gerdreg fetches" in message
    )


def test_perimeters_schemes_and_groups_must_name_what_exists(site):
    labels = "{en: X, it: X, de: X, fr: X, sl: X}"
    perimeter = f"""
- id: mine
  label: {labels}
  description: {{en: X}}
  members_by_level: {{2: [AT33, XX99, ITH10, AT33]}}
  source: me
  verified: false
"""
    message = _refusal(site(perimeters=perimeter))
    assert "mine: members_by_level: names a region twice" in message
    assert "mine: members_by_level.2: 'XX99' is no region of nuts_codes.csv" in message
    assert "mine: members_by_level.2: 'ITH10' is a region of level 3" in message
    group = f"- id: mine\n  label: {labels}\n  divisions: [C10, C99]\n  verified: false\n"
    (site() / "perimeters.yaml").unlink()
    assert "mine: divisions: 'C99' is no division of nace_rev2.csv" in _refusal(site(sector_groups=group))


def test_there_is_exactly_one_default_perimeter(site):
    perimeter = """
- id: mine
  is_default: true
  label: {en: X, it: X, de: X, fr: X, sl: X}
  description: {en: X}
  members_by_level: {2: [AT33]}
  source: me
  verified: false
"""
    assert "exactly one perimeter must be the default" in _refusal(site(perimeters=perimeter))


def test_a_folder_without_entries_gives_the_packages_catalogue(tmp_path):
    assert load_catalog(tmp_path) is load_catalog(tmp_path / "not there yet")


def test_the_same_content_is_read_once_and_a_change_is_seen(site):
    first = load_catalog(site(datasets=DATASET))
    assert load_catalog(site(datasets=DATASET)) is first
    changed = load_catalog(site(datasets=DATASET.replace("R&D expenditure", "R&D spending")))
    assert changed.content_hash != first.content_hash
    assert changed.datasets["eurostat.own_gerdreg"].title.en == "R&D spending"


def test_an_entrys_digest_moves_with_its_content_alone(site):
    plain = load_catalog(site(datasets=DATASET)).datasets
    changed = load_catalog(site(datasets=DATASET.replace("critical", "warning"))).datasets
    assert plain["eurostat.own_gerdreg"].digest() != changed["eurostat.own_gerdreg"].digest()
    assert plain["eurostat.nama_10r_3gdp"].digest() == changed["eurostat.nama_10r_3gdp"].digest()


def test_loading_imports_no_heavy_library():
    code = (
        "import sys; from alp_pipeline.catalog.loader import load_catalog; load_catalog(); "
        "heavy = {'pandas', 'numpy', 'pyarrow', 'duckdb', 'dagster', 'sqlalchemy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_dataset_must_fit_its_source_and_name_a_table_that_is_there(site):
    wrong = DATASET.replace("  cadence:", "  access: {family: socrata, resource: abcd-1234}\n  cadence:")
    assert "access.family: 'socrata', but eurostat is of the family 'eurostat'" in _refusal(
        site(datasets=wrong)
    )
    layout = "  layout: {columns: {region: geo}, code_table: {geo: nowhere}}\n  cadence:"
    message = _refusal(site(datasets=DATASET.replace("  cadence:", layout)))
    assert "layout.code_table.geo: no table nowhere.csv in data/reference/codes" in message


def test_two_datasets_of_one_code_are_refused_because_assets_carry_it(site):
    copied = DATASET.replace("source: eurostat", "source: bfs").replace("eurostat.", "bfs.")
    copied = copied.replace("  cadence:", "  access: {family: import}\n  cadence:")
    message = _refusal(site(datasets=DATASET + copied))
    assert "eurostat.own_gerdreg: code: is that of bfs.own_gerdreg too" in message


def test_rows_of_one_scheme_agree_on_what_they_share(site):
    from alp_pipeline.catalog.loader import ENTRIES_DIR

    own = (ENTRIES_DIR / "schemes.yaml").read_text(encoding="utf-8").replace("observatory_2007_2012", "own")
    assert load_catalog(site(schemes=own)).schemes["own_focus"].ranking_floor_persons == 500
    differing = own.replace("  criterion: focus\n", "  criterion: focus\n  ranking_floor_persons: 400\n")
    message = _refusal(site(schemes=differing))
    assert "ranking_floor_persons: differs from that of own_focus, a row of the same scheme" in message
