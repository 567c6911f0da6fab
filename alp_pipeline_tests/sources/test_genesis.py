"""GENESIS: the account and where it must not show, flat files, jobs, what recorded services answered."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.sources.errors import AnswerIncomplete, CredentialsMissing, QueueUnfinished
from alp_pipeline.sources.family import Fetched, Upstream
from alp_pipeline.sources.genesis import GenesisConnector
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.genesis import GenesisServer, GenesisTable
from alp_pipeline_tests.sources.portals import connected, fetched, left_in
from alp_pipeline_tests.sources.services import genesis_entry

ACCOUNT = "observatory:s3cret-word"
TABLE = GenesisTable.generated()


@contextmanager
def asking(
    server: GenesisServer, folder: Path, credential: str | None = ACCOUNT
) -> Iterator[GenesisConnector]:
    with connected(GenesisConnector, server, folder, credential=credential) as connector:
        connector.poll_seconds = 0.01
        connector.most_polls = 3
        yield connector


def rows_in(document: Fetched) -> list[dict[str, str]]:
    with zipfile.ZipFile(document.path) as archive:
        text = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_the_whole_table_is_asked_for_from_its_first_announced_year(tmp_path):
    with GenesisServer(TABLE) as server, asking(server, tmp_path) as connector:
        document = fetched(connector, genesis_entry(TABLE))
        assert server.paths == ["metadata/table", "data/tablefile"]
        form = server.requests[1].form()
        assert (form["startyear"], form["format"], form["area"], form["job"]) == (
            "2022",
            "ffcsv",
            "all",
            "false",
        )
    assert {row["time"] for row in rows_in(document)} == {"2022-06-30", "2023-06-30", "2024-06-30"}
    assert (document.format, document.extent) == ("zip", Extent.whole())
    assert (document.published_at, document.published_at_origin) == ("2025-09-08T07:08:56Z", "inventory")


def test_a_first_year_of_the_entry_is_asked_for_and_claimed(tmp_path):
    with GenesisServer(TABLE) as server, asking(server, tmp_path) as connector:
        document = fetched(connector, genesis_entry(TABLE, since="2023"))
    assert document.extent == Extent(periods=("2023", None))
    assert {row["time"][:4] for row in rows_in(document)} == {"2023", "2024"}


def test_without_an_announced_year_the_beginning_of_all_is_asked_for_never_nothing(tmp_path):
    undated = GenesisTable(TABLE.code, {**TABLE.metadata, "Time": None}, TABLE.flat_file)
    with GenesisServer(undated) as server, asking(server, tmp_path) as connector:
        document = fetched(connector, genesis_entry(undated))
        assert server.requests[1].form()["startyear"] == "1900"
    assert len(rows_in(document)) == 6


def test_the_signal_is_the_update_and_its_moment_is_german_time(tmp_path):
    summer = {"de": "08.09.2025 09:08:56h", "en": "2025-09-08 09:08:56h"}
    for updated in summer.values():
        table = GenesisTable(TABLE.code, {**TABLE.metadata, "Updated": updated}, TABLE.flat_file)
        with GenesisServer(table) as server, asking(server, tmp_path) as connector:
            told = connector.freshness([genesis_entry(table)])["lombardia.addetti"]
        assert (told.signal, told.changed_at) == (updated, "2025-09-08T07:08:56Z")


def test_a_table_without_an_update_is_of_unknown_age(tmp_path):
    silent = GenesisTable(TABLE.code, {"Code": TABLE.code}, TABLE.flat_file)
    with GenesisServer(silent) as server, asking(server, tmp_path) as connector:
        told = connector.freshness([genesis_entry(silent)])["lombardia.addetti"]
    assert (told.status, told.signal, told.changed_at) == ("unknown", None, None)


@pytest.mark.parametrize("credential", [None, "", "only-a-token", "user:", ":password"])
def test_without_a_whole_account_nothing_is_asked_and_the_setting_is_named(tmp_path, credential):
    with GenesisServer(TABLE) as server, asking(server, tmp_path, credential) as connector:
        with pytest.raises(CredentialsMissing, match="ALP_SOURCE_CREDENTIALS"):
            connector.freshness([genesis_entry(TABLE)])
        assert server.requests == []


@pytest.mark.parametrize("under_200", [True, False])
def test_a_refused_account_is_told_without_repeating_it(tmp_path, under_200):
    with GenesisServer(TABLE) as server, asking(server, tmp_path, "observatory:gue55") as connector:
        server.refuses_under_200 = under_200
        with pytest.raises(CredentialsMissing) as refused:
            connector.freshness([genesis_entry(TABLE)])
        assert len(server.requests) == 1
    assert "does not accept the account for lombardia: Ein Fehler ist aufgetreten, …" in str(refused.value)
    assert "gue55" not in str(refused.value)
    assert "observatory" not in str(refused.value)


def test_the_account_is_in_no_record(tmp_path):
    with GenesisServer(TABLE) as server, asking(server, tmp_path) as connector:
        document = fetched(connector, genesis_entry(TABLE))
    record = repr((document.parameters, document.headers, document.url, document.extent))
    assert "s3cret" not in record
    assert "observatory" not in record


def test_a_large_table_comes_by_a_job_that_is_followed_to_its_end(tmp_path):
    large = GenesisTable(TABLE.code, TABLE.metadata, TABLE.flat_file, is_large=True)
    with GenesisServer(large) as server, asking(server, tmp_path) as connector:
        document = fetched(connector, genesis_entry(large))
        assert server.paths == [
            "metadata/table",
            "data/tablefile",
            "data/tablefile",
            *["catalogue/results"] * 3,
            "data/resultfile",
        ]
        assert server.requests[3].form()["selection"] == "13111-01-03-4_000000001"
    assert len(rows_in(document)) == 6
    assert document.parameters["name"] == "13111-01-03-4"


def test_a_job_that_is_not_done_in_time_is_left_to_the_next_refresh(tmp_path):
    large = GenesisTable(TABLE.code, TABLE.metadata, TABLE.flat_file, is_large=True)
    with GenesisServer(large) as server, asking(server, tmp_path) as connector:
        server.polls_until_done = 99
        with pytest.raises(QueueUnfinished, match="not done after 3 questions"):
            fetched(connector, genesis_entry(large))
        assert len(server.asked("catalogue/results")) == 3
        assert left_in(connector) == []


def test_a_file_that_lacks_an_announced_year_is_incomplete(tmp_path):
    newer = {**TABLE.metadata, "Time": {"From": "30.06.2022", "To": "30.06.2025"}}
    table = GenesisTable(TABLE.code, newer, TABLE.flat_file)
    with GenesisServer(table) as server, asking(server, tmp_path) as connector:
        with pytest.raises(AnswerIncomplete, match="announce data of 2025, and the file holds 2022 to 2024"):
            fetched(connector, genesis_entry(table))
        assert left_in(connector) == []


def test_describe_shows_the_columns_and_codes_of_the_last_year_and_leaves_nothing(tmp_path):
    with GenesisServer(TABLE) as server, asking(server, tmp_path) as connector:
        found = connector.describe(genesis_entry(TABLE))
        assert server.requests[1].form()["startyear"] == server.requests[1].form()["endyear"] == "2024"
        assert left_in(connector) == []
    assert found.columns["1_variable_attribute_code"] == ("08222", "09180")
    assert (found.latest_period, found.title) == ("2024-06-30", "Beschäftigte am Arbeitsort nach Kreisen")


# -- recorded -----------------------------------------------------------------------------------------


class Cassette(GenesisServer):
    """Answers what a recorded service answered to the same form, years and account aside."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.recorded: dict[tuple[str, str], dict[str, Any]] = {}
        for exchange in loaded["interactions"]:
            request = exchange["request"]
            language = "en" if "language=en" in request["body"] else "de"
            place = request["uri"].partition("/2020/")[2]
            self.recorded.setdefault((place, language), exchange["response"])

    def answer(self, request: Any) -> Reply:
        response = self.recorded[request.path.strip("/"), request.form()["language"]]
        body = response["body"]["string"]
        kind = response["headers"]["Content-Type"][0]
        return Reply(response["status"]["code"], body if isinstance(body, bytes) else body.encode(), kind)


@pytest.mark.parametrize(
    ("code", "language", "signal", "changed_at", "rows"),
    [
        ("12411-01-01-4", "de", "31.03.2025 11:18:07h", "2025-03-31T09:18:07Z", 1467),
        ("12411-01-01-4", "en", "2025-03-31 11:18:07h", "2025-03-31T09:18:07Z", 1467),
        ("13111-01-03-4", "de", "08.09.2025 09:08:56h", "2025-09-08T07:08:56Z", 3300),
    ],
)
def test_the_recorded_service_is_understood(realdata, tmp_path, code, language, signal, changed_at, rows):
    cassette = Cassette(realdata / "portals" / "genesis" / f"{code}.yaml")
    newest = {"12411-01-01-4": "2024", "13111-01-03-4": "2025"}[code]
    dataset = genesis_entry(GenesisTable(code, {}, ""), language=language, since=newest)
    with cassette as server, asking(server, tmp_path) as connector:
        told = connector.freshness([dataset])[dataset.id]
        (document,) = connector.fetch(dataset, told)
        sent = server.requests[1].form()
    assert (told.signal, told.changed_at) == (signal, changed_at)
    assert (document.format, len(rows_in(document))) == ("zip", rows)
    recorded_form = "area=all&compress=false&endyear=&format=ffcsv&quality=off&regionalkey=&regionalvariable="
    for pair in recorded_form.split("&"):
        name, _, value = pair.partition("=")
        assert sent[name] == value


def test_the_recorded_service_gives_one_year_only_when_none_is_named(realdata, tmp_path):
    # Recorded with an empty startyear, while the metadata announce 1995 to 2024: not the whole table.
    cassette = Cassette(realdata / "portals" / "genesis" / "12411-01-01-4.yaml")
    dataset = genesis_entry(GenesisTable("12411-01-01-4", {}, ""))
    said = "announce data of 1995, and the file holds 2024 to 2024"
    with (
        cassette as server,
        asking(server, tmp_path) as connector,
        pytest.raises(AnswerIncomplete, match=said),
    ):
        fetched(connector, dataset)


def test_recorded_metadata_hold_no_account(realdata):
    for path in (realdata / "portals" / "genesis").glob("*_metadata.json"):
        assert set(json.loads(path.read_text())["Parameter"]["username"]) == {"*"}


def test_facts_from_freshness_spare_the_second_question(tmp_path):
    with GenesisServer(TABLE) as server, asking(server, tmp_path) as connector:
        list(connector.fetch(genesis_entry(TABLE), Upstream("offered")))
        assert server.paths == ["metadata/table", "data/tablefile"]
