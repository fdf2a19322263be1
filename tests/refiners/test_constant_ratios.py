"""A ratio that is constant, of which a refiner tells once, in words of its own, and only where it matters."""

import warnings

import numpy as np
import pytest

from fdgm import DGflowRefiner
from fdgm.exceptions import ConstantRatioWarning
from fdgm.options import Adam
from fdgm.ratios import DensityRatio, LogisticRatio
from fdgm.refiners import CorrectedRatio, DDLSRefiner, DOTRefiner, MetropolisHastingsRefiner, RejectionRefiner


class Slope(DensityRatio):
    """A log-ratio of one slope in every column at `fit`, and of another at each update."""

    def __init__(self, slope=0.0, updated=0.0):
        self.slope = slope
        self.updated = updated

    def _fit(self, X_p, X_q):
        self.slope_ = self.slope

    def _update(self, X_p, X_q):
        self.slope_ = self.updated

    def _log_ratio_tensor(self, x):
        return self.slope_ * x.sum(1)


@pytest.mark.parametrize(
    "refiner",
    [
        DGflowRefiner(n_steps=1, step_size=0.01, stop=None),
        DOTRefiner(n_steps=1),
        RejectionRefiner(),
        MetropolisHastingsRefiner(n_steps=1),
    ],
    ids=lambda refiner: type(refiner).__name__,
)
def test_one_warning_names_the_refiner_at_the_line_of_its_fit(X, refiner):
    refiner.set_params(ratio=Slope(), random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refiner.fit(X, X_generated=X + 1)
    (warning,) = caught
    assert warning.category is ConstantRatioWarning
    assert warning.filename == __file__
    assert str(warning.message).startswith(f"ratio of {type(refiner).__name__} has come out constant")


def test_one_warning_of_a_refiner_of_latents(X, sampler):
    with pytest.warns(ConstantRatioWarning, match="ratio of DDLSRefiner has come out constant") as caught:
        DDLSRefiner(sampler, ratio=Slope(), n_steps=1, random_state=0).fit(X)
    assert len(caught) == 1


def test_where_samples_have_come_to_the_data_none_warns(X):
    """A flow is to end where the ratio is constant. Warnings are errors here."""
    refiner = DGflowRefiner(
        ratio=Slope(1.0, updated=0.0), refresh=1, n_steps=2, random_state=0, step_size=0.01, stop=None
    )
    assert refiner.fit(X, X_generated=X + 1)._stages[-1]._constant() is not None


def test_of_a_corrected_ratio_the_whole_is_named_and_not_its_corrector(normals):
    """Source and data are one normal distribution, and the corrector stays at its critic, which is 0."""
    rows = np.random.default_rng(0).normal(size=(200, 1))
    still = LogisticRatio(max_iter=1, n_critic_steps=1, validation_fraction=None, optimizer=Adam(1e-12))
    with pytest.warns(ConstantRatioWarning, match="CorrectedRatio has found a ratio that is constant") as caught:
        CorrectedRatio(normals[0](rows, 0.0, 1.0), still, random_state=0).fit(rows, rows + 1)
    assert len(caught) == 1
