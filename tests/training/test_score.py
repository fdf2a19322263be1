"""`score` sees all of X, whatever order its rows are in."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from fdgm import AGEBidirectional, DGflowRefiner, GANSampler
from fdgm.architectures import MLP

SMALL = {"architecture": MLP(width=8, depth=1), "max_iter": 1, "random_state": 0}
MODELS = {
    "GAN": GANSampler(n_generator_steps=1, n_warmup_steps=0, **SMALL),
    "AGE": AGEBidirectional(latent_size=2, **SMALL),
    "refiner": DGflowRefiner(
        GaussianMixture(random_state=0), ratio="ulsif", n_steps=0, random_state=0, step_size=0.01, stop=None
    ),
}


@pytest.fixture(scope="module")
def X():
    """Rows sorted by their class."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(-3, 1, (400, 2)), rng.normal(3, 1, (400, 2))])


@pytest.fixture(autouse=True)
def few(monkeypatch):
    for module in ("training._generative", "refiners._base"):
        monkeypatch.setattr(f"fdgm.{module}._SCORED", 200)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_model_of_both_classes_is_better_than_that_of_the_first(model, X, monkeypatch):
    model.fit(X[::20])
    assert model.score(X) == model.score(X)
    rng = np.random.default_rng(1)
    scores = {}
    for name, rows in (("both", X), ("first", X[:400])):
        monkeypatch.setattr(model, "_sample", lambda n, key, rows=rows, **given: rows[rng.integers(len(rows), size=n)])
        scores[name] = model.score(X)
    assert scores["both"] > 0.1 * scores["first"]
