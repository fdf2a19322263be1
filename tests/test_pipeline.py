"""Pipelines whose samples come back through their transformers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer, PowerTransformer, StandardScaler

from fdgm import GenerativePipeline, VGrowSampler
from fdgm.architectures import MLP

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 1)) * [3.0, -1.0, 0.5] + [100.0, 0.0, -7.0] + 0.01 * RNG.normal(size=(200, 3))
SAMPLER = VGrowSampler(architecture=MLP(width=8, depth=1), batch_size=16, max_iter=2, random_state=0)


def pipeline(*names):
    steps = {"scale": StandardScaler(), "pca": PCA(1), "skip": "passthrough", "model": SAMPLER}
    return GenerativePipeline([(name, steps[name]) for name in names])


def test_samples_go_back_through_every_step_last_to_first():
    fitted = pipeline("scale", "skip", "pca", "model").fit(X)
    drawn = fitted["model"].sample(5, random_state=1)
    expected = fitted["scale"].inverse_transform(fitted["pca"].inverse_transform(drawn))
    np.testing.assert_array_equal(fitted.sample(5, random_state=1), expected)


def test_samples_have_the_units_of_the_data():
    fitted = GenerativePipeline([("power", PowerTransformer()), ("model", GaussianMixture(random_state=0))]).fit(X)
    drawn = fitted.sample(2000)
    np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), atol=4 * X.std(axis=0).max() / np.sqrt(200))


def test_tables_come_back_as_tables():
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    drawn = pipeline("scale", "model").fit(table).sample(4, random_state=0)
    assert list(drawn.columns) == ["a", "b", "c"]
    polars = pytest.importorskip("polars")
    drawn = pipeline("scale", "model").fit(polars.DataFrame(table.to_dict("list"))).sample(4, random_state=0)
    assert isinstance(drawn, polars.DataFrame)
    assert drawn.columns == ["a", "b", "c"]


def test_it_is_a_pipeline_of_scikit_learn():
    made = pipeline("scale", "model")
    assert isinstance(made, Pipeline)
    copied = clone(made).set_params(model__max_iter=1).fit(X)
    assert (copied["model"].n_iter_, made["model"].max_iter) == (1, 2)
    assert copied.score(X) == copied["model"].score(copied["scale"].transform(X))


@pytest.mark.parametrize(
    ("steps", "match"),
    [
        ([("norm", Normalizer()), ("model", SAMPLER)], "got 'norm', a Normalizer, without it"),
        ([("scale", StandardScaler()), ("pca", PCA())], "end in a model with sample, got 'pca', a PCA"),
    ],
)
def test_a_step_that_cannot_work_is_named_before_training(steps, match):
    with pytest.raises(TypeError, match=match):
        GenerativePipeline(steps).fit(X)
