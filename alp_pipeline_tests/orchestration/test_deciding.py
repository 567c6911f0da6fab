"""The job `decide`, as the launchpad runs it."""

from pathlib import Path

import dagster as dg
import pytest

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.definitions import build_definitions

TABLE = b"freq,unit,geo\\TIME_PERIOD\t2023 \nA,MIO_EUR,AT33\t7 \n"


@pytest.fixture
def document(tmp_path: Path) -> Retrieval:
    return Archive(tmp_path / "archive").add(
        TABLE,
        source_id="eurostat",
        dataset_code="nama_10r_2gdp",
        format="tsv",
        licence="Eurostat reuse",
        seen_at="2026-01-02T00:00:00Z",
        seen_at_origin="request",
    )


def run(folder: Path, **form: str) -> dg.ExecuteInProcessResult:
    job = build_definitions({"data_dir": str(folder)}).resolve_job_def("decide")
    return job.execute_in_process(
        run_config={"ops": {"take_decision": {"config": form}}}, raise_on_error=False
    )


def test_a_decision_in_the_ui_is_a_document_of_the_archive(tmp_path: Path, document: Retrieval) -> None:
    form = {
        "action": "REFUSE",
        "document": document.retrieval_id[:8],
        "why": "a trial upload",
        "who": "A. Rossi",
    }
    assert run(tmp_path, **form).success
    (decision,) = Archive(tmp_path / "archive").decisions()
    assert (decision.action, decision.retrieval_id, decision.who, decision.why) == (
        "refuse",
        document.retrieval_id,
        "A. Rossi",
        "a trial upload",
    )


def test_a_decision_that_cannot_be_taken_fails_the_run_with_its_reason(
    tmp_path: Path, document: Retrieval
) -> None:
    result = run(tmp_path, action="ACCEPT", document="ffffff", why="why not", who="A. Rossi")
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "no document has this id" in str(failure.step_failure_data.user_failure_data.description)
    assert Archive(tmp_path / "archive").decisions() == []
