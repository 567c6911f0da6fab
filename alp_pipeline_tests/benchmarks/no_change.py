"""Wall time of a refresh with nothing to do, against importing Dagster and opening its instance plus 1 s.

Run: python alp_pipeline_tests/benchmarks/no_change.py [DATA_DIR]
DATA_DIR holds a published release; without it the sample is imported and published in a temporary folder
first (half a minute). Each side is a fresh process, in turn; medians.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ALP = Path(sys.executable).with_name("alp")
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
OPEN = "import dagster as dg, sys; dg.DagsterInstance.from_config(sys.argv[1]).get_runs(limit=1)"
REPEATS = 5


def seconds(command: list[str], data: Path) -> float:
    started = time.perf_counter()
    environment = os.environ | {"ALP_DATA_DIR": str(data)}
    shown = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    took = time.perf_counter() - started
    if command[0] == str(ALP) and "no change" not in shown.stdout:
        raise SystemExit(f"this was no refresh without change: {shown.stdout}")
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder)
        environment = os.environ | {"ALP_DATA_DIR": str(data)}
        if len(sys.argv) == 1:
            subprocess.run([ALP, "archive", "import", SAMPLE], check=True, env=environment)
        subprocess.run(
            [ALP, "refresh", "--offline", "--json"], check=False, env=environment, capture_output=True
        )
        refresh = [str(ALP), "refresh", "--offline"]
        opening = [sys.executable, "-c", OPEN, str(data / "dagster")]
        pairs = [(seconds(opening, data), seconds(refresh, data)) for _ in range(REPEATS + 1)][1:]
    limit, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"importing Dagster and opening its instance: {limit:.2f} s; refresh with no change: {ours:.2f} s")
    print(f"ratio to it: {ours / limit:.2f}; to the limit (it + 1 s): {ours / (limit + 1):.2f}")


if __name__ == "__main__":
    main()
