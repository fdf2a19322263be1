"""A million rows refined: anonymous memory beyond the result, and the same bits from two processes."""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _common
from benchmarks.cost.limits import Sampled
from fdgm import DGflowRefiner, VGrowSampler, datasets
from fdgm.options import Network


def run(rows: int, n_jobs: int, space: str) -> dict[str, Any]:
    """`refined` in a process of its own, whose memory holds nothing of the other runs."""
    command = [sys.executable, "-m", __spec__.name, "--one", str(rows), str(n_jobs), space]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def refined(rows: int, n_jobs: int, space: str) -> dict[str, Any]:
    """Refine so many rows or latents of two columns, in ten steps."""
    X = datasets.make_ring(2000, random_state=0)
    sampler = VGrowSampler(generator=Network(latent_size=2), max_iter=2, random_state=0).fit(X)
    refiner = DGflowRefiner(
        sampler, space=space, step_size=0.01, n_steps=10, noise=0.01, stop=None, n_jobs=n_jobs, random_state=0
    ).fit(X)
    given = np.random.default_rng(0).normal(size=(rows, 2))
    refiner.refine(given[:2048])
    Sampled.watch()
    before, start = Sampled.now(), time.perf_counter()
    result = refiner.refine(given)
    return {
        "seconds": time.perf_counter() - start,
        "megabytes_beyond_result": (Sampled.peak - before - result.nbytes) / 1e6,
        "sha256": hashlib.sha256(np.ascontiguousarray(result).tobytes()).hexdigest(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # rows, processes, space: to stdout
    options = parser.parse_args()
    if options.one:
        rows, n_jobs, space = options.one
        print(json.dumps(refined(int(rows), int(n_jobs), space)))
        return
    jobs = [
        {"rows": options.rows, "n_jobs": n_jobs, "space": space} for space in ("data", "latent") for n_jobs in (1, 2)
    ]
    note = "one run at a time; memory is the parent's"
    runs = pd.DataFrame(_common.sweep("dgflow_limits", jobs, run, n_jobs=1, note=note))
    equal = {space: len(set(group["sha256"])) == 1 for space, group in runs.groupby("space")}
    _common.update("dgflow_limits", equal=equal)
    print(runs.drop(columns="sha256").to_string(index=False))
    print("the same bits from two processes:", equal)


if __name__ == "__main__":
    main()
