"""A refresh on PostgreSQL: the warehouse is published there, and Dagster keeps its runs there."""

import secrets
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import create_engine, make_url, text

from alp_pipeline.warehouse.tables import TABLES
from alp_pipeline_tests.integration.conftest import DataFolder

pytestmark = pytest.mark.slow

STORAGE = """# The site's own: runs and events in PostgreSQL.
telemetry:
  enabled: false
storage:
  postgres:
    postgres_url:
      env: ALP_DAGSTER_URL
"""


def test_a_refresh_publishes_to_postgresql_and_runs_on_postgresql_storage(
    with_sample: Callable[[Path], DataFolder], postgres_url: str, tmp_path: Path
) -> None:
    folder = with_sample(tmp_path)
    (folder.path / "dagster").mkdir()
    (folder.path / "dagster" / "dagster.yaml").write_text(STORAGE, encoding="utf-8")
    address = make_url(postgres_url)
    # The plain form would mean psycopg 3, which dagster-postgres 0.29 cannot use.
    storage = address.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    warehouse = address.render_as_string(hide_password=False)
    environment = {"ALP_DAGSTER_URL": storage, "ALP_WAREHOUSE_URL": warehouse}

    code, answer = folder.refresh(**environment)
    assert (code, answer["outcome"]) == (1, "published")
    tables = folder.manifest()["tables"]
    with create_engine(storage).connect() as connection:
        for name in TABLES:
            rows = connection.execute(text(f"SELECT count(*) FROM alp.{name}")).scalar_one()
            assert rows == tables[name]["rows"], name
        runs = connection.execute(text("SELECT count(*) FROM runs")).scalar_one()
        assert runs == 1
    assert folder.refresh(**environment) == (
        0,
        {"outcome": "no change", "release": answer["release"], "failures": [], "discontinued": []},
    )


def test_a_server_that_does_not_answer_is_named_and_nothing_else_is_lost(
    with_sample: Callable[[Path], DataFolder], tmp_path: Path
) -> None:
    folder = with_sample(tmp_path)
    password = secrets.token_hex(8)
    code, answer = folder.refresh(ALP_WAREHOUSE_URL=f"postgresql://alp:{password}@127.0.0.1:1/alp")
    assert code != 0
    assert "PostgresUnreachable" in str(answer["errors"])
    assert password not in str(answer)
    # The release itself stands: readers of the file have it, and the next refresh brings PostgreSQL along.
    assert folder.query("SELECT count(*) > 0 AS readable FROM obs_current") == [{"readable": True}]
    with dg.DagsterInstance.from_config(str(folder.path / "dagster")) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.FAILURE
