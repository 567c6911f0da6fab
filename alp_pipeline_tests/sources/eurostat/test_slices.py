"""Slices: together they are exactly what the entry wants, each below the limit and with its claim."""

from itertools import product
from pathlib import Path

import pytest

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.sources.errors import NotData, QueryRefused, StructureChanged
from alp_pipeline.sources.eurostat.replies import NothingMatches
from alp_pipeline.sources.eurostat.slices import Limits
from alp_pipeline.sources.family import Fetched, Upstream
from alp_pipeline_tests.servers import eurostat_messages as messages
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.eurostat import EurostatServer
from alp_pipeline_tests.sources.eurostat.asking import (
    PERIODS,
    REGIONS,
    UNITS,
    connected,
    entry,
    left_in,
    sliced,
    tsv,
)

OFFERED = Upstream("offered", changed_at="2026-05-13T09:00:00Z")
Cells = list[tuple[str, str]]


def cells(documents: list[Fetched], dataset: DatasetEntry) -> Cells:
    """(series, period) of every cell of every document."""
    return [
        (row["series_key"], row["time_period"])
        for document in documents
        for batch in read_observations(
            document.path, format=document.format, dataset=dataset.shape(), document_id=""
        ).batches()
        for row in batch.to_pylist()
    ]


def claimed(documents: list[Fetched], space: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every combination of codes that some extent covers, as often as it is covered."""
    return [
        combination
        for document in documents
        for combination in product(*(document.extent.dims.get(name, codes) for name, codes in space.items()))
    ]


def asked_keys(server: EurostatServer) -> list[str]:
    return [
        one.path.removeprefix("/sdmx/2.1/data/TGS00001").strip("/") for one in server.asked("/sdmx/2.1/data/")
    ]


def test_a_part_below_the_limit_is_one_request_by_position_in_the_key(tmp_path: Path) -> None:
    dataset = sliced({"geo": ["AT33", "ITC4"], "unit": ["NR"]}, since="2022")
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        documents = list(source.fetch(dataset, OFFERED))
        (asked,) = server.asked("/sdmx/2.1/data/")
    assert asked.path == "/sdmx/2.1/data/TGS00001/.NR.AT33+ITC4"
    assert asked.query == {"format": "TSV", "compressed": "true", "startPeriod": "2022"}
    assert cells(documents, dataset) == [
        ("A.NR.AT33", "2022"), ("A.NR.ITC4", "2022"), ("A.NR.AT33", "2023"), ("A.NR.ITC4", "2023")
    ]  # fmt: skip
    (document,) = documents
    assert document.extent == Extent({"geo": ["AT33", "ITC4"], "unit": ["NR"]}, ("2022", None))
    assert document.parameters["key"] == ".NR.AT33+ITC4"
    assert document.url == f"{server.url}/sdmx/2.1/data/TGS00001/.NR.AT33+ITC4"


@pytest.mark.parametrize("most_cells", [1, 3, 5, 6, 12, 23, 24, 1000])
@pytest.mark.parametrize("filters", [{}, {"geo": ["AT", "SI03", "ITC4"]}, {"unit": ["PC"], "geo": ["AT"]}])
def test_slices_are_together_what_is_wanted_and_never_overlap(
    tmp_path: Path, filters: dict[str, list[str]], most_cells: int
) -> None:
    dataset = sliced(filters)
    space = {"freq": ("A",), "unit": UNITS, "geo": REGIONS}
    wanted = list(product(*(tuple(filters.get(name, codes)) for name, codes in space.items())))
    with (
        EurostatServer({"TGS00001": tsv()}, sync_cells=max(4, most_cells + 1)) as server,
        connected(server, tmp_path, limits=Limits(most_cells=most_cells)) as source,
    ):
        documents = list(source.fetch(dataset, OFFERED))
        assert server.asked("/async/") == []
    assert sorted(claimed(documents, space)) == sorted(wanted)
    assert sorted(cells(documents, dataset)) == sorted(
        (".".join(series), period) for series in wanted for period in PERIODS
    )


def test_a_table_is_divided_along_the_dimension_that_the_entry_names(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path, limits=Limits(most_cells=12)) as source,
    ):
        list(source.fetch(sliced(split_by="unit"), OFFERED))
        assert asked_keys(server) == [".NR.", ".PC."]


def test_a_code_that_the_table_lacks_is_not_asked_for_but_claimed_and_named(tmp_path: Path) -> None:
    dataset = sliced({"geo": ["AT33", "XX99", "ITC4"]})
    with (
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path, limits=Limits(most_cells=6)) as source,
    ):
        documents = list(source.fetch(dataset, OFFERED))
        assert asked_keys(server) == ["..AT33", "..ITC4"]
    assert [document.extent for document in documents] == [
        Extent({"geo": ["AT33", "XX99"]}),
        Extent({"geo": ["ITC4"]}),
    ]
    assert [document.parameters["absent"] for document in documents] == [{"geo": ["XX99"]}] * 2


def test_a_part_without_any_value_is_claimed_by_its_neighbour(tmp_path: Path) -> None:
    table = tsv(units=("NR",)) + b"A,PC,AT\t1 \t2 \t3 \n"
    dataset = sliced({"unit": ["PC"], "geo": list(REGIONS)})
    with (
        EurostatServer({"TGS00001": table}) as server,
        connected(server, tmp_path, limits=Limits(most_cells=3)) as source,
    ):
        documents = list(source.fetch(dataset, OFFERED))
        assert len(asked_keys(server)) == 4
    assert [document.extent for document in documents] == [Extent({"unit": ["PC"], "geo": REGIONS})]
    assert cells(documents, dataset) == [("A.PC.AT", period) for period in PERIODS]


def test_a_filter_of_which_nothing_is_there_is_refused_before_asking(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        with pytest.raises(QueryRefused, match="none of the codes that the entry filters geo by: XX98, XX99"):
            list(source.fetch(sliced({"geo": ["XX99", "XX98"]}), OFFERED))
        assert asked_keys(server) == []


def test_a_combination_of_which_nothing_is_there_is_refused(tmp_path: Path) -> None:
    table = tsv(units=("NR",)) + b"A,PC,AT\t1 \t2 \t3 \n"
    with (
        EurostatServer({"TGS00001": table}) as server,
        connected(server, tmp_path) as source,
        pytest.raises(QueryRefused, match="nothing of what the entry wants"),
    ):
        list(source.fetch(sliced({"unit": ["PC"], "geo": ["ITC4"]}), OFFERED))
    assert left_in(tmp_path) == []


def test_an_estimate_that_was_too_low_divides_further(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}, sync_cells=7, async_cells=7) as server,
        connected(server, tmp_path, limits=Limits(most_cells=12)) as source,
    ):
        documents = list(source.fetch(sliced(), OFFERED))
        assert asked_keys(server) == ["..AT+AT33", "..AT", "..AT33", "..ITC4+SI03", "..ITC4", "..SI03"]
    assert [document.extent for document in documents] == [Extent({"geo": [region]}) for region in REGIONS]


def test_a_slice_that_is_queued_all_the_same_is_followed_to_the_end(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}, sync_cells=5, async_cells=1000) as server,
        connected(server, tmp_path) as source,
    ):
        (document,) = source.fetch(sliced({"geo": ["AT"]}), OFFERED)
        assert len(server.asked("/async/status/")) == 3
    assert document.url == f"{server.url}/sdmx/2.1/data/TGS00001/..AT"
    assert len(cells([document], sliced())) == 6


def test_too_big_for_a_single_code_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}, sync_cells=1, async_cells=1) as server,
        connected(server, tmp_path) as source,
        pytest.raises(QueryRefused, match=r"EXTRACTION_TOO_BIG.*want its bulk file"),
    ):
        list(source.fetch(sliced({"geo": ["AT"], "unit": ["NR"]}), OFFERED))
    assert left_in(tmp_path) == []


def test_more_requests_than_are_polite_are_refused_before_the_first(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path, limits=Limits(most_cells=1, most_requests=5)) as source,
    ):
        with pytest.raises(QueryRefused, match="more than 5 requests"):
            list(source.fetch(sliced(), OFFERED))
        assert asked_keys(server) == []


def test_everything_since_a_year_needs_no_key(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        (document,) = source.fetch(sliced(since="2023"), OFFERED)
        assert [one.path for one in server.asked("/data/")] == ["/sdmx/2.1/data/TGS00001"]
    assert document.extent == Extent({}, ("2023", None))


def test_names_of_dimensions_are_eurostats_in_the_key_and_ours_in_the_extent(tmp_path: Path) -> None:
    dataset = entry(
        dimensions=["freq", "measure", "geo"],
        dimension_aliases={"unit": "measure"},
        filters={"measure": ["PC"]},
        access={"family": "eurostat", "want": "slices"},
    )
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        (document,) = source.fetch(dataset, OFFERED)
        assert asked_keys(server) == [".PC."]
    assert document.extent == Extent({"measure": ["PC"]})


def test_a_table_of_other_dimensions_is_refused_by_name(tmp_path: Path) -> None:
    dataset = entry(
        dimensions=["freq", "unit", "sex", "geo"], access={"family": "eurostat", "want": "slices"}
    )
    with (
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path) as source,
        pytest.raises(StructureChanged, match="differs in sex"),
    ):
        list(source.fetch(dataset, OFFERED))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (tsv(regions=("AT", "AT33"), periods=("2022",)), "the code AT33"),
        (tsv(regions=("AT",), periods=("2020", "2023")), "the period 2020"),
        (b"freq,unit\\TIME_PERIOD\t2023 \nA,NR\t1 \n", "no dimension geo"),
    ],
)
def test_an_answer_that_holds_what_was_not_asked_for_is_refused(
    tmp_path: Path, other: bytes, what: str
) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(Reply(200, other), match="/sdmx/2.1/data/")
        with pytest.raises(NotData, match=what):
            list(source.fetch(sliced({"geo": ["AT"]}, since="2022"), OFFERED))
    assert left_in(tmp_path) == []


def test_when_one_slice_fails_none_is_left(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path, limits=Limits(most_cells=6)) as source,
    ):
        server.fault(Reply(200, messages.MAINTENANCE_PAGE), match="..SI03")
        with pytest.raises(NotData, match="a web page"):
            list(source.fetch(sliced(), OFFERED))
    assert left_in(tmp_path) == []


def test_no_results_is_its_own_refusal() -> None:
    assert issubclass(NothingMatches, QueryRefused)


def test_slices_of_a_real_table_hold_the_cells_of_its_bulk_file(realdata: Path, tmp_path: Path) -> None:
    dimensions = ["freq", "unit", "sex", "age", "geo"]  # the file of 2017 has no freq
    dataset = entry(
        "trng_lfse_04",
        dimensions=dimensions,
        filters={"geo": ["AT33", "ITC4", "FR71", "CH07"], "sex": ["T", "F"]},
        access={"family": "eurostat", "want": "slices", "since": "2010"},
    )
    with (
        EurostatServer.of_realdata(realdata) as server,
        connected(server, tmp_path, limits=Limits(most_cells=20)) as source,
    ):
        told = source.freshness([dataset])[dataset.id]
        documents = list(source.fetch(dataset, told))
        (bulk,) = source.fetch(entry("trng_lfse_04", dimensions=dimensions), told)
    assert len(documents) == 4
    wanted = [
        (series, period)
        for series, period in cells([bulk], dataset)
        if series.split(".")[4] in dataset.filters["geo"]
        and series.split(".")[2] in dataset.filters["sex"]
        and period >= "2010"
    ]
    assert len(wanted) == 48
    assert sorted(cells(documents, dataset)) == sorted(wanted)
