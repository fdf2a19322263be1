"""Tables, as training and held-out rows."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["NAMES", "TARGETS", "split"]

#: What is predicted, for "train on samples, test on rows".
TARGETS = {
    "adult": "income",
    "shoppers": "Revenue",
    "default": "default payment next month",
    "beijing": "pm2.5",
    "diamonds": "price",
    "bike": "bikers",
    "wage": "wage",
}
NAMES = tuple(TARGETS)
_PACKAGED = {"diamonds": ("plotnine", "diamonds.csv"), "bike": ("ISLP", "Bikeshare.csv"), "wage": ("ISLP", "Wage.csv")}


def _folder() -> Path:
    home = os.environ.get("FDGM_DATA")
    if home is None:
        raise SystemExit("FDGM_DATA must name the folder that holds tables/.")
    return Path(home) / "tables"


def _read(name: str) -> pd.DataFrame:
    """A table of the folder or, of a package that is installed, its own."""
    if name not in _PACKAGED:
        return pd.read_csv(_folder() / f"{name}.csv.gz")
    package, file = _PACKAGED[name]
    found = importlib.util.find_spec(package)
    for place in [] if found is None else found.submodule_search_locations or []:
        if (path := Path(place) / "data" / file).exists():
            return pd.read_csv(path)
    raise FileNotFoundError(f"{name} is in the package {package}, which is not installed; pip install {package}.")


def split(name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out rows: Adult's own, of others random halves."""
    if name == "adult":
        train, test = (pd.read_csv(_folder() / f"adult-{part}.csv.gz") for part in ("train", "test"))
        return train, test
    table = _read(name)
    order = np.random.default_rng(seed).permutation(len(table))
    first, second = (table.iloc[rows].reset_index(drop=True) for rows in np.array_split(order, 2))
    return first, second
