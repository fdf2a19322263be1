"""What density ratios are for: covariate shift, two-sample tests, importance weights, outliers."""

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from fdgm.ratios import KLIEP, RuLSIF, diagnose, two_sample_test, uLSIF

rng = np.random.default_rng(0)

# covariate shift
X_train, X_test = rng.normal(1.0, 0.7, size=(600, 1)), rng.normal(2.0, 0.5, size=(600, 1))
y_train, y_test = (np.sinc(X[:, 0]) + 0.1 * rng.normal(size=len(X)) for X in (X_train, X_test))
weights = uLSIF(random_state=0).fit(X_test, X_train).importance_weights(X_train)
for name, w in (("unweighted", None), ("weighted", weights)):
    line = LinearRegression().fit(X_train, y_train, sample_weight=w)
    print(f"{name}: mean square error on the test rows {np.mean((line.predict(X_test) - y_test) ** 2):.3f}")

# two-sample test
X, Y = rng.normal(size=(300, 3)), rng.normal(0.25, 1.0, size=(300, 3))
print("p-value:", two_sample_test(X, Y, random_state=0).p_value)

# importance weights
X_p, X_q = rng.normal(0.5, 1.0, size=(2000, 2)), rng.normal(0.0, 1.2, size=(2000, 2))
ratio = KLIEP(random_state=0).fit(X_p[:1000], X_q[:1000])
found = diagnose(ratio, X_p[1000:], X_q[1000:], random_state=0)
print(f"E_q[ratio] = {found.mean_ratio:.2f} ± {found.mean_ratio_error:.2f}")
print(f"effective sample size: {found.effective_sample_size:.0f} of 1,000")
print(found.calibration.round(2))
mean = np.average(X_q[1000:], axis=0, weights=ratio.importance_weights(X_q[1000:]))
print("mean of P, by rows of Q:", mean.round(2))  # (0.5, 0.5)

# outliers
inliers, mixed = rng.normal(size=(500, 2)), np.vstack([rng.normal(size=(450, 2)), rng.uniform(-6, 6, size=(50, 2))])
is_outlier = np.repeat([False, True], [450, 50])
outlyingness = -RuLSIF(random_state=0).fit(inliers, mixed).log_ratio(mixed)
print("area under the curve:", round(roc_auc_score(is_outlier, outlyingness), 3))
