"""How fast the TSV reader is: against pyarrow's tokenising of the same bytes, and against PyPI's `eurostat`.

    python -m alp_pipeline_tests.benchmarks.parse_tsv [FILE.tsv.gz | FOLDER]  [--repetitions N]
    python -m alp_pipeline_tests.benchmarks.parse_tsv --memory GIGABYTES

What is timed, in one process, in turn, so that a busy machine slows all of them alike:

- *tokenise*: `pyarrow.csv.read_csv` on the gzip stream, tab as delimiter, every column text. The floor:
  bytes decompressed and torn apart, nothing understood.
- *ours*: `read_observations(…).batches()` taken to the end: every cell with value, state, flags,
  confidentiality and keys, in Arrow batches.
- *eurostat*: `eurostat.get_data(code, flags=True)` of the installed package, with its two functions that go
  to the network replaced: one hands it the file's bytes (with the line ends it expects), the other the
  dimensions' names. What remains is its own decompressing and parsing into tuples of values and flags. It
  keeps the flags' letters as one text and gives neither states nor keys per cell.

Printed are medians and the median of the paired ratios. `--memory` writes a TSV of that many gigabytes into a
temporary folder, reads it to the end and prints the most memory that this process ever had.
"""

import argparse
import gzip
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.csv

from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import DatasetShape

REALDATA = Path(os.environ.get("ALP_REALDATA", Path(__file__).resolve().parents[3] / "shared" / "realdata"))
DEFAULT_FILE = Path("eurostat") / "bulk2017" / "sbs_r_nuts06_r2.tsv.gz"


def heading_of(path: Path) -> list[str]:
    """The first line's columns; the first of them names the dimensions."""
    with gzip.open(path, "rt", newline="") as stream:
        return stream.readline().rstrip("\r\n").split("\t")


def shape_of(path: Path) -> DatasetShape:
    """The catalogue's part, taken from the file's own heading."""
    dimensions = heading_of(path)[0].rpartition("\\")[0].split(",")
    return DatasetShape(
        f"eurostat.{path.name.partition('.')[0]}", tuple(dict.fromkeys(["freq", *dimensions]))
    )


def tokenise(path: Path) -> int:
    """Rows that pyarrow tears into columns of text."""
    columns = heading_of(path)
    with pa.input_stream(str(path), compression="gzip") as stream:
        table = pyarrow.csv.read_csv(
            stream,
            parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )
    return int(table.num_rows)


def read(path: Path) -> int:
    """Cells that our reader hands over."""
    reading = read_observations(path, format="tsv", dataset=shape_of(path), document_id="benchmark")
    return sum(batch.num_rows for batch in reading.batches())


def eurostat_reader(path: Path) -> Callable[[], int]:
    """A call of the rival's parser on the same bytes; gives the number of series."""
    from eurostat import eurostat as rival

    # It splits lines at CRLF only, so a file with LF would be one line to it.
    text = gzip.decompress(path.read_bytes()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    answer = SimpleNamespace(content=gzip.compress(text))
    dimensions = heading_of(path)[0].rpartition("\\")[0].split(",")

    def parse() -> int:
        with (
            mock.patch.object(rival, "__get_dims_info__", return_value=(None, "EUROSTAT", dimensions)),
            mock.patch.object(rival, "__get_resp__", return_value=answer),
        ):
            return len(rival.get_data("x", flags=True)) - 1

    return parse


def seconds(call: Callable[[], int]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(path: Path, repetitions: int) -> None:
    """Time all three in turn and print what came out."""
    calls: dict[str, Callable[[], int]] = {
        "tokenise": lambda: tokenise(path),
        "ours": lambda: read(path),
        "eurostat": eurostat_reader(path),
    }
    cells = read(path)
    tokenise(path)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repetitions):
        for name, call in calls.items():
            times[name].append(seconds(call))
    print(f"{path.name}: {cells:,} cells, {repetitions} repetitions, medians")
    for name, taken in times.items():
        print(f"  {name:9} {statistics.median(taken) * 1000:9.1f} ms")
    ratio = statistics.median(o / t for o, t in zip(times["ours"], times["tokenise"], strict=True))
    faster = statistics.median(e / o for e, o in zip(times["eurostat"], times["ours"], strict=True))
    print(f"  ours takes {ratio:.2f} times what tokenising takes; eurostat takes {faster:.1f} times ours")


def generated_lines(size: int) -> Iterator[bytes]:
    """Lines of a TSV of some `size` bytes: 35 years, a third of the cells missing or hidden, in key order."""
    draw = np.random.default_rng(1)
    numbers = [f"{value:.1f} " for value in draw.lognormal(8, 3, 200_000)]
    cells = draw.permutation(
        [*numbers, *[": "] * 70_000, *[": c"] * 20_000, *[f"{n}b" for n in numbers[:20_000]]]
    )
    yield ("freq,nace_r2,geo\\TIME_PERIOD\t" + "\t".join(f"{y} " for y in range(1990, 2025)) + "\n").encode()
    written = number = 0
    while written < size:
        start = int(draw.integers(len(cells) - 35))
        line = (
            f"A,C{number // 999:05},R{number % 999:03}\t" + "\t".join(cells[start : start + 35]) + "\n"
        ).encode()
        written += len(line)
        number += 1
        yield line


def measure_memory(gigabytes: float) -> None:
    """Read a generated file of that size and print the peak of this process's memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.tsv.gz"
        with gzip.open(path, "wb", compresslevel=1) as stream:
            stream.writelines(generated_lines(int(gigabytes * (1 << 30))))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        taken = seconds(lambda: read(path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{gigabytes} GiB of TSV read in {taken:.0f} s; peak memory {peak} MiB ({before} MiB before)")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time the TSV reader.")
    parser.add_argument(
        "path", type=Path, nargs="?", default=REALDATA, help="a .tsv.gz, or the folder of real documents"
    )
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--memory", type=float, metavar="GIGABYTES", help="measure memory instead")
    arguments = parser.parse_args()
    if arguments.memory:
        measure_memory(arguments.memory)
        return
    path = arguments.path / DEFAULT_FILE if arguments.path.is_dir() else arguments.path
    if not path.is_file():
        parser.error(f"{path} is absent; give a .tsv.gz or the folder of real documents (ALP_REALDATA)")
    compare(path, arguments.repetitions)


if __name__ == "__main__":
    main()
