"""
Weights for a regressor whose inputs have shifted
=================================================

Training inputs lie elsewhere than those where predictions are wanted. The density ratio of the two weights the training
rows.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

from fdgm.plot import RatioCalibrationDisplay
from fdgm.ratios import uLSIF

rng = np.random.default_rng(0)
X_train, X_test = rng.normal(1.0, 0.7, size=(600, 1)), rng.normal(2.0, 0.5, size=(600, 1))
y_train, y_test = (np.sinc(X[:, 0]) + 0.1 * rng.normal(size=len(X)) for X in (X_train, X_test))

ratio = uLSIF(random_state=0).fit(X_test[:300], X_train[:300])
weights = ratio.importance_weights(X_train)

figure, axis = plt.subplots(figsize=(5.5, 4), layout="constrained")
axis.scatter(X_train, y_train, s=2 + 3 * weights, alpha=0.5, label="training rows, by weight")
axis.scatter(X_test, y_test, s=3, alpha=0.3, label="where predictions are wanted")
line = np.linspace(0.5, 3.5, 50)[:, None]
for name, w, style in (("unweighted", None, ":"), ("weighted", weights, "-")):
    model = LinearRegression().fit(X_train, y_train, sample_weight=w)
    error = np.mean((model.predict(X_test) - y_test) ** 2)
    axis.plot(line, model.predict(line), style, color="k", label=f"{name}: error {error:.3f}")
axis.legend(fontsize=8)

# %%
# Rows that the ratio has not seen say whether to trust it.
RatioCalibrationDisplay.from_estimator(ratio, X_test[300:], X_train[300:])
