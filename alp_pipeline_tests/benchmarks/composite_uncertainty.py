"""Time and memory of uncertainty and sensitivity on a large index, against limits and bare linear algebra.

    python -m alp_pipeline_tests.benchmarks.composite_uncertainty [--workers 2] [--draws 10000] [--n 1000]

The index: 334 regions, 60 indicators in 9 pillars in one index (three levels: indicators, pillars, index).
All uncertainty at once: three normalisations, weights on the simplex, one indicator left out, arithmetic or
geometric pillars, a relative error on every cell (revisions), flags on a tenth of them, 3 % missing and
imputed with an error, a few cells known between bounds. The second recipe also draws the treatment.
Each part runs in a process of its own, so that its memory is its own (VmHWM).

The bare linear algebra of the same shapes: for each draw the normal errors of 334 × 60 cells and the product
of the cells with the weights of nine pillars and of the index, in stacks of 16, one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline_tests.benchmarks.intake_memory import most_memory_mib

REGIONS, INDICATORS, PILLARS = 334, 60, 9
LIMITS = {"untreated": 5.0, "treated": 20.0, "sobol": 15.0}
LIMIT_MIB = 1024
_STEPS = [
    {"step": "impute", "method": "group_mean", "group": "country"},
    {"step": "screen", "availability_min": 0.66},
    {"step": "treat", "method": "none"},
    {"step": "normalise", "method": "minmax", "low": 1, "high": 100},
    {"step": "weight", "method": "given"},
    {"step": "aggregate", "method": "arithmetic"},
]
_TREATMENT = {
    "factor": "treatment",
    "step": "treat",
    "alternatives": [
        {"method": "none"},
        {"method": "winsorise", "max_points": 5, "skew_max": 2, "kurtosis_max": 3.5, "then": "log_ct"},
    ],
}
_NORMALISATION = {
    "factor": "normalisation",
    "step": "normalise",
    "alternatives": [
        {"method": "minmax", "low": 1, "high": 100},
        {"method": "zscore", "mean": 100, "sd": 5},
        {"method": "rank"},
    ],
}
_AGGREGATION = {
    "factor": "aggregation",
    "step": "aggregate",
    "level": 1,
    "alternatives": [{"method": "arithmetic"}, {"method": "geometric"}],
}


def index_input(seed: int = 20240501) -> tuple[UnitTable, Framework]:
    """Regions of 27 countries: log-normal and normal indicators, gaps, flags, bounds."""
    rng = np.random.default_rng(seed)
    codes = [f"i{number:02d}" for number in range(INDICATORS)]
    pillars = [f"p{number}" for number in range(PILLARS)]
    rows = [(code, 1, pillars[number % PILLARS], "Indicator") for number, code in enumerate(codes)]
    rows += [(pillar, 2, "index", "Aggregate") for pillar in pillars]
    rows += [("index", 3, None, "Aggregate"), ("country", None, None, "Group")]
    table = pd.DataFrame(rows, columns=["code", "level", "parent", "type"])
    framework = Framework.of(table.assign(direction=1))
    quality = rng.standard_normal((REGIONS, 1))
    latent = 0.6 * quality + 0.8 * rng.standard_normal((REGIONS, INDICATORS))
    skewed = np.arange(INDICATORS) % 5 == 0
    values = np.where(skewed, np.exp(1.2 * latent), 50 + 10 * latent)
    values[rng.random(values.shape) < 0.03] = np.nan
    regions = [f"R{number:03d}" for number in range(REGIONS)]
    data = pd.DataFrame(values.astype(object), columns=codes).assign(
        unit=regions, country=[f"C{n % 27}" for n in range(REGIONS)]
    )
    flags = pd.DataFrame(
        rng.choice(["", "e", "p", "u"], size=values.shape, p=[0.9, 0.04, 0.04, 0.02]), regions, codes
    )
    hidden = pd.DataFrame(np.nan, regions, codes)
    for number in range(20):
        code = codes[(5 * number + 1) % INDICATORS]  # none of the skewed ones
        data.loc[number * 16, code] = ":c"
        hidden.loc[regions[number * 16], code] = 40.0
    return UnitTable.of(data, framework, flags=flags, lower=hidden, upper=hidden * 1.5), framework


def recipe(part: str, draws: int) -> Recipe:
    """What is drawn in a part; for the Sobol indices eight factors, four over method and four over data."""
    method = [_NORMALISATION, _AGGREGATION, {"distribution": "simplex"}]
    method += [] if part == "untreated" else [_TREATMENT]
    method += [] if part == "sobol" else [{"leave_out": 1}]
    data = {"flags": {"e": 0.05, "p": 0.02, "u": 0.2}, "imputed": "residual", "intervals": "uniform"}
    revisions = {f"i{number:02d}": 0.01 for number in range(INDICATORS)}
    return Recipe.of(
        {
            "id": "large_index",
            "version": "1",
            "label": "Large index",
            "steps": _STEPS,
            "uncertainty": {
                "draws": draws,
                "seed": 1,
                "method": method,
                "data": data | {"revisions": revisions},
            },
        }
    )


def bare_seconds(draws: int) -> float:
    rng, weights = np.random.default_rng(1), np.random.default_rng(2).random((INDICATORS, PILLARS + 1))
    started = time.perf_counter()
    for _ in range(0, draws, 16):
        rng.standard_normal((16, REGIONS, INDICATORS)) @ weights
    return time.perf_counter() - started


def measured(part: str, workers: int, draws: int, n: int) -> dict[str, float]:
    """One part, in this process: seconds on the clock and of the processor, and the most memory."""
    from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
    from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity

    units, framework = index_input()
    started, busy = time.perf_counter(), time.process_time()
    if part == "bare":
        bare_seconds(draws)
    elif part == "sobol":
        found = sensitivity(units, framework, recipe(part, draws), n=n, workers=workers)
        print(found.table.round(3).to_string(), file=sys.stderr)
    else:
        monte_carlo(units, framework, recipe(part, draws), workers=workers)
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - busy,
        "mib": most_memory_mib(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--n", type=int, default=1_000)
    parser.add_argument("--part", choices=("bare", *LIMITS))
    given = parser.parse_args()
    if given.part:
        print(json.dumps(measured(given.part, given.workers, given.draws, given.n)))
        return
    found = {}
    for part in ("bare", *LIMITS):
        command = [sys.executable, "-m", __spec__.name, "--part", part, f"--workers={given.workers}"]
        command += [f"--draws={given.draws}", f"--n={given.n}"]
        environment = os.environ | ({"OPENBLAS_NUM_THREADS": "1"} if part == "bare" else {})
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        found[part] = json.loads(shown.stdout)
    bare = found.pop("bare")["seconds"]
    print(
        f"{given.draws} draws, Sobol n = {given.n}, {given.workers} workers; bare linear algebra {bare:.2f} s"
    )
    for part, took in found.items():
        print(
            f"{part:10} {took['seconds']:6.2f} s ({took['cpu']:.2f} s of processor), "
            f"{took['seconds'] / LIMITS[part]:.2f} of the limit of {LIMITS[part]:g} s, "
            f"{took['seconds'] / bare:.2f} times the linear algebra; {took['mib']} MiB of {LIMIT_MIB}"
        )


if __name__ == "__main__":
    main()
