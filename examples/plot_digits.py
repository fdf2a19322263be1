"""
Draw new handwritten digits
===========================

Fit the 1,797 digits that scikit-learn has, and draw new ones.
"""

import os

from fdgm import VGrowSampler, datasets
from fdgm.plot import HistoryDisplay, SampleDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "30"))

X = datasets.load_digits_images(flat=True)
sampler = VGrowSampler(max_iter=None, max_seconds=SECONDS, random_state=0).fit(X)

# %%
# Data are on the left, samples on the right.
SampleDisplay.from_estimator(sampler, X, image_shape=(8, 8), n_images=100, random_state=0)

# %%
# The history tells whether training went well. A failure would be a red line.
HistoryDisplay.from_estimator(sampler)
