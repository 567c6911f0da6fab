"""What a request claims stands in the words of the rows."""

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.sources.claims import claim
from alp_pipeline_tests.sources.services import pxweb_entry

CODES = {"geo": {"V": "SI03", "Z": "SI04", "O": "SI04"}}


def test_codes_are_claimed_as_rows_will_have_them_and_others_as_they_are():
    dataset = pxweb_entry(layout={"codes": CODES})
    claimed = claim(dataset, {"geo": ("V", "Z", "O"), "indic_sb": ("1",)}, ("2020", None))
    assert claimed == Extent({"geo": ("SI03", "SI04"), "indic_sb": ("1",)}, ("2020", None))


def test_codes_that_are_set_aside_are_not_claimed():
    dataset = pxweb_entry(layout={"codes": CODES, "drop_unmapped": ["geo"]})
    assert claim(dataset, {"geo": ("V", "Ljubljana")}) == Extent({"geo": ("SI03",)})
    assert claim(dataset, {"geo": ("Ljubljana",)}) == Extent({"geo": ("Ljubljana",)})


def test_without_a_layout_codes_stay_as_they_are():
    assert claim(pxweb_entry(), {"geo": ("V",)}) == Extent({"geo": ("V",)})
