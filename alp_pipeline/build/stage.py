"""Stages: named steps that read Parquet files and write Parquet files, once per fingerprint.

Belongs here: the contract of a stage, the plan that orders stages, and running one: reuse when its
fingerprint exists, otherwise compute into temporary names and make the output visible whole.

A stage's record `stages/<fingerprint>.json` is written last, so that a stage is done exactly when its
record exists; what a killed stage leaves are files that nothing names. Does not: the stages' content.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.content_hash import content_hash_of_parquet
from alp_pipeline.build.fingerprint import code_hash, digest, library_versions
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import QUIET, literal
from alp_pipeline.durable import replacing, write_text

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Stage:
    """A step of the build: a pure function of its inputs' files, its parameters and its code."""

    name: str
    """Unique; by convention `<asset key>` or `<asset key>#<part>`."""
    tables: tuple[str, ...]
    """What it writes, one Parquet file each."""
    run: "Callable[[StageContext], None]"
    code: tuple[str, ...]
    """Packages or modules below `alp_pipeline` that its result depends on."""
    inputs: tuple[str, ...] = ()
    """Names of the stages whose files it reads."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able: catalogue entries, retrieval records, as-of, seed."""

    @property
    def asset(self) -> str:
        """The Dagster asset that runs it."""
        return self.name.split("#", 1)[0]


@dataclass(frozen=True)
class StageRecord:
    """What a finished stage left behind."""

    stage: str
    fingerprint: str
    rows: Mapping[str, int]
    outcomes: tuple[RuleOutcome, ...]
    facts: Mapping[str, Any]
    """What later stages or people want to know: counts, verdicts. JSON-able."""
    content: Mapping[str, str]
    """Content hash per table."""
    sizes: Mapping[str, int]
    """Size in bytes of each table's file."""
    seconds: float
    unchanged: bool = False
    """True when the fingerprint existed and nothing was computed."""

    def as_json(self) -> str:
        body = {
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "rows": dict(self.rows),
            "outcomes": [outcome.as_dict() for outcome in self.outcomes],
            "facts": dict(self.facts),
            "content": dict(self.content),
            "sizes": dict(self.sizes),
            "seconds": self.seconds,
        }
        return json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "StageRecord":
        body = json.loads(text)
        outcomes = tuple(RuleOutcome(**outcome) for outcome in body.pop("outcomes"))
        return cls(outcomes=outcomes, unchanged=True, **body)


class Plan:
    """Stages in an order that respects their inputs, with the fingerprint of each."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        listed = list(stages)
        self.stages: dict[str, Stage] = {stage.name: stage for stage in listed}
        if len(self.stages) != len(listed):
            raise ValueError("two stages share a name")
        order = TopologicalSorter({name: stage.inputs for name, stage in self.stages.items()}).static_order()
        self.fingerprints: dict[str, str] = {}
        for name in order:
            self.fingerprints[name] = self._fingerprint(self.stages[name])
        self.stages = {name: self.stages[name] for name in self.fingerprints}

    def _fingerprint(self, stage: Stage) -> str:
        return digest(
            {
                "stage": stage.name,
                "tables": stage.tables,
                "inputs": {name: self.fingerprints[name] for name in stage.inputs},
                "parameters": dict(stage.parameters),
                "code": code_hash(("build", *stage.code)),
                "libraries": dict(library_versions()),
            }
        )

    def of_asset(self, asset: str) -> list[Stage]:
        """The stages that one asset runs, in order."""
        return [stage for stage in self.stages.values() if stage.asset == asset]

    @property
    def fingerprint(self) -> str:
        """What the whole build depends on."""
        return digest(self.fingerprints)


@dataclass(frozen=True)
class BuildStore:
    """The build folder: `<table>/<fingerprint>.parquet` and `stages/<fingerprint>.json`."""

    root: Path
    threads: int = 2
    memory_limit_mb: int = 2048

    def file(self, table: str, fingerprint: str) -> Path:
        return self.root / table / f"{fingerprint}.parquet"

    def record_file(self, fingerprint: str) -> Path:
        return self.root / "stages" / f"{fingerprint}.json"

    def record(self, plan: Plan, name: str) -> StageRecord | None:
        """The record of a stage under this plan; None when it has yet to run."""
        fingerprint = plan.fingerprints[name]
        path = self.record_file(fingerprint)
        if not path.is_file():
            return None
        try:
            record = StageRecord.from_json(path.read_text(encoding="utf-8"))
            found = {table: self.file(table, fingerprint).stat().st_size for table in record.sizes}
        except (OSError, ValueError, TypeError, KeyError):
            return None
        # The build is derived: what was damaged or removed is made again, not complained about.
        return record if found == record.sizes else None

    def run(self, plan: Plan, name: str) -> StageRecord:
        """Give the stage's record, computing it when its fingerprint is new.

        Raises: whatever the stage raises; then nothing of it is visible.
        """
        done = self.record(plan, name)
        if done is not None:
            return done
        stage, fingerprint = plan.stages[name], plan.fingerprints[name]
        context = StageContext(self, plan, stage)
        started = time.perf_counter()
        stage.run(context)
        missing = set(stage.tables) - set(context.rows)
        if missing:
            raise RuntimeError(f"stage {name} did not write {', '.join(sorted(missing))}")
        record = StageRecord(
            stage=name,
            fingerprint=fingerprint,
            rows=context.rows,
            outcomes=tuple(context.outcomes),
            facts=context.facts,
            content=context.content,
            sizes={table: self.file(table, fingerprint).stat().st_size for table in stage.tables},
            seconds=round(time.perf_counter() - started, 3),
        )
        write_text(self.record_file(fingerprint), record.as_json())
        return record


class StageContext:
    """What a running stage sees: its inputs' files and records, an engine, and where to write."""

    def __init__(self, store: BuildStore, plan: Plan, stage: Stage) -> None:
        self.store = store
        self.stage = stage
        self._plan = plan
        self.rows: dict[str, int] = {}
        self.content: dict[str, str] = {}
        self.outcomes: list[RuleOutcome] = []
        self.facts: dict[str, Any] = {}

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.stage.parameters

    def input(self, stage: str, table: str) -> Path:
        """The file of one table of one input stage."""
        if stage not in self.stage.inputs:
            raise KeyError(f"{self.stage.name} does not declare {stage} as an input")
        return self.store.file(table, self._plan.fingerprints[stage])

    def inputs(self, table: str) -> list[Path]:
        """The files of a table over all input stages that write it, in the order of stage names."""
        return [
            self.input(name, table)
            for name in sorted(self.stage.inputs)
            if table in self._plan.stages[name].tables
        ]

    def record(self, stage: str) -> StageRecord:
        """The record of an input stage."""
        found = self.store.record(self._plan, stage)
        if stage not in self.stage.inputs or found is None:
            raise KeyError(f"{stage} is no finished input of {self.stage.name}")
        return found

    @contextmanager
    def connect(self, *, at_most_mb: int | None = None) -> "Iterator[duckdb.DuckDBPyConnection]":
        """A private in-memory DuckDB with this build's threads and memory limit, or a lower one."""
        import duckdb

        spill = self.store.root / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": self.store.threads,
            "memory_limit": f"{min(self.store.memory_limit_mb, at_most_mb or self.store.memory_limit_mb)}MB",
            "temp_directory": str(spill),
            "preserve_insertion_order": "true",
            # It would fill the memory limit with files that the operating system has in its cache anyway.
            "enable_external_file_cache": False,
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute(QUIET)
            yield connection

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for intermediate files, gone afterwards."""
        import tempfile

        spill = self.store.root / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=spill) as folder:
            yield Path(folder)

    def output_file(self, table: str) -> Path:
        """Where this stage's own table stands once it is written."""
        return self.store.file(table, self._plan.fingerprints[self.stage.name])

    @contextmanager
    def output(self, table: str) -> Iterator[Path]:
        """A temporary path for one table's Parquet file; on success it takes its final name.

        Rows must stand in the order of the table's key.
        """
        import pyarrow.parquet as pq

        if table not in self.stage.tables:
            raise KeyError(f"{self.stage.name} does not declare the table {table}")
        with replacing(self.output_file(table)) as temporary:
            yield temporary
            self.rows[table] = pq.ParquetFile(temporary).metadata.num_rows
            self.content[table] = content_hash_of_parquet(temporary)

    def write_query(self, connection: "duckdb.DuckDBPyConnection", table: str, query: str) -> None:
        """Write a query's rows, in its own order."""
        with self.output(table) as temporary:
            connection.execute(
                f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)"
            )

    def adopt(self, table: str, file: Path) -> None:
        """Take a Parquet file of the stage's scratch folder for a table; it is gone from there."""
        with self.output(table) as temporary:
            file.replace(temporary)

    def same_as(self, table: str, stage: str, other: str) -> None:
        """Give a table the rows of a table of an input stage: its file under a second name."""
        file, record = self.input(stage, other), self.record(stage)
        with replacing(self.output_file(table)) as temporary:
            try:
                temporary.hardlink_to(file)
            except OSError:  # a file system without links
                shutil.copyfile(file, temporary)
        self.rows[table], self.content[table] = record.rows[other], record.content[other]

    def write_arrow(self, table: str, rows: "pa.Table") -> None:
        """Write an Arrow table, in its own order."""
        import pyarrow.parquet as pq

        with self.output(table) as temporary:
            pq.write_table(rows, temporary, compression="zstd")
