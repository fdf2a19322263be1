"""
A table with text, and samples of one class
===========================================

``TreeSampler`` learns tables of numbers, text, dates and missing values. Any column can be given when it samples.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from fdgm import TreeSampler
from fdgm.plot import SampleDisplay

wine = load_wine(as_frame=True)
X = wine.data[["alcohol", "color_intensity", "proline", "hue"]].copy()
X["cultivar"] = pd.Categorical(np.array(["Barolo", "Grignolino", "Barbera"])[wine.target])

sampler = TreeSampler(random_state=0).fit(X)
SampleDisplay.from_estimator(sampler, X, n_samples=1000, random_state=0)

# %%
# Only Barolo, beside the real ones:
barolo = sampler.sample(500, given={"cultivar": "Barolo"}, random_state=0)
SampleDisplay.from_predictions(X[X["cultivar"] == "Barolo"], barolo)

# %%
# Samples keep the dtypes and categories of the table.
barolo.head()
