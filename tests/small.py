"""Every registered estimator, small enough to be fitted many times. One that is not listed here has its defaults."""

from functools import cache

import numpy as np
from sklearn.mixture import GaussianMixture

from fdgm import VGrowSampler, registry
from fdgm.architectures import MLP
from fdgm.options import Flow, Gradient, Maps, Network
from fdgm.ratios import KLIEP, LogisticRatio, RuLSIF
from fdgm.regularizers import Unrolling
from fdgm.training import Trainable

FAMILIES = ("estimator", "density_ratio")
_NETS = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 2}
_NETWORK = Network(n_particles=32, n_particle_steps=2, passes=1, n_warmup_steps=3)


@cache
def sampler():
    """A fitted sampler, to be refined."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    return VGrowSampler(**{**_NETS, "max_iter": 1}, generator=_NETWORK, random_state=0).fit(X)


def trainable():
    """The names of those that train networks, and of one that trains them without a critic."""
    return [name for name in NAMES if " " not in name and isinstance(small(name), Trainable)] + ["AGEBidirectional vae"]


def _params():
    kernels = KLIEP(width=1.0, n_centers=5)
    refined = {"generator": GaussianMixture(), "ratio": kernels}
    return {
        "AGEBidirectional": {**_NETS, "method": Gradient(n_warmup_steps=4, n_updates=3)},
        "CorrectedRatio": {"source": sampler(), "corrector": LogisticRatio(max_iter=2, n_critic_steps=2)},
        "CrankNicolsonRefiner": {"generator": sampler(), "n_steps": 2},
        "DDLSRefiner": {"generator": sampler(), "n_steps": 2},
        "DGflowRefiner": {**refined, "n_steps": 2, "stop": None},
        "DOTRefiner": {**refined, "n_steps": 2},
        "FlowMatchingSampler": {**_NETS, "n_updates": 3, "n_steps": 2},
        "GANSampler": {**_NETS, "n_generator_steps": 3, "n_warmup_steps": 3, "n_critic_steps": 2},
        "ImportanceRefiner": {**refined, "n_candidates": 2},
        "MetropolisHastingsRefiner": {**refined, "n_steps": 2},
        "RejectionRefiner": refined,
        "GenerativeImputer": {"n_trees": 2, "n_sweeps": 2},
        "TreeSampler": {"n_trees": 2},
        "VGrowSampler": {**_NETS, "generator": _NETWORK},
        "kliep": {"n_centers": 5},
        "logistic": {**_NETS, "n_critic_steps": 3},
        "rulsif": {"n_centers": 5},
        "telescoping": {"base": RuLSIF(width=1.0, penalty=0.01, n_centers=5), "n_bridges": 1},
        "ulsif": {"n_centers": 5},
    }


#: Other settings, that train or store something else.
VARIANTS = {
    "AGEBidirectional flow": {"method": Flow(n_rounds=1, n_pairs=32, n_moves=1, start=0.0)},
    "AGEBidirectional vae": {
        "objective": "vae", "generator": "gaussian", "method": Gradient(n_warmup_steps=0, n_updates=3, ema=0.9),
    },
    "DGflowRefiner latent": {"generator": sampler, "stop": None, "refresh": 1},
    "GANSampler unrolled": {"regularizer": [Unrolling(2), "feature_matching"], "ema": 0.9},
    "GANSampler wasserstein_gp": {"objective": "wasserstein_gp", "regularizer": "spectral_norm"},
    "VGrowSampler maps": {"generator": Maps(n_particles=32, n_critic_steps=2)},
    "VGrowSampler ratio": {"ratio": "ulsif", "record_particles": (1, 2)},
}  # fmt: skip


def small(name):
    """The estimator of that name, or of a variant's name."""
    registered = name.partition(" ")[0]
    family = next(family for family in FAMILIES if registered in registry.available(family))
    params = {**_params().get(registered, {}), **VARIANTS.get(name, {})}
    made = {key: value() if value is sampler else value for key, value in params.items()}
    return registry.get(family, registered)(**made)


#: Of every family of estimators.
NAMES = [name for family in FAMILIES for name in registry.available(family)] + list(VARIANTS)
