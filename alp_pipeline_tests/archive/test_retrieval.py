"""A record's identity, what it may say, and the order of vintages."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.archive.retrieval import (
    Extent,
    Retrieval,
    RetrievalInvalid,
    group_vintages,
    vintage_order,
)

A, B = "a" * 64, "b" * 64


def retrieval(
    content: str = A, published: str | None = None, seen: str | None = None, **more: Any
) -> Retrieval:
    return Retrieval(
        "eurostat",
        "tgs00001",
        more.pop("format", "tsv"),
        content,
        12,
        "Eurostat reuse",
        False,
        published_at=published and f"{published}T00:00:00Z",
        published_at_origin="document" if published else "unknown",
        seen_at=seen and f"{seen}T00:00:00Z",
        seen_at_origin="manifest" if seen else "unknown",
        **more,
    )


def days(groups: list[tuple[Retrieval, ...]]) -> list[list[str]]:
    return [[(r.published_at or r.seen_at or "")[:10] for r in group] for group in groups]


def test_the_identity_is_that_of_the_content_and_survives_the_disk() -> None:
    first = retrieval(seen="2017-08-01", parameters={"b": "2", "a": "1"}, extent=Extent({"geo": ["B", "A"]}))
    again = retrieval(seen="2017-08-01", parameters={"a": "1", "b": "2"}, extent=Extent({"geo": ["A", "B"]}))
    assert first == again
    assert first.retrieval_id == again.retrieval_id
    assert Retrieval.from_json(first.canonical_json(), where="x") == first
    assert retrieval(seen="2017-08-02").retrieval_id != retrieval(seen="2017-08-01").retrieval_id


def test_what_a_record_does_not_say_is_not_in_it_so_a_new_field_changes_no_identity() -> None:
    assert retrieval().canonical_json() == (
        f'{{"content_sha256":"{A}","dataset_code":"tgs00001","format":"tsv","is_synthetic":false,'
        '"licence":"Eurostat reuse","published_at_origin":"unknown","seen_at_origin":"unknown",'
        '"size_bytes":12,"source_id":"eurostat"}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"source_id": "../etc"},
        {"source_id": "Eurostat"},
        {"dataset_code": "a/b"},
        {"dataset_code": ".hidden"},
        {"dataset_code": ""},
        {"content_sha256": "abc"},
        {"size_bytes": -1},
        {"format": ""},
        {"published_at": "2017-08-01", "published_at_origin": "document"},
        {"published_at": "2017-02-30T00:00:00Z", "published_at_origin": "document"},
        {"published_at": "2017-08-01T00:00:00Z", "published_at_origin": "unknown"},
        {"seen_at": None, "seen_at_origin": "manifest"},
        {"seen_at": "2017-08-01T00:00:00Z", "seen_at_origin": "hearsay"},
    ],
)
def test_an_impossible_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RetrievalInvalid):
        dataclasses.replace(retrieval(), **change)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"extent": 3}', '{"extent": {"periods": ["2014"]}}', '{"a": 1}']
)
def test_a_text_that_is_no_record_is_refused_by_name(text: str) -> None:
    with pytest.raises(RetrievalInvalid, match=r"there\.json"):
        Retrieval.from_json(text, where="there.json")


def test_an_extent_is_the_whole_table_or_names_its_codes() -> None:
    assert Extent.whole().is_whole
    assert Extent({}, (None, None)) == Extent.whole()
    slice_ = Extent({"geo": ["ITC4", "AT33", "ITC4"]}, ("2014", None))
    assert not slice_.is_whole
    assert slice_.as_json() == {"dims": {"geo": ["AT33", "ITC4"]}, "periods": ["2014", None]}
    assert Extent.from_json(slice_.as_json()) == slice_
    for nothing in ({"geo": []}, {"geo": "ITC4"}):
        with pytest.raises(RetrievalInvalid, match="geo"):
            Extent(nothing)
    with pytest.raises(RetrievalInvalid, match="geos"):
        Extent.from_json({"geos": {}})


def test_vintages_are_ordered_by_publishers_time_then_ours_then_hash() -> None:
    late = retrieval(A, published="2017-03-01", seen="2017-03-02")
    early_seen_late = retrieval(B, published="2017-01-01", seen="2018-01-01")
    unknown_publisher = retrieval(B, seen="2017-02-01")
    tie = retrieval(A, published="2017-01-01", seen="2018-01-01")
    ordered = sorted([late, unknown_publisher, early_seen_late, tie], key=vintage_order)
    assert ordered == [tie, early_seen_late, unknown_publisher, late]


def test_identical_bytes_directly_after_themselves_are_a_sighting_and_after_others_a_vintage() -> None:
    a1, a2 = retrieval(A, seen="2017-01-01"), retrieval(A, seen="2017-02-01")
    b, a3 = retrieval(B, seen="2017-03-01"), retrieval(A, seen="2017-04-01")
    assert days(group_vintages([a3, b, a2, a1])) == [
        ["2017-01-01", "2017-02-01"],
        ["2017-03-01"],
        ["2017-04-01"],
    ]


def test_the_same_bytes_with_another_claim_are_no_sighting() -> None:
    whole = retrieval(A, seen="2017-01-01")
    part = retrieval(A, seen="2017-02-01", extent=Extent({"geo": ["ITC4"]}))
    other = retrieval(A, seen="2017-03-01", format="tsv-2017")
    assert [len(group) for group in group_vintages([whole, part, other])] == [1, 1, 1]


def test_a_document_without_any_time_enters_no_history() -> None:
    assert retrieval().is_undated
    assert group_vintages([retrieval()]) == []


# -- sightings by content, and of slices -----------------------------------------------------------------

D1, D2 = "1" * 64, "2" * 64
IT, AT, BOTH = Extent({"geo": ["ITC4"]}), Extent({"geo": ["AT33"]}), Extent({"geo": ["AT33", "ITC4"]})


def test_the_same_content_in_other_bytes_is_no_new_vintage() -> None:
    first = retrieval(A, seen="2017-01-01", observations_digest=D1)
    repacked = retrieval(B, seen="2017-02-01", observations_digest=D1)
    bytes_again = retrieval(B, seen="2017-03-01")
    assert days(group_vintages([bytes_again, repacked, first])) == [
        ["2017-01-01", "2017-02-01", "2017-03-01"]
    ]
    revised = retrieval(B, seen="2017-02-01", observations_digest=D2)
    taken_back = retrieval("c" * 64, seen="2017-03-01", observations_digest=D1)
    assert [len(group) for group in group_vintages([first, revised, taken_back])] == [1, 1, 1]


def test_an_unknown_content_is_never_taken_for_the_same() -> None:
    first, other = retrieval(A, seen="2017-01-01"), retrieval(B, seen="2017-02-01")
    known = retrieval(B, seen="2017-03-01", observations_digest=D1)
    assert [len(group) for group in group_vintages([first, other, known])] == [1, 2]
    elsewhere = retrieval("c" * 64, seen="2017-04-01", observations_digest=D1, extent=IT)
    assert [len(group) for group in group_vintages([known, elsewhere])] == [1, 1]


def test_slices_are_seen_again_past_other_slices() -> None:
    rounds = [
        retrieval(content, seen=day, extent=extent)
        for day, it, at in (("2017-01-01", A, B), ("2017-01-02", A, B), ("2017-01-03", A, "c" * 64))
        for content, extent in ((it, IT), (at, AT))
    ]
    assert [len(group) for group in group_vintages(rounds)] == [3, 2, 1]


def test_a_slice_is_a_vintage_again_after_a_revision_of_what_it_overlaps() -> None:
    before = retrieval(A, seen="2017-01-01", extent=IT)
    whole = retrieval(B, seen="2017-01-02", extent=BOTH)
    after = retrieval(A, seen="2017-01-03", extent=IT)
    assert [len(group) for group in group_vintages([after, whole, before])] == [1, 1, 1]


def test_the_digest_of_the_observations_is_told_only_where_it_is_known() -> None:
    assert "observations_digest" not in retrieval().canonical_json()
    told = retrieval(observations_digest=D1)
    assert Retrieval.from_json(told.canonical_json(), where="x") == told
    with pytest.raises(RetrievalInvalid, match="digest of the observations"):
        retrieval(observations_digest="1" * 63)


codes = st.lists(st.sampled_from("XYZ"), min_size=1, max_size=2)
periods = st.sampled_from([None, "2014", "2015", "2015-Q3", "2016"])
extents = st.builds(
    Extent, st.dictionaries(st.sampled_from(["geo", "sex"]), codes), st.none() | st.tuples(periods, periods)
)
CELLS = [
    ({"geo": geo, "sex": sex}, period)
    for geo in "XYZ"
    for sex in "XYZ"
    for period in ("2013", "2014", "2014-Q1", "2015", "2015-Q3", "2016", "2017")
]


def covers(extent: Extent, codes_of_cell: dict[str, str], period: str) -> bool:
    first, last = extent.periods or (None, None)
    return (
        all(codes_of_cell[name] in codes for name, codes in extent.dims.items())
        and (first is None or period >= first)
        and (last is None or period <= last + "~")
    )


@given(extents, extents)
def test_extents_overlap_whenever_a_cell_lies_in_both_and_both_ways(one: Extent, other: Extent) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    if any(covers(one, *cell) and covers(other, *cell) for cell in CELLS):
        assert one.overlaps(other)


some_retrievals = st.lists(
    st.builds(
        retrieval,
        st.sampled_from([A, B]),
        seen=st.sampled_from([f"2017-01-0{day}" for day in range(1, 7)]),
        extent=st.sampled_from([Extent(), IT, AT, BOTH]),
        observations_digest=st.sampled_from([None, D1, D2]),
    ),
    max_size=8,
    unique_by=lambda r: r.retrieval_id,
)


@given(some_retrievals, st.randoms())
def test_import_order_cannot_matter_and_nothing_is_lost(found: list[Retrieval], random: Any) -> None:
    groups = group_vintages(found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert group_vintages(shuffled) == groups
    assert sorted((r for group in groups for r in group), key=vintage_order) == sorted(
        found, key=vintage_order
    )
    assert [group[0] for group in groups] == sorted((g[0] for g in groups), key=vintage_order)


@given(some_retrievals)
def test_a_sighting_never_reaches_back_past_a_newer_vintage_of_its_extent(found: list[Retrieval]) -> None:
    """So what the newest retrieval says of an extent is what its newest vintage says."""
    groups = group_vintages(found)
    for extent in {r.extent for r in found}:
        newest = max((r for r in found if r.extent == extent), key=vintage_order)
        group = next(group for group in groups if newest in group)
        later = groups[groups.index(group) + 1 :]
        assert not any(r.extent == extent for g in later for r in g)
