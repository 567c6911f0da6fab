"""How fast complexity is: ECI, PCI, proximity and density of 1,500 regions × 600 activities together.

    python -m alp_pipeline_tests.benchmarks.complexity [--regions N] [--activities N] [--repetitions N]

What is timed, in one process, in turn, so that a busy machine slows all of them alike, on one random matrix
of ones and zeros with location quotients >= 1:

- *linear algebra*: the floor. What numpy alone needs for matrices of these shapes: the co-occurrences MᵀM in
  float32, the matrix product of the symmetric form, its eigenvectors (numpy.linalg.eigh), and the product
  M φ. No labels, no checks, no formulas.
- *ours*: `complexity(M)`, `relatedness(M)`, `relatedness_density(M, phi)` on a labelled frame, with all their
  checks: labels, ones and zeros, connectedness, degeneracy.
- *ecomplexity*: `ecomplexity.ecomplexity` of the installed package on the same ones and zeros as a long
  table, `presence_test="manual"`, its log-supermodularity check off. It also computes COI and COG, which its
  interface cannot leave out; ours with `outlook` as well is printed as *ours + outlook*.

Printed are medians and the medians of the paired ratios, and how far the scores of the two are apart. The
limit for *ours* is 0.28 s on two cores.
"""

import argparse
import contextlib
import io
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.complexity.density import relatedness_density
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.outlook import outlook
from alp_pipeline.benchmark.complexity.presence import presence
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline.benchmark.location_quotient import location_quotient

LIMIT_SECONDS = 0.28


def random_matrix(regions: int, activities: int) -> pd.DataFrame:
    """Ones and zeros from lognormal counts."""
    draw = np.random.default_rng(20140101)
    counts = pd.DataFrame(
        draw.lognormal(0, 1.5, (regions, activities)),
        index=[f"R{n:05}" for n in range(regions)],
        columns=[f"C{n:05}" for n in range(activities)],
    )
    return presence(location_quotient(counts)).matrix


def linear_algebra(present: np.ndarray) -> None:
    """The bare products and eigenvectors."""
    ones = present.astype(np.float32)
    phi = (ones.T @ ones).astype(np.float64)
    scaled = present / np.sqrt(present.sum(axis=1))[:, None]
    np.linalg.eigh(scaled.T @ scaled)
    present @ phi


def ours(M: pd.DataFrame) -> None:  # noqa: N803
    """What the limit is about."""
    complexity(M)
    relatedness_density(M, relatedness(M))


def ours_with_outlook(M: pd.DataFrame) -> tuple[pd.Series, pd.Series]:  # noqa: N803
    """Everything that the rival computes."""
    found = complexity(M)
    phi = relatedness(M, diagonal=1.0)
    relatedness_density(M, phi)
    outlook(M, phi, found.pci)
    return found.eci, found.pci


def rival(M: pd.DataFrame) -> Callable[[], pd.DataFrame]:  # noqa: N803
    """A call of ecomplexity on the same matrix; the long table is made outside of what is timed."""
    from ecomplexity import ecomplexity

    long = M.stack().rename("val").reset_index().set_axis(["loc", "prod", "val"], axis=1).assign(time=2014)
    columns = {"time": "time", "loc": "loc", "prod": "prod", "val": "val"}

    def compute() -> pd.DataFrame:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ecomplexity(long, columns, presence_test="manual", check_logsupermodularity=False)

    return compute


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(regions: int, activities: int, repetitions: int) -> None:
    """Time all in turn and print what came out."""
    M = random_matrix(regions, activities)  # noqa: N806
    present = M.to_numpy()
    calls: dict[str, Callable[[], object]] = {
        "linear algebra": lambda: linear_algebra(present),
        "ours": lambda: ours(M),
        "ours + outlook": lambda: ours_with_outlook(M),
        "ecomplexity": rival(M),
    }
    eci, pci = ours_with_outlook(M)
    theirs = rival(M)()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repetitions):
        for name, call in calls.items():
            times[name].append(seconds(call))
    print(f"{regions:,} regions × {activities:,} activities, {repetitions} repetitions, medians")
    for name, taken in times.items():
        print(f"  {name:15} {statistics.median(taken) * 1000:9.1f} ms")
    floor, faster, like = (
        statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))
        for one, other in (
            ("ours", "linear algebra"),
            ("ecomplexity", "ours"),
            ("ecomplexity", "ours + outlook"),
        )
    )
    print(f"  ours takes {floor:.1f} times what bare linear algebra takes")
    print(f"  ecomplexity takes {faster:.1f} times ours, {like:.1f} times ours with the same results")
    taken = statistics.median(times["ours"])
    verdict = "under" if taken < LIMIT_SECONDS else "OVER"
    print(f"  {verdict} the limit of {LIMIT_SECONDS} s by a factor of {LIMIT_SECONDS / taken:.1f}")
    by_region, by_activity = theirs.groupby("loc")["eci"].first(), theirs.groupby("prod")["pci"].first()
    apart = (eci - by_region).abs().max(), (pci - by_activity).abs().max()
    print(f"  largest difference from ecomplexity: ECI {apart[0]:.1e}, PCI {apart[1]:.1e}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time the complexity methods.")
    parser.add_argument("--regions", type=int, default=1500)
    parser.add_argument("--activities", type=int, default=600)
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args()
    compare(arguments.regions, arguments.activities, arguments.repetitions)


if __name__ == "__main__":
    main()
