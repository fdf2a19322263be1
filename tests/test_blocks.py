"""Every block of Python on the pages runs, in order, with short budgets; so do the scripts of the gallery."""

import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

from fdgm import VGrowSampler, datasets
from fdgm.nets import Clock

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"plugins.md"}  # tests/plugins runs it, with a plugin installed
PAGES = [ROOT / "README.md", *(p for p in sorted((ROOT / "docs").glob("*.md")) if p.name not in ELSEWHERE)]
PAGES += sorted((ROOT / "docs" / "how_to").glob("*.md"))
_FENCE = re.compile(r"^```python\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # short fits warn, and rightly so


RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(120, 4))


def rings():
    return {
        f"X_{name}": datasets.make_ring(120, random_state=k) for k, name in enumerate(("train", "generated", "test"))
    }


def images():
    return {f"X_{name}": RNG.uniform(-1, 1, size=(60, 1, 28, 28)) for name in ("train", "generated", "test")}


def models():
    return {"flow": GaussianMixture(2).fit(ROWS), "sampler": VGrowSampler(random_state=0).fit(ROWS)}


def pairs():
    drawn = {name: RNG.normal(size=(80, 2)) for name in ("X", "X_p", "X_q", "X_p_new", "X_q_new")}
    return drawn | {"x": torch.tensor(drawn["X"]), "np": np}


#: What the reader of a page has already: data and models under the names that the page uses.
def customers():
    """The file that the page of tables reads."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(1000, size=300), unit="D"),
        "country": rng.choice(["Chile", "Peru"], 300), "age": rng.integers(20, 60, 300),
        "spent": rng.exponential(50, 300).round(2), "churned": rng.random(300) < 0.3,
    })  # fmt: skip
    table.to_csv("customers.csv", index=False)
    return {}


GIVEN = {
    "age.md": lambda: {"X": ROWS},
    "data.md": images,
    "dgflow.md": lambda: {"X": ROWS, **models()},
    "method.md": lambda: {"model": models()["sampler"]},
    "metrics.md": lambda: rings() | {"embed": lambda X: X, "classify": lambda X: np.full((len(X), 2), 0.5)},
    "ratios.md": pairs,
    "tables.md": customers,
}


def blocks(page):
    return _FENCE.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def short(monkeypatch, tmp_path):
    """Two iterations at most, a folder to write into, and pictures without a screen."""
    plt = pytest.importorskip("matplotlib.pyplot")
    original = Clock.__init__

    def begin(self, max_iter, *arguments, **more):
        original(self, 2 if max_iter is None else min(max_iter, 2), *arguments, **more)

    monkeypatch.setattr(Clock, "__init__", begin)
    monkeypatch.chdir(tmp_path)
    before = plt.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page, short):
    namespace = {"__name__": "page", **GIVEN.get(page.name, dict)()}
    for number, block in enumerate(blocks(page), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), namespace)


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("plot_*.py")), ids=lambda p: p.stem)
def test_an_example_draws_something(script, short, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setenv("FDGM_GALLERY_SECONDS", "1")
    monkeypatch.delenv("FDGM_DATA", raising=False)
    monkeypatch.chdir(script.parent)
    runpy.run_path(str(script))
    assert plt.get_fignums()
