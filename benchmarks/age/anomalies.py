"""How well a default fit finds what is abnormal: area under the ROC curve of `score_samples`.

One class is normal: half of its rows train, and the other half is tested among all rows of the other classes. Beside it
are an isolation forest and the reconstruction errors of principal components of standardised columns, as many as AGE
has latents. How `score_samples` weighs errors was chosen on splits 10 to 12 of the first two data sets.
"""

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from benchmarks import _common
from fdgm import AGEBidirectional

#: The loader of each data set, and the classes that are normal in turn. Of tumours it is the benign ones.
DATA = {
    "breast cancer": (load_breast_cancer, (1,)),
    "wine": (load_wine, (0, 1, 2)),
    "digits": (load_digits, tuple(range(10))),
}


def split(data: str, normal: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal rows to train on, rows to test, and whether each of these is abnormal."""
    X, y = DATA[data][0](return_X_y=True)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(y == normal))
    test = np.concatenate([rows[len(rows) // 2 :], np.flatnonzero(y != normal)])
    return X[rows[: len(rows) // 2]], X[test], y[test] != normal


def run(data: str, normal: int, seed: int) -> dict[str, Any]:
    """Fit all three and measure."""
    X, T, abnormal = split(data, normal, seed)
    start = time.process_time()
    model = AGEBidirectional(random_state=seed).fit(X)
    seconds = time.process_time() - start
    forest = IsolationForest(random_state=seed).fit(X)
    scaler = StandardScaler().fit(X)
    pca = PCA(min(model.net_.settings.latent_size, len(X) - 1)).fit(scaler.transform(X))
    scaled = scaler.transform(T)
    residuals = scaled - pca.inverse_transform(pca.transform(scaled))
    return {
        "age": roc_auc_score(abnormal, -model.score_samples(T)),
        "forest": roc_auc_score(abnormal, -forest.score_samples(T)),
        "pca": roc_auc_score(abnormal, np.square(residuals).sum(axis=1)),
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="splits")
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    options = parser.parse_args()
    torch.set_num_threads(1)
    jobs = [
        {"data": data, "normal": normal, "seed": seed}
        for seed in range(options.seeds)
        for data, (_, classes) in DATA.items()
        for normal in classes
    ]
    runs = _common.sweep("age_anomalies", jobs, run, n_jobs=options.jobs, note=_common.SIDE_BY_SIDE)
    table = pd.DataFrame(runs).groupby(["data", "normal"], sort=False)[["age", "forest", "pca", "seconds"]].median()
    _common.update("age_anomalies", summary=table.reset_index().to_dict("records"))
    print(table.to_string(float_format=lambda v: f"{v:.3f}"))


if __name__ == "__main__":
    main()
