"""How time and memory of VGrow's maps grow with the rows, with the columns and with the number of maps.

On one thread, in seconds of the processor, each point in a process of its own. Rows stay in a file that is mapped into
memory from a million on.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common
from benchmarks.cost.limits import Sampled

NAME = "growth"
ROWS = (10**3, 10**4, 10**5, 10**6, 10**7)  # of two columns
COLUMNS = (2, 10, 50, 200, 1000, 2000)  # of 5,000 rows
MAPS = (1, 10, 100, 1000)  # of two columns, for 5,000 samples
FEW, MAPPED = 5_000, 10**6
LOOPS = 4  # iterations that are timed, after the first
_AT_ONCE = 10**6


def data(folder: str, n: int, d: int) -> np.ndarray:
    """Normal rows, in memory or in a mapped file."""
    rng = np.random.default_rng(0)
    if n < MAPPED:
        return rng.standard_normal((n, d), dtype=np.float32)
    path = Path(folder) / "X"
    X = np.memmap(path, dtype=np.float32, mode="w+", shape=(n, d))
    for start in range(0, n, _AT_ONCE):
        X[start : start + _AT_ONCE] = rng.standard_normal((min(_AT_ONCE, n - start), d), dtype=np.float32)
    X.flush()
    return np.memmap(path, dtype=np.float32, mode="r", shape=(n, d))


def fit(n: int, d: int) -> dict[str, float]:
    """Seconds of an iteration, of all else in `fit`, and memory beyond imports and data."""
    from fdgm import VGrowSampler

    with tempfile.TemporaryDirectory() as folder:
        X = data(folder, n, d)
        before = Sampled.now()
        Sampled.watch()
        start = time.process_time()
        history = VGrowSampler(max_iter=LOOPS + 1, random_state=0).fit(X).history_
        whole = time.process_time() - start
        loop = (history["seconds"].iloc[-1] - history["seconds"].iloc[0]) / LOOPS
        return {"iteration": loop, "rest": whole - LOOPS * loop, "megabytes": (Sampled.peak - before) / 1e6}


def rows(n: int) -> dict[str, float]:
    return fit(n, 2)


def columns(d: int) -> dict[str, float]:
    return fit(FEW, d)


def maps(k: int) -> dict[str, float]:
    """Seconds of 5,000 samples by so many maps, memory to make, sample and save the model, and its file's size."""
    from fdgm import VGrowSampler

    X = data("", FEW, 2)
    before = Sampled.now()
    Sampled.watch()
    sampler = VGrowSampler(max_iter=1, random_state=0).fit(X)
    held = sampler.net_.maps_
    held.weights = [held.weights[0].clone() for _ in range(k)]
    held.steps = held.steps * k
    sampler.sample(10, random_state=0)
    start = time.process_time()
    sampler.sample(FEW, random_state=0)
    seconds = time.process_time() - start
    with tempfile.TemporaryDirectory() as folder:
        sampler.save(Path(folder) / "model")
        size = (Path(folder) / "model").stat().st_size
    return {"sample": seconds, "megabytes": (Sampled.peak - before) / 1e6, "file_megabytes": size / 1e6}


AXES = {"rows": (rows, ROWS), "columns": (columns, COLUMNS), "maps": (maps, MAPS)}


def exponent(sizes: list[int], values: list[float]) -> float:
    """The power of the size that a figure grows with, over the three largest: a constant hides it in the others."""
    return float(np.polyfit(np.log(sizes[-3:]), np.log(values[-3:]), 1)[0])


def picture(found: dict[str, dict[str, Any]]) -> None:
    """Each figure against the size, in logarithmic axes, beside a line of slope 1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(2, len(found), figsize=(11, 6), layout="constrained")
    for (axis, measured), column in zip(found.items(), panels.T, strict=True):
        sizes = measured["sizes"]
        for panel, unit in zip(column, ("seconds of the processor", "megabytes"), strict=True):
            shown = {
                name: values
                for name, values in measured["figures"].items()
                if name.endswith("megabytes") == (unit == "megabytes")
            }
            for name, values in shown.items():
                label = f"{LABELS[name]}, exponent {measured['exponents'][name]:.2f}"
                panel.loglog(sizes, values, "o-", label=label)
            end = max(values[-1] for values in shown.values())
            panel.plot(sizes[-2:], [end * sizes[-2] / sizes[-1], end], ":", color="gray", label="linear")
            panel.set(xlabel=axis, ylabel=unit)
            panel.legend(fontsize=8)
    figure.savefig(_common.RESULTS / f"{NAME}.png", dpi=120)


LABELS = {
    "iteration": "an iteration",
    "rest": "all else in fit",
    "sample": "5,000 samples",
    "megabytes": "memory",
    "file_megabytes": "file",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("axes", nargs="*", help=f"of {list(AXES)}; by default all")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:  # in a process of its own, so that nothing is in its memory but what it measures
        import torch

        torch.set_num_threads(1)
        _common.count_processor_time()
        axis, size = options.measure
        print(json.dumps(AXES[axis][0](int(size)), default=float))
        return
    found = _common.stored(NAME).get("axes", {})
    for axis in options.axes or AXES:
        sizes = AXES[axis][1]
        points = []
        for size in sizes:
            command = [sys.executable, "-m", __spec__.name, "--measure", axis, str(size)]
            points.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout))
            print(axis, size, points[-1], flush=True)
        figures = {name: [point[name] for point in points] for name in points[0]}
        exponents = {name: exponent(list(sizes), values) for name, values in figures.items()}
        found[axis] = {"sizes": list(sizes), "figures": figures, "exponents": exponents}
        _common.write(NAME, axes=found)
    picture(found)


if __name__ == "__main__":
    main()
