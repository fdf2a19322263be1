"""Density ratios: accuracy on Gaussian pairs beside densratio, equal and far-apart samples, speed and memory."""

import argparse
import math
import multiprocessing
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
from scipy.stats import kstest

from benchmarks import _common
from benchmarks.cost.limits import Sampled
from fdgm import ratios

ROWS, SEEDS, DIMENSIONS = 5000, 5, (1, 2, 10)
OURS = {
    "LogisticRatio": ratios.LogisticRatio,
    "ClassifierRatio": ratios.ClassifierRatio,
    "KLIEP": ratios.KLIEP,
    "uLSIF": ratios.uLSIF,
    "RuLSIF": ratios.RuLSIF,
}
KERNELS = ("KLIEP", "uLSIF", "RuLSIF")
GRID = 10 ** np.linspace(-3, 1, 9)  # densratio's own, of widths and of penalties
ALPHA = 0.1  # of RuLSIF, in both packages
LogRatio = Callable[[np.ndarray], np.ndarray]


def pair(d: int, seed: int, n: int = ROWS) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of P = N(0, I) and of Q = N(1/√d, 1.44 I), as many new rows of P, and the true log-ratio at these."""
    rng = np.random.default_rng(seed)
    mean, scale = np.full(d, d**-0.5), 1.2
    P, Q, T = rng.normal(size=(n, d)), mean + scale * rng.normal(size=(n, d)), rng.normal(size=(n, d))
    true = -(T**2).sum(1) / 2 + ((T - mean) ** 2).sum(1) / (2 * scale**2) + d * math.log(scale)
    return P, Q, T, true


def ours(method: str, P: np.ndarray, Q: np.ndarray, seed: int) -> LogRatio:
    """Fitted with default parameters."""
    return OURS[method](random_state=seed).fit(P, Q).log_ratio


def theirs(method: str, P: np.ndarray, Q: np.ndarray, seed: int) -> LogRatio:
    """densratio's, with default parameters; of its RuLSIF the relative ratio is turned into the ratio, as ours is."""
    import densratio

    np.random.seed(seed)
    if method == "KLIEP":
        fitted = densratio.KLIEP(P, Q, verbose=False)
    elif method == "uLSIF":
        fitted = densratio.uLSIF(P, Q, verbose=False)
    else:
        fitted = densratio.RuLSIF(P, Q, alpha=ALPHA, verbose=False)

    def log_ratio(X: np.ndarray) -> np.ndarray:
        r = fitted.compute_density_ratio(X)
        if method == "RuLSIF":
            r = (1 - ALPHA) * r / (1 - np.minimum(ALPHA * r, 0.99))
        with np.errstate(divide="ignore"):
            return np.log(r)

    return log_ratio


def gaussians(package: str, method: str, d: int, seed: int, **_: Any) -> dict[str, Any]:
    """Root mean square error of the log-ratio under P, every estimate held to what n rows can tell, ±log n."""
    P, Q, T, true = pair(d, seed)
    start = time.perf_counter()
    log_ratio = (ours if package == "fdgm" else theirs)(method, P, Q, seed)
    seconds = time.perf_counter() - start
    error = np.clip(log_ratio(T), -math.log(ROWS), math.log(ROWS)) - true
    return {"rmse": float(np.sqrt(np.mean(error**2))), "seconds": seconds}


def equal(method: str, d: int, seed: int, **_: Any) -> dict[str, Any]:
    """Mean absolute log-ratio where both samples are of N(0, I), at new rows of it."""
    P, Q, T = np.random.default_rng(seed).normal(size=(3, ROWS, d))
    return {"mean_absolute": float(np.abs(ours(method, P, Q, seed)(T)).mean())}


def p_value(seed: int, **_: Any) -> dict[str, Any]:
    """Of the two-sample test, for two samples of 300 rows of N(0, I) in two dimensions."""
    P, Q = np.random.default_rng(seed).normal(size=(2, 300, 2))
    return {"p_value": ratios.two_sample_test(P, Q, random_state=seed).p_value}


def far(method: str, seed: int, **_: Any) -> dict[str, Any]:
    """Error of the log-ratio of N(0, I) to N(4·1, I) in five dimensions, under P: it is 40 − 4 Σx."""
    rng = np.random.default_rng(seed)
    P, Q, T = rng.normal(size=(ROWS, 5)), rng.normal(4, 1, size=(ROWS, 5)), rng.normal(size=(ROWS, 5))
    estimator = {"LogisticRatio": ratios.LogisticRatio, "TelescopingRatio": ratios.TelescopingRatio}[method]
    error = estimator(random_state=seed).fit(P, Q).log_ratio(T) - (40 - 4 * T.sum(axis=1))
    return {"rmse": float(np.sqrt(np.mean(error**2)))}


def swap(method: str, seed: int, **_: Any) -> dict[str, Any]:
    """How far the log-ratio with the samples exchanged is from minus the log-ratio."""
    P, Q, T, _true = pair(2, seed)
    make = {**OURS, "TelescopingRatio": lambda random_state: ratios.TelescopingRatio("classifier", random_state=0)}
    there, back = (make[method](random_state=seed).fit(*both) for both in ((P, Q), (Q, P)))
    gap = np.abs(there.log_ratio(T) + back.log_ratio(T))
    return {"promised": there.antisymmetric, "median": float(np.median(gap)), "greatest": float(gap.max())}


def held_out_loss(relative_p: np.ndarray, relative_q: np.ndarray) -> float:
    """RuLSIF's objective, α E_p[r²]/2 + (1 − α) E_q[r²]/2 − E_p[r]: less is better."""
    return float(ALPHA * np.mean(relative_p**2) / 2 + (1 - ALPHA) * np.mean(relative_q**2) / 2 - relative_p.mean())


def speed(seed: int, **_: Any) -> dict[str, Any]:
    """RuLSIF with its grid search in both packages, on 2,000 × 10 of each sample and the same grid, in turn."""
    import densratio

    P, Q, _, _ = pair(10, seed, 2000)
    new_p, new_q, _, _ = pair(10, 1000 + seed, 2000)
    np.random.seed(seed)
    start = time.perf_counter()
    fitted = densratio.RuLSIF(P, Q, alpha=ALPHA, sigma_range=GRID, lambda_range=GRID, verbose=False)
    theirs = time.perf_counter() - start
    start = time.perf_counter()
    own = ratios.RuLSIF(ALPHA, width=GRID, penalty=GRID, standardize=False, random_state=seed).fit(P, Q)
    mine = time.perf_counter() - start
    return {
        "seconds": mine,
        "densratio_seconds": theirs,
        "times_as_fast": theirs / mine,
        "held_out": held_out_loss(own.relative_ratio(new_p), own.relative_ratio(new_q)),
        "densratio_held_out": held_out_loss(*(fitted.compute_density_ratio(X) for X in (new_p, new_q))),
        "threads": torch.get_num_threads(),
    }


def memory(method: str, **_: Any) -> dict[str, Any]:
    """Anonymous memory beyond the result while a million rows of 20 columns are scored.

    In a process of its own: memory that an earlier run has given back would be taken again without being seen.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(scored, method).result()


def scored(method: str) -> dict[str, Any]:
    """What `memory` measures."""
    torch.set_num_threads(1)
    P, Q = np.random.default_rng(0).normal([[[0.3]], [[0.0]]], 1.0, size=(2, 2000, 20))
    make = {**OURS, "TelescopingRatio": lambda: ratios.TelescopingRatio("kliep")}
    estimator = make[method]().fit(P, Q)
    X = np.random.default_rng(1).normal(size=(10**6, 20))
    estimator.log_ratio(X[:10_000])
    before = Sampled.now()
    Sampled.watch()
    start = time.perf_counter()
    values = estimator.log_ratio(X)
    seconds = time.perf_counter() - start
    return {"megabytes_beyond_result": (Sampled.peak - before - values.nbytes) / 1e6, "seconds": seconds}


MEASURES = {
    "gaussians": gaussians,
    "equal": equal,
    "p_value": p_value,
    "far": far,
    "swap": swap,
    "speed": speed,
    "memory": memory,
}


def run(measure: str, **job: Any) -> dict[str, Any]:
    """One figure; BLAS has as many threads as torch."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(torch.get_num_threads()), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # densratio's logarithms of 0
        return MEASURES[measure](**job)


def jobs(n_seeds: int) -> dict[str, list[dict[str, Any]]]:
    """What there is to measure, by measure."""
    seeds = range(n_seeds)
    both = [("fdgm", method) for method in OURS] + [("densratio", method) for method in KERNELS]
    return {
        "gaussians": [
            {"package": package, "method": method, "d": d, "seed": seed}
            for d in DIMENSIONS
            for seed in seeds
            for package, method in both
        ],
        "equal": [{"method": method, "d": d, "seed": seed} for d in DIMENSIONS for seed in seeds for method in OURS],
        "p_value": [{"seed": seed} for seed in range(200)],
        "far": [{"method": m, "seed": seed} for seed in seeds for m in ("LogisticRatio", "TelescopingRatio")],
        "swap": [{"method": m, "seed": seed} for seed in seeds for m in (*OURS, "TelescopingRatio")],
        "speed": [{"seed": seed} for seed in seeds],
        "memory": [{"method": method} for method in (*OURS, "TelescopingRatio")],
    }


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of the table, each with its interval."""

    def of(measure: str, figure: str, **where: Any) -> list[float]:
        return [r[figure] for r in runs if r["measure"] == measure and where.items() <= r.items()]

    def figures(measure: str, figure: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = ((case, of(measure, figure, **case)) for case in cases)
        return [{**case, figure: _common.median_interval(values)} for case, values in found if values]

    accuracy = [{"package": p, "method": m, "d": d} for p in ("fdgm", "densratio") for m in OURS for d in DIMENSIONS]
    pairs = [
        [of("gaussians", "rmse", package=p, method=m, d=d, seed=r["seed"]) for p in ("fdgm", "densratio")]
        for m in KERNELS
        for d in DIMENSIONS
        for r in runs
        if r["measure"] == "gaussians" and (r["package"], r["method"], r["d"]) == ("densratio", m, d)
    ]
    p_values = of("p_value", "p_value")
    methods = [{"method": method} for method in (*OURS, "TelescopingRatio")]
    return {
        "gaussians": figures("gaussians", "rmse", accuracy),
        "beside_densratio": {"better": sum(one < other for one, other in pairs), "pairs": len(pairs)},
        "equal": figures("equal", "mean_absolute", [{"method": m, "d": d} for m in OURS for d in DIMENSIONS]),
        "two_sample": {"tests": len(p_values), "ks_p": kstest(p_values, "uniform").pvalue} if p_values else {},
        "far": figures("far", "rmse", methods),
        "swap": figures("swap", "median", methods),
        "swap_promised": {
            case["method"]: max(gaps) for case in methods if (gaps := of("swap", "greatest", promised=True, **case))
        },
        "speed": figures("speed", "times_as_fast", [{}]),
        "held_out": figures("speed", "held_out", [{}]) + figures("speed", "densratio_held_out", [{}]),
        "memory": figures("memory", "megabytes_beyond_result", methods),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", help=f"of {list(MEASURES)}; by default all: 20 minutes of one core")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    wanted = jobs(options.seeds)
    note = "one run at a time, one thread each"
    for measure in options.measures or MEASURES:
        todo = [{"measure": measure, **job} for job in wanted[measure]]
        _common.sweep("ratios", todo, run, n_jobs=1, note=note)
    runs = _common.finished("ratios")
    summary = summarise(runs)
    _common.update("ratios", note=note, seeds=options.seeds, summary=summary)
    for name, figures in summary.items():
        print(name, figures)


if __name__ == "__main__":
    main()
