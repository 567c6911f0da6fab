"""SDMX services: the form asked for, what a key claims, errors in the place of data, recorded exchanges."""

import base64
import csv
import json
from pathlib import Path

import pytest

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.sources.errors import AnswerTruncated, NotData, QueryRefused, StructureChanged
from alp_pipeline.sources.family import Upstream
from alp_pipeline.sources.sdmx import SdmxConnector
from alp_pipeline.sources.sdmx_message import read_message, refuse_unless_sdmx_ml
from alp_pipeline_tests.servers.sdmx import Flow, SdmxServer
from alp_pipeline_tests.sources.portals import connected, fetched
from alp_pipeline_tests.sources.services import sdmx_entry

XML = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"


def test_the_whole_flow_is_one_document_in_sdmx_csv(tmp_path):
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        document = fetched(connector, sdmx_entry())
        (asked,) = server.asked("/data/")
    assert (asked.path, asked.query) == ("/data/IT1,183_277/ALL/ALL", {})
    assert asked.headers["accept"] == "application/vnd.sdmx.data+csv;version=1.0.0"
    assert (document.format, document.extent) == ("sdmx-csv-1", Extent.whole())
    assert (document.published_at, document.published_at_origin) == ("2025-11-14T16:15:51Z", "inventory")
    with document.path.open(newline="") as lines:
        assert sum(int(row["OBS_VALUE"]) for row in csv.DictReader(lines)) == sum(range(1, 19))


def test_a_fetched_document_is_read_with_the_entrys_aliases(tmp_path):
    dataset = sdmx_entry()
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        document = fetched(connector, dataset)
    reading = read_observations(
        document.path, format=document.format, dataset=dataset.shape(), document_id="d"
    )
    rows = [row for batch in reading.batches() for row in batch.to_pylist()]
    assert [row["problem"] for row in rows if row["problem"]] == []
    assert (rows[0]["geo"], rows[0]["nace_r2"], rows[0]["time_period"], rows[0]["value"]) == (
        ("ITC4", "C25", "2021", 1.0)
    )


def test_a_key_claims_its_codes_and_the_first_period_and_costs_no_further_question(tmp_path):
    dataset = sdmx_entry(key="A.ITH1+ITC4.", since="2022", version="1.0")
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        document = fetched(connector, dataset)
        assert [request.path for request in server.requests] == [
            "/dataflow/IT1/183_277/1.0",
            "/data/IT1,183_277,1.0/A.ITH1+ITC4./ALL",
        ]
        assert server.requests[1].query == {"startPeriod": "2022"}
    assert document.extent == Extent({"freq": ("A",), "geo": ("ITC4", "ITH1")}, ("2022", None))


def test_a_key_of_another_length_than_the_flow_is_refused_before_data_are_asked_for(tmp_path):
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        with pytest.raises(
            StructureChanged, match="has 2 positions, the flow has 3 dimensions: FREQ, REF_AREA"
        ):
            list(connector.fetch(sdmx_entry(key="A.ITH1"), Upstream("offered")))
        assert server.asked("/data/") == []


def test_sdmx_ml_is_asked_for_by_its_own_name(tmp_path):
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        document = fetched(connector, sdmx_entry(answer="sdmx-ml-2.1"))
        assert server.asked("/data/")[0].headers["accept"] == XML
    assert document.format == "sdmx-ml-2.1"
    assert read_message(document.path, where="x").observations == 18


def test_a_flow_without_an_annotation_is_of_unknown_age(tmp_path):
    silent = SdmxServer(Flow(last_update=None))
    with silent as server, connected(SdmxConnector, server, tmp_path) as connector:
        told = connector.freshness([sdmx_entry()])["lombardia.addetti"]
    assert (told.status, told.signal, told.changed_at) == ("unknown", None, None)
    assert told.structure_signal == "FREQ.REF_AREA.ECON_ACTIVITY_NACE_2007"


def test_of_several_datasets_one_unknown_flow_does_not_silence_the_others(tmp_path):
    unknown = sdmx_entry(flow="no_such").model_copy(update={"id": "lombardia.other"})
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        told = connector.freshness([unknown, sdmx_entry()])
    assert told["lombardia.addetti"].signal == "2025-11-14T16:15:51.591Z"
    assert told["lombardia.other"].status == "unknown"
    assert "no such flow" in told["lombardia.other"].facts["problem"]


def test_describe_lists_the_codes_that_occur_and_the_last_period(tmp_path):
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        found = connector.describe(sdmx_entry())
    assert found.columns == {
        "FREQ": ("A",),
        "REF_AREA": ("ITC4", "ITH1", "ITH2"),
        "ECON_ACTIVITY_NACE_2007": ("C25", "C28"),
    }
    assert (found.latest_period, found.title) == ("2023", "Local units")
    assert found.changed_at == "2025-11-14T16:15:51Z"


def test_a_service_without_constraints_still_says_its_dimensions(tmp_path):
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        server.has_constraints = False
        found = connector.describe(sdmx_entry())
    assert list(found.columns) == ["FREQ", "REF_AREA", "ECON_ACTIVITY_NACE_2007"]
    assert (set(found.columns.values()), found.latest_period) == ({()}, None)


# -- recorded -----------------------------------------------------------------------------------------


def recorded(realdata: Path, name: str) -> tuple[bytes, str]:
    """Body and content type of an exchange with ISTAT."""
    kept = json.loads((realdata / "portals" / "istat" / name).read_text())
    return base64.b64decode(kept["_content"]), kept["headers"]["Content-Type"]


def test_the_recorded_exchange_with_istat_is_followed(realdata, tmp_path):
    dataset = sdmx_entry(flow="47_850", key="A.001001+001002.AUTP.ALL.ALL.1", answer="sdmx-ml-2.1")
    with SdmxServer() as server, connected(SdmxConnector, server, tmp_path) as connector:
        server.recorded = {
            "/dataflow/IT1/47_850/latest": recorded(realdata, "recorded_47_850_dataflow.json"),
            "/data/IT1,47_850/A.001001+001002.AUTP.ALL.ALL.1/ALL": recorded(
                realdata, "recorded_47_850_data.json"
            ),
        }
        told = connector.freshness([dataset])[dataset.id]
        (document,) = connector.fetch(dataset, told)
    assert (told.signal, told.changed_at) == ("2025-11-14T16:15:51.591Z", "2025-11-14T16:15:51Z")
    assert told.facts["dimensions"][:2] == ["FREQ", "REF_AREA"]
    assert document.extent.dims["geo"] == ("001001", "001002")
    assert document.extent.dims["type_management"] == ("ALL",)
    assert read_message(document.path, where="x").observations == 22


def test_real_data_messages_pass_and_real_structures_do_not(realdata):
    folder = realdata / "portals"
    counted = {
        "istat/22_289_data.xml": ("22_289", 8),
        "insee/ipi_2010_a21_data.xml": ("IPI-2010-A21", 3230),
        "insee/cna_2010_conso_data.xml": ("CNA-2010-CONSO-SI-A17", 2),
    }
    for name, (flow, observations) in counted.items():
        refuse_unless_sdmx_ml(folder / name, flow=flow, where=name)
        assert read_message(folder / name, where=name).observations == observations
    with pytest.raises(NotData, match="of the kind 'Structure'"):
        refuse_unless_sdmx_ml(folder / "istat" / "22_289_structure.xml", flow="22_289", where="x")


def test_the_footer_of_a_too_large_answer_is_no_data(realdata):
    with pytest.raises(QueryRefused, match="too large"):
        refuse_unless_sdmx_ml(realdata / "eurostat" / "sdmx" / "footer_413.xml", flow="", where="x")


def test_a_real_message_cut_anywhere_is_truncated(realdata, tmp_path):
    whole = (realdata / "portals" / "istat" / "22_289_data.xml").read_bytes()
    cut = tmp_path / "cut.xml"
    for size in (1500, len(whole) // 2, len(whole) - 30):
        cut.write_bytes(whole[:size])
        with pytest.raises(AnswerTruncated):
            refuse_unless_sdmx_ml(cut, flow="22_289", where="x")
