"""A table of every kind, whose columns depend on one another."""

import numpy as np
import pandas as pd


def mixed(n, seed=0):
    """Columns that are functions of a hidden one, with noise, holes and a date."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=n)
    size = np.where(hidden < -0.7, "s", np.where(hidden < 0.7, "m", "l"))
    price = np.round(np.exp(hidden + 0.1 * rng.normal(size=n)), 2)
    table = pd.DataFrame(
        {
            "size": pd.Series(size).mask(rng.random(n) < 0.1),
            "price": pd.Series(price).mask(hidden > 1.5),
            "count": rng.poisson(np.exp(hidden)),
            "old": hidden + rng.normal(size=n) > 0,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta((hidden * 100).astype(int), unit="D"),
            "grade": pd.Categorical(np.where(hidden > 0, "a", "b"), ["b", "a", "c"], ordered=True),
        }
    )
    return table
