"""
Walk from one digit to another
==============================

A model with an encoder knows the way between two images: a straight line between their codes.
"""

import os

from fdgm import AGEBidirectional, datasets
from fdgm.plot import InterpolationDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "40"))

X = datasets.load_digits_images(flat=True)
model = AGEBidirectional(max_iter=None, max_seconds=SECONDS, random_state=0).fit(X)
InterpolationDisplay.from_estimator(model, X[:5], X[10:15], steps=9, image_shape=(8, 8))
