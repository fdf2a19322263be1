"""Samplers of tables of mixed kinds: how real their samples are, what they are good for, and how near to copies.

Each model is fitted to training rows and gives as many samples. Called again, a sweep that was stopped goes on.
"""

import argparse
import time
from typing import Any

import numpy as np

from benchmarks import _common
from benchmarks.tables._data import NAMES, TARGETS, split
from benchmarks.tables._models import MODELS
from fdgm.metrics import table_report

NAME = "tables"
SEEDS = (0, 1, 2)
FIGURES = ("score", "train_on_synthetic", "way_to_copying", "exact_copies", "shapes", "pairs", "alpha_precision",
           "beta_recall")  # fmt: skip


def run(data: str, model: str, seed: int) -> dict[str, Any]:
    """Fit, sample, measure."""
    train, test = split(data, seed)
    start = time.process_time()
    samples = MODELS[model](train, len(train), seed)
    seconds = time.process_time() - start
    table = table_report(train, samples, test, target=TARGETS[data], references=False)
    return {"rows": len(train), "seconds": seconds, **{name: float(table.loc[name, "value"]) for name in FIGURES}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=list(NAMES), choices=NAMES)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    jobs = [
        {"data": data, "model": model, "seed": seed}
        for seed in args.seeds
        for data in args.data
        for model in args.models
    ]
    _common.sweep(NAME, jobs, run, n_jobs=args.jobs, note="one thread a fit, seconds of the processor")
    every = _common.finished(NAME)
    means = [
        {
            "data": data,
            "model": model,
            **{figure: float(np.nanmean([r[figure] for r in found])) for figure in (*FIGURES, "seconds", "rows")},
            "least": float(min(r["score"] for r in found)),
            "most": float(max(r["score"] for r in found)),
            "n": len(found),
        }
        for data in NAMES
        for model in MODELS
        if (found := [r for r in every if (r["data"], r["model"]) == (data, model) and "failed" not in r])
    ]
    _common.update(NAME, summary=means)


if __name__ == "__main__":
    main()
