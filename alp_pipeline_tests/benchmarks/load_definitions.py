"""CPU time of loading the definitions, against importing the libraries they may use anyway plus 0.5 s.

Run: python alp_pipeline_tests/benchmarks/load_definitions.py
Each side is a fresh process, in turn, user and system time as the operating system accounts them; medians.
"""

import os
import statistics
import subprocess
import sys

LIMIT = "import dagster, pandas, pyarrow, duckdb, sqlalchemy"
OURS = "from alp_pipeline.definitions import build_definitions; build_definitions().get_repository_def()"
REPEATS = 5


def cpu_seconds(program: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", program], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    pairs = [(cpu_seconds(LIMIT), cpu_seconds(OURS)) for _ in range(REPEATS + 1)][1:]
    limit, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"importing the five libraries: {limit:.2f} s; loading the definitions: {ours:.2f} s")
    print(f"ratio to the libraries: {ours / limit:.2f}; to them plus 0.5 s: {ours / (limit + 0.5):.2f}")


if __name__ == "__main__":
    main()
