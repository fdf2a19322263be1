"""What every benchmark writes down: machine, versions, seeds, and an interval for each figure."""

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures were measured on, and with which versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    packages = ("fdgm", "torch", "numpy", "scikit-learn", "skorch")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
    }


def median_interval(values: list[float], level: float = 0.95) -> dict[str, float]:
    """Median, with a bootstrap interval of 2,000 resamples."""
    resampled = np.median(np.random.default_rng(0).choice(values, (2000, len(values))), axis=1)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return {"median": float(np.median(values)), "low": float(low), "high": float(high), "n": len(values)}


def write(name: str, **content: Any) -> None:
    """One JSON file beside the page that shows it."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine(), **content}, indent=1) + "\n")
