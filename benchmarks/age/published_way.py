"""AGEBidirectional against the way its published code trains, on the paper's networks for two dimensions, in one run.

The published way keeps graphs through encoder and generator in the critic's steps, and has the critic's weight
gradients computed in theirs, and thrown away. Batches of 500 and 5 critic steps, as for table 4; on one thread, in
seconds of the processor.
"""

import argparse

import numpy as np
import torch

from benchmarks import _common
from benchmarks.age import _loops as _age_loops
from fdgm import datasets, metrics

NAME = "age_published_way"
BATCH, UPDATES, STD = 500, 10, 0.3
NARROW = (128, 128)  # networks and critic that measures are taken with


def library(X: np.ndarray, widths: tuple[int, int], loops: int, precision: str) -> float:
    """Seconds of so many iterations, from the end of the first, so that set-up is apart."""
    networks = _age_loops.architecture(*widths)
    model = _age_loops.model(
        networks, latent_size=2, batch_size=BATCH, n_updates=UPDATES, max_iter=loops + 1, precision=precision
    )
    seconds = model.fit(X).history_["seconds"]
    return float(seconds.iloc[-1] - seconds.iloc[0])


def quality(way: str, updates: int, seed: int) -> dict[str, float]:
    """Table 4's measures after as many updates by each way, with narrow networks at rates that get somewhere."""
    X = _data()
    rates = {"critic_lr": 1e-3, "generator_lr": 5e-4}
    if way == "published":
        torch.manual_seed(seed)
        nets = _age_loops.Networks(2, 2, *NARROW, **rates)
        data = torch.from_numpy(((X - X.mean(0)) / X.std(0)).astype(np.float32))
        _age_loops.published(nets, data, updates=updates, batch=BATCH)
        with torch.no_grad():
            S = nets.G.eval()(torch.randn(20_000, 2)).numpy() * X.std(0) + X.mean(0)
    else:
        model = _age_loops.model(
            _age_loops.architecture(*NARROW),
            latent_size=2,
            batch_size=BATCH,
            n_updates=UPDATES,
            max_iter=updates // UPDATES,
            precision=way,
            random_state=seed,
            **rates,
        )
        S = model.fit(X).sample(20_000, random_state=0)
    weights = np.where(np.arange(25) % 2, 500, 10_000)
    found = metrics.mode_coverage(datasets.grid_centers(), S, std=STD, weights=weights)
    return {"modes": float(found.n_captured), "kl": found.reverse_kl}


def _data() -> np.ndarray:
    return datasets.make_imbalanced_grid(std=STD, random_state=1000)


def time_both(pairs: int, loops: int, widths: tuple[int, int]) -> None:
    """Seconds of as many updates by each way, in turn, and their ratios."""
    X = _data()
    data = torch.from_numpy(((X - X.mean(0)) / X.std(0)).astype(np.float32))
    rows: dict[str, list[float]] = {way: [] for way in ("published", *_common.PRECISIONS)}
    for _ in range(pairs):
        nets = _age_loops.Networks(2, 2, *widths)
        rows["published"].append(_age_loops.published(nets, data, updates=UPDATES * loops, batch=BATCH))
        for precision in _common.PRECISIONS:
            rows[precision].append(library(X, widths, loops, precision))
        print({name: round(times[-1], 2) for name, times in rows.items()}, flush=True)
    speed_up = {
        precision: _common.median_interval([a / b for a, b in zip(rows["published"], rows[precision], strict=True)])
        for precision in _common.PRECISIONS
    }
    critic_steps = _age_loops.CRITIC_STEPS
    _common.update(NAME, widths=widths, batch=BATCH, critic_steps=critic_steps, seconds=rows, speed_up=speed_up)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="of timings; 0 keeps those that there are")
    parser.add_argument("--loops", type=int, default=1)
    parser.add_argument("--quality-updates", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10, help="of the measures")
    parser.add_argument("--widths", type=int, nargs=2, default=[500, 400], help="of the networks and of the critic")
    options = parser.parse_args()
    torch.set_num_threads(1)
    _common.count_processor_time()
    if options.pairs:
        time_both(options.pairs, options.loops, (options.widths[0], options.widths[1]))
    ways = ("published", *_common.PRECISIONS)
    updates = options.quality_updates
    jobs = [{"way": way, "updates": updates, "seed": seed} for seed in range(options.seeds) for way in ways]
    runs = _common.sweep(NAME, jobs, quality)
    found = {
        way: {
            name: _common.median_interval([run[name] for run in runs if run["way"] == way]) for name in ("modes", "kl")
        }
        for way in ways
    }
    _common.update(NAME, quality_updates=updates, quality=found)
    print(found)


if __name__ == "__main__":
    main()
