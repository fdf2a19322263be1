"""
Choose parameters by GridSearchCV
=================================

``score`` is minus the energy distance to held-out rows, so scikit-learn's searches work as usual.
"""

import os

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV

from fdgm import VGrowSampler, datasets

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "40"))

X = datasets.make_swiss_roll(1500, random_state=0)
grid = {"divergence": ["kl", "js"], "batch_size": [128, 256]}
search = GridSearchCV(
    VGrowSampler(max_iter=None, max_seconds=SECONDS / 9, random_state=0), grid, cv=2, refit=False
).fit(X)

table = pd.DataFrame(search.cv_results_)
names = [", ".join(str(value) for value in params.values()) for params in table["params"]]
figure, axis = plt.subplots(figsize=(6, 2.6), layout="constrained")
axis.errorbar(-table["mean_test_score"], names, xerr=table["std_test_score"], fmt="o")
axis.set_xlabel("energy distance to held-out rows, lower is better")
print(search.best_params_)
