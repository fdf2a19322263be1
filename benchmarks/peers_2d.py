"""VGrowSampler in few dimensions, beside a neural spline flow and flow matching on the same rows, seconds and core."""

import argparse
from typing import Any

import _common
import _peers
import numpy as np
import pandas as pd
from sklearn.datasets import make_moons

from fdgm import VGrowSampler, datasets, metrics

STD = 0.05
SCALE = 2 * 2**0.5
N = {"digits": 1400}  # training rows; 50,000 of the others
NOTE = "one thread a fit, two fits at a time"


def pinwheel(n: int, rng: np.random.Generator) -> np.ndarray:
    """Five arms that curl (Johnson et al., 2016)."""
    arm = rng.integers(5, size=n)
    radius, across = 1 + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
    angle = 2 * np.pi * arm / 5 + 0.25 * np.exp(radius)
    turned = np.stack([np.cos(angle), np.sin(angle)]), np.stack([-np.sin(angle), np.cos(angle)])
    return 2 * (radius * turned[0] + across * turned[1]).T


def digits() -> np.ndarray:
    X = datasets.load_digits_images(flat=True).astype(np.float64)
    return X[np.random.default_rng(0).permutation(len(X))]


def draw(data: str, n: int, seed: Any) -> np.ndarray:
    """Real rows; of digits, the training rows for seeds below 2,000 and the held-out ones above."""
    if data == "digits":
        held_out = isinstance(seed, int) and seed >= 2000
        return digits()[N["digits"] :] if held_out else digits()[: N["digits"]]
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    if data == "ring":
        return datasets.make_ring(n, std=STD, random_state=rng)
    if data == "grid":
        return datasets.make_grid(n, std=STD, scale=SCALE, random_state=rng)
    if data == "circles":
        return datasets.make_circles(n, std=STD, random_state=rng)
    if data == "moons":
        return make_moons(n, noise=STD, random_state=int(rng.integers(2**31)))[0]
    return pinwheel(n, rng)


def fit(model: str, X: np.ndarray, seconds: float, seed: int) -> _peers.Draw:
    """A model by name, trained for so many seconds."""
    if model in _peers.PEERS:
        return _peers.PEERS[model](X, seconds, seed)
    divergence = model.removeprefix("VGrow ")
    return VGrowSampler(divergence, max_iter=None, max_seconds=seconds, random_state=seed).fit(X).sample


def run(data: str, model: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train, sample, measure."""
    sample = fit(model, draw(data, N.get(data, 50_000), 1000 + seed), seconds, seed)
    held_out = draw(data, 5_000, 2000 + seed)
    S = sample(len(held_out))
    figures: dict[str, Any] = {"energy_distance": metrics.energy_distance(held_out, S)}
    if data in ("ring", "grid"):
        centers = datasets.ring_centers() if data == "ring" else datasets.grid_centers(scale=SCALE)
        found = metrics.mode_coverage(centers, S, std=STD if data == "ring" else STD / SCALE)
        figures |= {"modes": found.n_captured, "high_quality": found.high_quality_share}
    if data == "digits":
        figures["c2st"] = metrics.classifier_two_sample_test(held_out, S, random_state=seed).accuracy
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="+", default=["ring", "grid", "circles", "moons", "pinwheel", "digits"])
    options = parser.parse_args()
    ours = {data: ["VGrow kl", "VGrow jeffreys"] for data in options.data}
    if "ring" in ours:
        ours["ring"] += ["VGrow js", "VGrow logd"]
    for data in options.data:
        jobs = [
            {"data": data, "model": model, "seed": seed, "seconds": options.seconds}
            for seed in range(options.seeds)
            for model in [*ours[data], *(_peers.PEERS if data != "ring" else ())]
        ]
        _common.sweep("peers_2d", jobs, run, note=NOTE)
    table = pd.DataFrame(_common.finished("peers_2d"))
    units = {
        data: _peers.unit_of(lambda n, rng, data=data: draw(data, n, rng))
        for data in table["data"].unique()
        if data != "digits"
    }
    table["units"] = table["energy_distance"] / table["data"].map(units)
    summary = []
    for (data, model, seconds), group in table.groupby(["data", "model", "seconds"], sort=False):
        row: dict[str, Any] = {"data": data, "model": model, "seconds": seconds, "seeds": len(group)}
        for column in ("units", "energy_distance", "high_quality", "c2st"):
            values = group[column].dropna().tolist() if column in group else []
            if values:
                row[column] = _common.median_interval(values)
        if "modes" in group and group["modes"].notna().all():
            row["fewest_modes"] = int(group["modes"].min())
        summary.append(row)
    _common.write("peers_2d", units=units, summary=summary, note=NOTE, runs=_common.finished("peers_2d"))
    print(pd.json_normalize(summary).to_string())


if __name__ == "__main__":
    main()
