"""What is refused, and how."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from fdgm import DGflowRefiner
from fdgm.refiners import DDLSRefiner, DOTRefiner, LatentGenerator

MIXTURE = GaussianMixture(random_state=0)


class Drawing:
    def __init__(self, rows):
        self.rows = rows

    def sample(self, n):
        return self.rows[:n]


class Rounding(torch.nn.Module):
    def forward(self, z):
        return z.detach().round()


class Codebook(torch.nn.Module):
    """Rows with a gradient in its parameters, and none in the latents."""

    def __init__(self):
        super().__init__()
        self.rows = torch.nn.Embedding(2, 2)

    def forward(self, z):
        return self.rows(z.argmax(dim=1))


class Deaf(torch.nn.Module):
    """A critic with a gradient in its parameters, and none in x."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.linear(x.detach())


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"generator": Drawing(np.full((5000, 2), np.nan))}, ValueError, "NaN or infinity in .* of"),
        ({"generator": Drawing(np.zeros((5000, 3)))}, ValueError, r"X's shape \(2,\), got \(3,\)"),
        ({"generator": Drawing(np.zeros((10, 2)))}, ValueError, r"as many rows as asked for.*got shape \(10, 2\)"),
        ({"generator": torch.nn.Linear(2, 2)}, TypeError, "bare Linear"),
        ({"generator": LatentGenerator(Rounding(), 2)}, ValueError, "output has no gradient"),
        ({"generator": LatentGenerator(Codebook(), 2), "space": "latent"}, ValueError, "output has no gradient"),
        ({"generator": LatentGenerator(torch.nn.Linear(3, 4), 3)}, ValueError, r"shape \(2,\), got \(4,\)"),
        ({"space": "latent"}, ValueError, "differentiable map from latents.*GaussianMixture"),
        ({"ratio": "classifier"}, ValueError, "got ClassifierRatio.*density ratios that have one: .*kliep"),
        ({"ratio": 3.0}, TypeError, "got 3.0"),
        ({"ratio": torch.nn.Linear(5, 1)}, ValueError, r"generator's shape \(2,\), got"),
        ({"ratio": lambda x: x}, ValueError, r"one log-ratio a row, \(64,\), got \(64, 2\)"),
        ({"ratio": Deaf()}, ValueError, "density ratios that have one: .*kliep"),
        ({"divergence": "nonsense", "n_steps": 0}, ValueError, "got 'nonsense'"),
        ({"ratio": lambda x: torch.zeros(len(x))}, ValueError, "density ratios that have one: .*kliep"),
        ({"data_range": (1, 0)}, ValueError, r"got \(1, 0\)"),
        ({"data_range": (3.0, 3.0)}, ValueError, r"growing finite numbers, got \(3\.0, 3\.0\)"),
    ],
)
def test_at_fit(X, params, error, message):
    with pytest.raises(error, match=message):
        DGflowRefiner(**{"generator": MIXTURE, "n_steps": 1, "stop": None, **params}).fit(X)


def test_a_generator_and_rows(X):
    with pytest.raises(ValueError, match="got both"):
        DGflowRefiner(MIXTURE, step_size=0.01, stop=None).fit(X, X_generated=X)


def test_a_sampler_of_other_rows(sampler):
    with pytest.raises(ValueError, match=r"generator's shape \(2,\), got \(3,\)"):
        DGflowRefiner(sampler, step_size=0.01, stop=None).fit(np.random.default_rng(0).normal(size=(20, 3)))


def test_rows_of_another_width(X):
    with pytest.raises(ValueError, match="X has 3 features, but DGflowRefiner is expecting 2"):
        DGflowRefiner(MIXTURE, n_steps=1, step_size=0.01, stop=None).fit(X).refine(np.zeros((2, 3)))


def test_latents_of_another_width(X, sampler):
    with pytest.raises(
        ValueError, match=r"refine must have shape \(n_samples, 3\), got .*transform moves rows of data"
    ):
        DGflowRefiner(sampler, n_steps=1, step_size=0.01, stop=None).fit(X).refine(X)


def test_latents_outside_a_bounded_prior(X):
    generator = LatentGenerator(torch.nn.Linear(2, 2), 2, bounds=(0.0, 1.0))
    refiner = DDLSRefiner(generator, n_steps=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"support \(0.0, 1.0\).*got 1 of 2 outside"):
        refiner.refine([[0.5, 0.5], [0.5, 2.0]])


@pytest.mark.parametrize(("size", "bounds"), [(0, None), (True, None), (2, (1.0, 0.0)), (2, (0.0, float("inf")))])
def test_a_prior_that_is_none(size, bounds):
    with pytest.raises(ValueError, match="got"):
        LatentGenerator(torch.nn.Linear(2, 2), size, bounds=bounds)


def test_ddls_moves_no_rows(X, sampler):
    assert not hasattr(DDLSRefiner(sampler), "transform")


def test_betas_of_no_step():
    with pytest.raises(ValueError, match=r"betas of DOTRefiner .*got \(0\.5, 1\.0\)"):
        DOTRefiner(MIXTURE, betas=(0.5, 1.0), n_steps=0, ratio="kliep").fit(
            np.random.default_rng(0).normal(size=(50, 2))
        )


@pytest.mark.parametrize(("n_samples", "error"), [(0, ValueError), (2.5, TypeError)])
def test_numbers_of_trajectories_that_cannot_be(X, n_samples, error):
    refiner = DGflowRefiner(MIXTURE, ratio="kliep", n_steps=1, step_size=0.01, stop=None).fit(X)
    with pytest.raises(error, match=f"trajectory.*got {n_samples}"):
        refiner.trajectory(n_samples)


def test_a_flow_from_another_base(X):
    zuko = pytest.importorskip("zuko")
    base = zuko.lazy.UnconditionalDistribution(
        zuko.distributions.BoxUniform, torch.zeros(2), torch.tensor([1.0, 10.0]), buffer=True
    )
    flow = zuko.flows.Flow(zuko.lazy.UnconditionalTransform(zuko.transforms.IdentityTransform), base)
    with pytest.raises(ValueError, match="standard normal or from a uniform cube, got the base BoxUniform"):
        DGflowRefiner(flow, ratio="kliep", step_size=0.01, stop=None).fit(X)
