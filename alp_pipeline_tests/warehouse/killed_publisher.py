"""Publish a second release and die on the way, as `test_release` asks: at the n-th change to the disk.

    python -m alp_pipeline_tests.warehouse.killed_publisher FOLDER         prints the changes, one a line
    python -m alp_pipeline_tests.warehouse.killed_publisher FOLDER 17      SIGKILLs itself before the 17th
    python -m alp_pipeline_tests.warehouse.killed_publisher FOLDER writing   … while DuckDB writes its file

A process of its own each time: a forked copy of one that has DuckDB loaded may never end.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from alp_pipeline.warehouse import duckdb_file
from alp_pipeline_tests.warehouse.tiny_build import publish_tiny, with_values

CHANGES = {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.chmod"}
AFTER = with_values({"A.ITC4.C13.V16110": 42.0})


def publish_second(folder: Path) -> str:
    return publish_tiny(folder, AFTER, plan="plan-2").content_fingerprint


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, when: str) -> None:
    seen: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if (event in CHANGES or writes) and f"{folder}/warehouse" in str(arguments):
            seen.append(event)
            if str(len(seen)) == when:
                die()

    if when == "writing":
        # The transaction with all tables is open then, its log partly on the disk.
        duckdb_file.table_comment = lambda _: die()  # type: ignore[assignment]
    sys.addaudithook(hook)
    publish_second(folder)
    sys.stdout.write("\n".join(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
