"""
Representations where labels are few
====================================

An encoder learns from all digits without labels. A classifier then learns from 50 labels, on pixels or on codes.
"""

import os

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fdgm import AGEBidirectional, datasets
from fdgm.plot import LatentDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "40"))

X, y = datasets.load_digits_images(flat=True, return_labels=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=500, random_state=0, stratify=y)
encoder = AGEBidirectional(max_iter=None, max_seconds=SECONDS, random_state=0).fit(X_train)
Z_train, Z_test = encoder.transform(X_train), encoder.transform(X_test)
LatentDisplay.from_predictions(Z_test, y_test)

# %%
# The mean accuracy over ten draws of 50 labels:
accuracies = {"pixels": [], "codes": []}
for seed in range(10):
    few, _ = train_test_split(np.arange(len(y_train)), train_size=50, random_state=seed, stratify=y_train)
    for name, train, test in (("pixels", X_train, X_test), ("codes", Z_train, Z_test)):
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        accuracies[name].append(classifier.fit(train[few], y_train[few]).score(test, y_test))
for name, values in accuracies.items():
    print(f"{name}: {np.mean(values):.3f} ± {np.std(values) / np.sqrt(len(values)):.3f}")
