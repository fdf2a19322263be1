"""The main job: fit real digits and the paper's 2-D examples, print one table, draw the pictures."""

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from fdgm import VGrowSampler, datasets, metrics

DIVERGENCES = ("kl", "js", "logd", "jeffreys")
LOOPS = (1, 3, 10, 30, 60)
STD = 0.05


@dataclass(frozen=True)
class Job:
    """One data set, fitted with one divergence."""

    data: str
    divergence: str
    seconds: float


def rows(data: str, seed: int) -> np.ndarray:
    """Training rows at seed 0, held-out rows at others."""
    if data == "digits":
        X = datasets.load_digits_images(flat=True)
        order = np.random.default_rng(0).permutation(len(X))
        return X[order[:1400]] if seed == 0 else X[order[1400:]]
    n = 20_000 if seed == 0 else 5_000
    make = {"ring": datasets.make_ring, "circles": datasets.make_circles}[data]
    return make(n, std=STD, random_state=seed)


def on_circles(S: np.ndarray) -> tuple[int, float]:
    """Circles reached, of two, and the fraction of samples within 4 std of one: the circles' modes and quality."""
    off = np.abs(np.linalg.norm(S, axis=1)[:, None] - np.array([1.0, 2.0]))
    near = off.min(axis=1) < 4 * STD
    return int((np.bincount(off.argmin(axis=1)[near], minlength=2) >= 20).sum()), float(near.mean())


def run(job: Job) -> tuple[dict, dict[str, np.ndarray]]:
    """Fit, measure, and return a row of the table and the arrays to draw."""
    warnings.simplefilter("default")
    X, held_out = rows(job.data, 0), rows(job.data, 1)
    sampler = VGrowSampler(
        job.divergence, max_iter=None, max_seconds=job.seconds, record_particles=LOOPS, random_state=0
    ).fit(X)
    S = sampler.sample(len(held_out))
    row = {"data": job.data, "divergence": job.divergence, "seconds": round(sampler.history_["seconds"].iloc[-1], 1)}
    if job.data == "ring":
        found = metrics.mode_coverage(datasets.ring_centers(), S, std=STD)
        row |= {"modes": f"{found.n_captured}/8", "high quality": round(found.high_quality_fraction, 3)}
    elif job.data == "circles":
        n_found, fraction = on_circles(S)
        row |= {"modes": f"{n_found}/2", "high quality": round(fraction, 3)}
    else:
        row |= {"modes": "-", "high quality": np.nan}
    row |= {
        "energy distance": metrics.energy_distance(held_out, S),
        "of real to real": metrics.energy_distance(held_out, X[: len(held_out)]),
    }
    return row, {"real": held_out, "generated": S} | {f"iteration {k}": P for k, P in sampler.particles_.items()}


def draw_digits(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Real digits on the left, generated ones on the right."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
    for axis, name in zip(axes, ("real", "generated"), strict=True):
        tiles = np.pad(arrays[name][:100].reshape(100, 8, 8), ((0, 0), (1, 1), (1, 1)), constant_values=-1)
        sheet = tiles.reshape(10, 10, 10, 10).transpose(0, 2, 1, 3).reshape(100, 100)
        axis.imshow(sheet, cmap="gray_r", vmin=-1, vmax=1)
        axis.set_title(name)
        axis.axis("off")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_particles(path: Path, results: dict[str, dict[str, np.ndarray]]) -> None:
    """A row for each divergence: densities of the particles as they evolve, then samples, then data."""
    import matplotlib.pyplot as plt

    columns = [*(f"iteration {k}" for k in LOOPS), "generated", "real"]
    figure, axes = plt.subplots(
        len(results),
        len(columns),
        figsize=(1.7 * len(columns), 1.8 * len(results)),
        layout="constrained",
        squeeze=False,
    )
    edges = np.linspace(-2.8, 2.8, 91)
    for axis_row, (divergence, arrays) in zip(axes, results.items(), strict=True):
        for axis, column in zip(axis_row, columns, strict=True):
            axis.set(xticks=[], yticks=[], aspect="equal")
            if column in arrays:
                density, *_ = np.histogram2d(*arrays[column].T, bins=[edges, edges], density=True)
                axis.imshow(np.sqrt(density.T), origin="lower", cmap="magma")
            axis.set_title(column, fontsize=8)
        axis_row[0].set_ylabel(divergence)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"))
    parser.add_argument("--seconds", type=float, default=25.0, help="of training, for each fit")
    options = parser.parse_args()
    mpl.use("agg")
    options.out.mkdir(parents=True, exist_ok=True)

    jobs = [Job("digits", "kl", options.seconds)]
    jobs += [Job(data, divergence, options.seconds) for data in ("ring", "circles") for divergence in DIVERGENCES]
    # Two fits at a time, one thread each: networks this small do not fill two cores.
    done = Parallel(n_jobs=2, return_as="generator")(delayed(run)(job) for job in jobs)
    bar = tqdm(
        done,
        total=len(jobs),
        desc="fitting",
        unit="fit",
        bar_format="{desc} {bar} {n_fmt}/{total_fmt} fits, {remaining} left",
    )
    table, pictures = zip(*bar, strict=True)

    print("\n" + pd.DataFrame(table).to_string(index=False, na_rep="-", float_format=lambda v: f"{v:.4f}"))
    draw_digits(options.out / "digits.png", pictures[0])
    for data in ("ring", "circles"):
        chosen = {job.divergence: arrays for job, arrays in zip(jobs, pictures, strict=True) if job.data == data}
        draw_particles(options.out / f"{data}.png", chosen)
    print(
        f"\nPictures: {options.out}/digits.png, ring.png, circles.png\n\n"
        "Try next:\n"
        "  make test                                          everything that CI runs\n"
        "  .venv/bin/python examples/demo.py --seconds 60     the same, better\n"
        '  .venv/bin/python -c "import fdgm; help(fdgm.VGrowSampler)"'
    )


if __name__ == "__main__":
    main()
