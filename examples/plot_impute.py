"""
Fill in missing values
======================

A fifth of the values of the iris table is removed at random. ``GenerativeImputer`` draws the missing values given the
others.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

from fdgm.trees import GenerativeImputer

X = load_iris(as_frame=True).data
missing = np.random.default_rng(0).random(X.shape) < 0.2
holed = X.mask(missing)
draws = [GenerativeImputer(random_state=seed).fit_transform(holed) for seed in range(5)]

# %%
# One draw keeps the distribution of a column. The mean of several draws is the better guess of a single value.
truth = X.to_numpy()[missing]
guesses = {
    "mean of the column": np.broadcast_to(holed.mean().to_numpy(), X.shape)[missing],
    "one draw": draws[0].to_numpy()[missing],
    "mean of five draws": np.mean([draw.to_numpy() for draw in draws], axis=0)[missing],
}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", sharey=True)
for axis, (name, guess) in zip(axes, guesses.items(), strict=True):
    axis.scatter(truth, guess, s=8)
    axis.axline((4, 4), slope=1, color="0.5", linestyle=":")
    axis.set(title=f"{name}: off by {np.sqrt(np.mean((guess - truth) ** 2)):.2f} cm", xlabel="true value (cm)")
axes[0].set_ylabel("guess (cm)")
