"""The most memory that one process takes from a source's file to accepted observations.

    python -m alp_pipeline_tests.benchmarks.intake_memory [--gigabytes 1]

A TSV of that size is generated, in key order as Eurostat's are (or, with `--shuffled`, in no order), packed,
and given out by a loopback server. Another process, the one that is measured, does what a refresh does with
it: downloads it by the polite session, looks whether it is data, takes the digest of what it says, archives
it, and runs the stages of its dataset, from parsing to what is current. The limit is 1024 MiB for
1 GB of TSV. Disk: about 8 times the TSV in a temporary folder.
"""

import argparse
import gzip
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from alp_pipeline_tests.benchmarks.parse_tsv import generated_lines
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

LIMIT_MIB = 1024
_SOURCE = {"id": "lab", "title": {"en": "Lab"}, "url": "https://example.org"}
_SOURCE |= {"acknowledgement": "x", "disclaimer": "x"}
_DATASET = {"id": "lab.big", "source": "lab", "code": "big", "title": {"en": "Big"}, "cadence": "annual"}
_DATASET |= {"dimensions": ["freq", "nace_r2", "geo"], "citation": "x", "statistical_unit": "resident"}
_DATASET |= {"classification": "NACE Rev. 2", "classification_version": "2", "nuts_version_rule": "none"}
_DATASET |= {"value_rules": [{"id": "non_negative", "what": "counts", "severity": "critical", "min": 0}]}
_REVIEWED = {"licence": "x", "licence_url": "https://example.org", "verified": True}


class BigFile(LoopbackServer):
    """Gives the same file to whoever asks."""

    content = b""

    def answer(self, request: Request) -> Reply:
        return Reply(200, self.content, {"Content-Type": "application/gzip"})


def measured(gigabytes: float, *, is_shuffled: bool = False) -> dict[str, int]:
    """Step → the most memory that the measured process ever had until its end, in MiB; and `cells`."""
    command = [sys.executable, "-m", "alp_pipeline_tests.benchmarks.intake_memory", "--measured"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with process, BigFile() as server:
            server.content = _packed(gigabytes, is_shuffled)
            told, _ = process.communicate(json.dumps({"url": server.url, "folder": folder}))
    if process.returncode:
        raise RuntimeError(f"the measured process ended with {process.returncode}")
    found: dict[str, int] = json.loads(told)
    return found


def _packed(gigabytes: float, is_shuffled: bool) -> bytes:
    lines = generated_lines(int(gigabytes * (1 << 30)))
    if is_shuffled:
        heading, *others = lines
        order = np.random.default_rng(1).permutation(len(others))
        lines = iter([heading, *(others[at] for at in order)])
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        stream.writelines(lines)
    return packed.getvalue()


def most_memory_mib() -> int:
    """The most memory that this program ever had, in MiB.

    Linux's `VmHWM`, which begins with the program. `ru_maxrss` would begin with whoever started it: in a
    child of a test process that once held 1.4 GiB it says 1.4 GiB.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM:"))


def intake(url: str, folder: Path) -> dict[str, int]:
    """What is measured."""
    from urllib.parse import urlsplit

    from alp_pipeline.observations.digest import observations_digest
    from alp_pipeline.observations.reader import read_observations
    from alp_pipeline.settings import load_settings
    from alp_pipeline.sources.http import Policy, PoliteSession
    from alp_pipeline.sources.inspection import refuse_unless_data
    from alp_pipeline.workspace import Workspace

    peaks: dict[str, int] = {}

    def note(step: str) -> None:
        peaks[step] = most_memory_mib()

    catalog = folder / "catalog"
    catalog.mkdir()
    for name, entry in (("sources", _SOURCE), ("datasets", _DATASET)):
        (catalog / f"{name}.yaml").write_text(json.dumps([entry | _REVIEWED]), encoding="utf-8")
    workspace = Workspace(load_settings(data_dir=folder), offline=True)
    dataset = workspace.catalog.datasets["lab.big"]
    note("begin")
    policy = Policy("alp benchmark", hosts=frozenset(), allowed_hosts=frozenset({urlsplit(url).netloc}))
    with PoliteSession(policy, folder=folder / "hosts") as session:
        download = session.download(url, to=folder / "big.tsv.gz")
    refuse_unless_data(download.path, dataset.id, form="gzip")
    note("fetched")
    reading = read_observations(download.path, format="tsv", dataset=dataset.shape(), document_id="")
    digest = observations_digest(reading.batches())
    note("digest")
    workspace.archive.add(
        download.path,
        source_id="lab",
        dataset_code="big",
        format="tsv",
        licence="x",
        seen_at=download.seen_at,
        seen_at_origin="request",
        observations_digest=digest,
    )
    download.path.unlink()
    note("archived")
    records = workspace.run_asset("observations/big")
    if records[-1].rows != {"current": reading.cells}:
        raise RuntimeError(f"{records[-1].rows} of {reading.cells} cells are current")
    note("current")
    return peaks | {"cells": reading.cells}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the memory of an intake.")
    parser.add_argument("--gigabytes", type=float, default=0.1)
    parser.add_argument("--shuffled", action="store_true", help="lines in no order")
    parser.add_argument("--measured", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measured:
        asked = json.loads(sys.stdin.read())
        print(json.dumps(intake(asked["url"], Path(asked["folder"]))))
        return
    started = time.perf_counter()
    peaks = measured(arguments.gigabytes, is_shuffled=arguments.shuffled)
    cells = peaks.pop("cells")
    print(f"{arguments.gigabytes} GiB of TSV, {cells:,} cells, {time.perf_counter() - started:.0f} s")
    for step, peak in peaks.items():
        print(f"  until {step:9} {peak:6} MiB")
    print(f"  ratio to the limit of {LIMIT_MIB} MiB: {max(peaks.values()) / LIMIT_MIB:.2f}")


if __name__ == "__main__":
    main()
