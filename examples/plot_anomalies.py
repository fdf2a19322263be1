"""
Anomalies among tumours
=======================

A detector sees benign tumours alone, and then ranks benign and malignant ones. An isolation forest is the baseline.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.metrics import RocCurveDisplay

from fdgm import AGEBidirectional, OutlierDetector

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "15"))

X, y = load_breast_cancer(return_X_y=True)
benign = np.random.default_rng(0).permutation(np.flatnonzero(y == 1))
train, test = benign[:250], np.concatenate([benign[250:], np.flatnonzero(y == 0)])

model = AGEBidirectional(max_iter=None, max_seconds=SECONDS, random_state=0)
detectors = {
    "OutlierDetector(AGEBidirectional)": OutlierDetector(model, contamination=0.05).fit(X[train]),
    "IsolationForest": IsolationForest(random_state=0).fit(X[train]),
}

# %%
# Neither has seen a malignant tumour. Both tell them apart about equally well.
figure, axis = plt.subplots(figsize=(4.8, 4.8), layout="constrained")
for name, detector in detectors.items():
    RocCurveDisplay.from_predictions(y[test] == 0, -detector.score_samples(X[test]), name=name, ax=axis)

# %%
# At a contamination of 5%, a tumour is labelled -1 if it is more abnormal than 95% of those in training. The model
# knows these, so more than 5% of new benign ones are accused.
labels = detectors["OutlierDetector(AGEBidirectional)"].predict(X[test])
print(f"malignant ones found: {np.mean(labels[y[test] == 0] == -1):.0%}")
print(f"benign ones accused:  {np.mean(labels[y[test] == 1] == -1):.0%}")
