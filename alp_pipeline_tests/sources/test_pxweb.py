"""PxWeb: every variable named, every query within the limits, every cell that was asked for and no other."""

import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.catalog.access import PxWebAccess
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.sources.errors import QueryRefused, StructureChanged
from alp_pipeline.sources.family import Fetched, Upstream
from alp_pipeline.sources.pxweb import Limits, PxWebConnector
from alp_pipeline.sources.pxweb_cells import Variable, asked, cells, query, split, wanted
from alp_pipeline_tests.servers.pxweb import PxWebServer
from alp_pipeline_tests.servers.pxweb_cube import PxTable, PxVariable
from alp_pipeline_tests.sources.portals import connected
from alp_pipeline_tests.sources.services import MEASURE, PATH, REGION, YEAR, pxweb_entry, table

ASKED = Upstream("offered")


def served(own: PxTable | None = None, *, most_cells: int = 1000) -> PxWebServer:
    return PxWebServer({PATH: own or table()}, most_cells=most_cells)


def documents(server: PxWebServer, tmp_path: Path, dataset=None) -> list[Fetched]:
    with connected(PxWebConnector, server, tmp_path) as connector:
        return list(connector.fetch(dataset or pxweb_entry(), ASKED))


def values_in(document: Fetched) -> dict[tuple[str, ...], int]:
    """Codes in the table's order → value."""
    found = json.loads(document.path.read_bytes())
    codes = [found["dimension"][name]["category"]["index"] for name in found["id"]]
    return dict(zip(itertools.product(*codes), found["value"], strict=True))


def test_a_table_within_the_limit_is_one_query_that_names_every_variable(tmp_path):
    with served() as server:
        (document,) = documents(server, tmp_path)
        assert [part["code"] for part in server.queries[0]["query"]] == [
            "KOHEZIJSKA REGIJA",
            "MERITVE",
            "LETO",
        ]
        assert [request.method for request in server.requests] == ["GET", "GET", "POST"]
    assert document.extent == Extent.whole()
    assert (document.format, document.published_at) == ("json-stat-2", "2026-05-13T09:00:00Z")
    assert document.published_at_origin == "document"
    assert len(values_in(document)) == 24


def test_the_readers_understand_a_fetched_document(tmp_path):
    dataset = pxweb_entry()
    with served() as server:
        (document,) = documents(server, tmp_path, dataset)
    reading = read_observations(
        document.path, format=document.format, dataset=dataset.shape(), document_id="d"
    )
    rows = [row for batch in reading.batches() for row in batch.to_pylist()]
    assert [row["problem"] for row in rows if row["problem"]] == []
    found = {(row["geo"], row["indic_sb"], row["time_period"]): row["value"] for row in rows}
    assert found["V", "Število oseb", "2021"] == 10
    assert len(found) == 24


def test_a_variable_that_the_entry_does_not_name_is_an_error_and_nothing_is_asked(tmp_path):
    names = {"MERITVE": "geo", "LETO": "time"}
    with (
        served() as server,
        pytest.raises(StructureChanged, match="KOHEZIJSKA REGIJA, which would be summed"),
    ):
        documents(server, tmp_path, pxweb_entry(names))
    assert server.queries == []


def test_what_the_server_would_have_summed_is_really_another_number():
    asked = {"query": [{"code": "MERITVE", "selection": {"filter": "all", "values": ["*"]}}]}
    asked["query"].append({"code": "LETO", "selection": {"filter": "item", "values": ["2020"]}})
    assert table().json_stat(asked)["value"] == [1 + 9 + 17, 5 + 13 + 21]


def test_a_variable_or_value_that_the_table_lacks_is_named(tmp_path):
    dataset = pxweb_entry(
        {"KOHEZIJSKA REGIJA": "geo", "MERITVE": "indic_sb", "SPOL": "sex", "LETO": "time"},
        {"KOHEZIJSKA REGIJA": ["V", "X"]},
    )
    with served() as server, pytest.raises(StructureChanged) as refused:
        documents(server, tmp_path, dataset)
    assert "the table lacks SPOL; KOHEZIJSKA REGIJA has no value X" in str(refused.value)


def test_queries_are_split_along_time_first_and_say_which_periods_they_cover(tmp_path):
    with served(most_cells=12) as server:
        found = documents(server, tmp_path)
    assert [document.extent.periods for document in found] == [("2020", "2021"), ("2022", "2023")]
    assert [dict(document.extent.dims) for document in found] == [{}, {}]


def test_a_variable_that_may_be_eliminated_is_split_when_time_is_not_enough(tmp_path):
    with served(most_cells=4) as server:
        found = documents(server, tmp_path)
    assert len(found) == 8
    assert found[0].extent == Extent({"geo": ("0", "V")}, ("2020", "2020"))
    assert found[1].extent == Extent({"geo": ("Z",)}, ("2020", "2020"))


def test_a_variable_that_is_neither_time_nor_eliminable_is_never_split(tmp_path):
    with served(most_cells=1) as server, pytest.raises(QueryRefused, match="2 cells, the service allows 1"):
        documents(server, tmp_path)
    assert server.queries == []


def test_periods_with_a_hole_between_them_are_documents_of_their_own(tmp_path):
    dataset = pxweb_entry(select={"LETO": ["2020", "2022", "2023"], "KOHEZIJSKA REGIJA": ["V"]})
    with served() as server:
        found = documents(server, tmp_path, dataset)
    assert [document.extent for document in found] == [
        Extent({"geo": ("V",)}, ("2020", "2020")),
        Extent({"geo": ("V",)}, ("2022", "2023")),
    ]


def test_numbered_years_count_by_their_texts(tmp_path):
    years = PxVariable("LETO", ("0", "1", "2", "3"), time=True, texts=("2023", "2022", "2021", "2020"))
    with served(table(REGION, MEASURE, years), most_cells=12) as server:
        found = documents(server, tmp_path)
    assert [document.extent.periods for document in found] == [("2020", "2021"), ("2022", "2023")]
    for document in found:
        reading = read_observations(
            document.path, format=document.format, dataset=pxweb_entry().shape(), document_id="x"
        )
        assert sum(batch.num_rows for batch in reading.batches()) == 12
        assert (min(reading.periods), max(reading.periods)) == document.extent.periods


def test_years_that_are_none_are_refused_before_anything_is_asked(tmp_path):
    years = PxVariable("LETO", ("a", "b"), time=True)
    with served(table(REGION, MEASURE, years)) as server, pytest.raises(StructureChanged, match="no periods"):
        documents(server, tmp_path)
    assert server.queries == []


def test_the_newest_first_is_the_same_table(tmp_path):
    years = PxVariable("LETO", ("2023", "2022", "2021", "2020"), time=True)
    with served(table(REGION, MEASURE, years), most_cells=18) as server:
        found = documents(server, tmp_path)
    assert [document.extent.periods for document in found] == [("2020", "2022"), ("2023", "2023")]


def test_a_service_that_refuses_its_own_limit_is_asked_for_half(tmp_path):
    with served(most_cells=24) as server:
        server.most_cells = 12
        found = documents(server, tmp_path)
        assert [len(values_in(document)) for document in found] == [12, 12]
        assert len(server.queries) == 3
    assert [document.path.name for document in found] == ["addetti.0001.json", "addetti.0002.json"]


def test_a_part_claims_the_codes_that_its_rows_will_have(tmp_path):
    layout = {"codes": {"geo": {"0": "SI", "V": "SI03", "Z": "SI04"}, "indic_sb": {"Število oseb": "PERS"}}}
    dataset = pxweb_entry(select={"MERITVE": ["Število oseb"]}, layout=layout)
    with served(most_cells=2) as server:
        found = documents(server, tmp_path, dataset)
    assert found[0].extent == Extent({"geo": ("SI", "SI03"), "indic_sb": ("PERS",)}, ("2020", "2020"))
    for document in found:
        reading = read_observations(
            document.path, format=document.format, dataset=dataset.shape(), document_id="d"
        )
        rows = [row for batch in reading.batches() for row in batch.to_pylist()]
        assert {row["geo"] for row in rows} == set(document.extent.dims["geo"])
        assert {row["time_period"] for row in rows} == {document.extent.periods[0]}


def test_calls_keep_to_the_pace_that_config_names_whatever_the_catalogue_says(tmp_path):
    with served(most_cells=2) as server:
        server.config |= {"maxCalls": 5, "timeWindow": 0.3}
        server.window = (5, 0.3)
        found = documents(server, tmp_path)
        assert (len(found), len(server.requests)) == (12, 14)
        assert (server.refused_calls, server.together) == (0, 1)


def test_freshness_asks_for_one_cell_and_config_once(tmp_path):
    with served() as server, connected(PxWebConnector, server, tmp_path) as connector:
        for _ in range(2):
            told = connector.freshness([pxweb_entry()])["lombardia.addetti"]
        assert [request.place for request in server.requests if request.method == "GET"] == [
            "/sl/?config",
            "/sl/Data/0710A10S.px?",
            "/sl/Data/0710A10S.px?",
        ]
        assert [server.tables[PATH].cells_asked(body) for body in server.queries] == [1, 1]
    assert (told.status, told.signal) == ("offered", "2026-05-13T09:00:00Z")
    assert told.changed_at == "2026-05-13T09:00:00Z"


def test_a_table_without_a_date_is_of_unknown_age_and_a_new_value_shows_in_the_structure(tmp_path):
    longer = table(REGION, MEASURE, PxVariable("LETO", (*YEAR.values, "2024"), time=True), updated=None)
    with served(table(updated=None)) as server, connected(PxWebConnector, server, tmp_path) as connector:
        before = connector.freshness([pxweb_entry()])["lombardia.addetti"]
        server.tables[PATH] = longer
        after = connector.freshness([pxweb_entry()])["lombardia.addetti"]
    assert (before.status, before.signal, before.changed_at) == ("unknown", None, None)
    assert before.structure_signal != after.structure_signal


def test_describe_speaks_in_the_tables_own_words_whatever_the_entry_says(tmp_path):
    wrong = pxweb_entry({"Nekaj": "geo", "LETO": "time"})
    with served() as server, connected(PxWebConnector, server, tmp_path) as connector:
        found = connector.describe(wrong)
    assert list(found.columns) == ["KOHEZIJSKA REGIJA", "MERITVE", "LETO"]
    assert found.columns["KOHEZIJSKA REGIJA"] == ("0", "V", "Z")
    assert (found.latest_period, found.rows, found.title) == ("2023", 24, "Employment by region")


def test_limits_are_read_under_both_names_and_the_younger_wins():
    both = {"maxValues": 10, "maxCells": 20, "CORS": True}
    assert Limits.of(both, where="x") == Limits(20)
    assert Limits.of({**both, "maxCalls": 30, "timeWindow": 10}, where="x") == Limits(20, 30, 10.0)


def test_the_queries_that_clients_really_send_are_of_the_same_form(realdata):
    sent = json.loads((realdata / "portals" / "pxweb" / "query_px.json").read_text())
    names = {part["code"]: tuple(part["selection"]["values"]) for part in sent["query"]}
    variables = [Variable(code, (*values, "other")) for code, values in names.items()]
    assert query(names, variables)["query"] == sent["query"]


def test_the_limits_of_real_services_are_taken_as_they_are_written(realdata):
    services = json.loads((realdata / "portals" / "pxweb" / "api_catalogue.json").read_text())["apis"]
    bfs = next(service for name, service in services.items() if "bfs" in name)
    announced = {
        "maxValues": bfs["max_values_to_download"],
        "maxCalls": bfs["calls_per_period"],
        "timeWindow": bfs["period_in_seconds"],
        "CORS": True,
    }
    assert Limits.of(announced, where="bfs") == Limits(5000, 10, 10.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"select": {"LETO": ["*"]}}, "must name the same variables"),
        ({"variables": {"LETO": "geo"}, "select": {"LETO": ["*"]}}, "exactly one variable must be the time"),
        ({"variables": {"LETO": "time"}, "select": {"LETO": ["*", "2020"]}}, "or be"),
    ],
)
def test_an_entry_that_cannot_be_asked_is_refused_when_it_is_loaded(change, said):
    good = {"table": "t", "variables": {"A": "geo", "LETO": "time"}, "select": {"A": ["*"], "LETO": ["*"]}}
    with pytest.raises(ValueError, match=said):
        PxWebAccess.model_validate(good | change)


# -- whatever the sizes and flags --------------------------------------------------------------------


@st.composite
def tables(draw) -> tuple[PxTable, dict[str, list[str]]]:
    """A table of up to four variables in any order, and what is asked of it."""
    years = draw(st.lists(st.integers(2000, 2014), min_size=1, max_size=7, unique=True))
    variables = [
        PxVariable("Leto", tuple(map(str, years)), time=draw(st.booleans()), elimination=draw(st.booleans()))
    ]
    for number in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 5))
        flag = draw(st.booleans())
        variables.append(PxVariable(f"Š {number}", tuple(f"č{v}" for v in range(size)), elimination=flag))
    variables = draw(st.permutations(variables))
    select = {
        variable.code: ["*"]
        if draw(st.booleans())
        else draw(st.lists(st.sampled_from(variable.values), min_size=1, unique=True))
        for variable in variables
    }
    return PxTable(tuple(variables)), select


def names_of(own: PxTable) -> dict[str, str]:
    others = iter(("geo", "indic_sb", "sex"))
    return {v.code: "time" if v.code == "Leto" else next(others) for v in own.variables}


@given(tables(), st.integers(1, 60))
def test_the_parts_are_exactly_what_was_asked_and_each_is_within_the_limit(given_table, limit):
    own, select = given_table
    variables = [Variable.of(variable.metadata()) for variable in own.variables]
    access = PxWebAccess(table="t", variables=names_of(own), select=select)
    selections = wanted(access, variables, where="x")
    fixed = cells({v.code: selections[0][v.code] for v in variables if not v.is_splittable})
    try:
        parts = [part for whole in selections for part in split(whole, variables, limit, where="x")]
    except QueryRefused:
        # Only when no allowed split can help; a run of periods may have fewer values than another.
        assert max(fixed, *(_unsplit(whole, variables) for whole in selections)) > limit
        return
    came = [cell for part in parts for cell in itertools.product(*(part[v.code] for v in variables))]
    expected = itertools.product(
        *(v.values if select[v.code] == ["*"] else select[v.code] for v in variables)
    )
    assert Counter(came) == Counter(expected)
    assert max(cells(part) for part in parts) <= limit
    for part in parts:
        claimed = Extent(*asked(part, access, variables))
        assert _covered(claimed, access, variables) == set(
            itertools.product(*(part[v.code] for v in variables))
        )


def _unsplit(whole, variables) -> int:
    return cells({v.code: whole[v.code] for v in variables if not v.is_splittable})


def _covered(claim: Extent, access: PxWebAccess, variables: list[Variable]) -> set[tuple[str, ...]]:
    """The table's cells that an extent claims."""
    first, last = claim.periods or (None, None)
    claimed = []
    for variable in variables:
        name = access.variables[variable.code]
        if name == "time":
            claimed.append([v for v in variable.values if (first or v) <= v <= (last or v)])
        else:
            claimed.append(list(claim.dims.get(name, variable.values)))
    return set(itertools.product(*claimed))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.integers(8, 40))
def test_what_comes_over_the_wire_is_every_cell_once_with_its_own_value(given_table, limit):
    own, select = given_table
    dataset = pxweb_entry(names_of(own), select)
    with served(own, most_cells=limit) as server, tempfile.TemporaryDirectory() as folder:
        try:
            found = documents(server, Path(folder), dataset)
        except QueryRefused:
            assert server.queries == []
            return
        came = Counter(pair for document in found for pair in values_in(document).items())
        assert all(own.cells_asked(body) <= limit for body in server.queries)
    positions = [
        [variable.values.index(v) for v in (variable.values if chosen == ["*"] else chosen)]
        for variable, chosen in ((variable, select[variable.code]) for variable in own.variables)
    ]
    assert came == Counter(
        (tuple(v.values[p] for v, p in zip(own.variables, place, strict=True)), own.value(place))
        for place in itertools.product(*positions)
    )
