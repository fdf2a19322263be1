"""What is said of the samplers: medians over seeds, and which model cannot be told from the best."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks import _common
from benchmarks.samplers import _data

FIGURES = ("units", "energy_distance", "c2st", "high_quality", "modes")


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each data set, budget and model: medians with intervals, failures, and whether it is among the first."""
    frame = pd.DataFrame(runs)
    frame = frame.assign(failed=frame["failed"].notna() if "failed" in frame else False)
    rows = []
    for (data, seconds), same in frame.groupby(["data", "seconds"], sort=False):
        # Held-out rows of real data are few and the same in each draw: there the distance itself is told.
        firsts = among_the_first(same, "energy_distance" if data in _data.REAL else "units")
        for model, group in same.groupby("model", sort=False):
            row: dict[str, Any] = {"data": data, "seconds": float(seconds), "model": model, "seeds": len(group)}
            row |= {"failed": int(group["failed"].sum()), "first": model in firsts}
            for figure in FIGURES:
                values = group[figure].dropna().tolist() if figure in group else []
                if values:
                    row[figure] = _common.median_interval(values)
            rows.append(row)
    return rows


def among_the_first(runs: pd.DataFrame, figure: str = "units") -> set[str]:
    """The model of the least median, and those that it is not distinguishable from, among those of the most seeds.

    Two models are distinguishable if Student's 95% interval of the mean paired difference leaves 0 out. With one seed
    in common nothing is distinguishable, and only the first by that seed counts.
    """
    table = runs.pivot_table(index="seed", columns="model", values=figure)
    if table.empty:
        return set()
    table = table.loc[:, table.count() == table.count().max()]
    best = table.median().idxmin()
    return {model for model in table if model == best or covers_zero((table[model] - table[best]).dropna().to_numpy())}


def covers_zero(differences: np.ndarray, level: float = 0.95) -> bool:
    """Whether Student's interval of their mean holds 0. Fewer than two differences have no interval: no."""
    n = len(differences)
    if n < 2:
        return False
    half = student.ppf((1 + level) / 2, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return bool(abs(differences.mean()) <= half)
