"""
Has the data drifted?
=====================

A two-sample test compares this month's rows with last month's. The picture shows what the statistic would be if nothing
had changed.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from fdgm.plot import TwoSampleTestDisplay
from fdgm.ratios import two_sample_test

X = load_diabetes(scaled=False).data
rng = np.random.default_rng(0)
order = rng.permutation(len(X))
last_month, this_month = X[order[:220]], X[order[220:]]
drifted = this_month.copy()
drifted[:, 2] += 2.0  # body mass index, in kg/m²

figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for axis, name, rows in zip(axes, ("unchanged", "drifted"), (this_month, drifted), strict=True):
    test = two_sample_test(last_month, rows, random_state=0)
    TwoSampleTestDisplay.from_test(test, ax=axis)
    axis.set_title(name)
