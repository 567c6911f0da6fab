"""A record's identity, what it may say, and the order of vintages."""

import dataclasses
from typing import Any

import pytest

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
