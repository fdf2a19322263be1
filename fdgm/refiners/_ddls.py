"""Discriminator driven latent sampling: Langevin steps towards p_Z e^T∘g."""

from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from .._sklearn import Interval
from ..divergences import KL, Scaling
from ..flows import differentiated, euler_maruyama_step, velocity
from ._leg import Leg
from ._mover import Mover
from ._points import Space, Step

__all__ = ["DDLSRefiner"]


class DDLSRefiner(Mover):
    """Refiner that moves latents by Langevin steps on log p_Z + T∘g. It is a baseline for DGflow.

    Each step is z ← z + (ε/2) ∇(log p_Z + T∘g) + noise_scale √ε ξ. With a noise scale of 1 and small ε, the
    distribution of the latents approaches p_Z e^{T∘g}. With a bounded prior, steps that leave the support are not
    taken.

    Parameters
    ----------
    generator : object or None, default=None
        The generator to refine, which must be a differentiable map from latents:

        - a sampler or an AGEBidirectional, with its own critic;
        - a zuko flow;
        - a :class:`LatentGenerator`: a PyTorch module with the distribution of its latents.

        `fit` copies a fitted generator in its present state, and `clone` keeps it. An unfitted estimator is cloned and
        fitted on X. None is a VGrowSampler.
    step_size : float, default=0.01
        The step size ε.
    n_steps : int, default=50
        Number of steps. 0 refines nothing.
    noise_scale : float, default=0.1
        Factor of the noise. 1 gives Langevin dynamics.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        Estimator of T = log p_data/p_model:

        - ``"auto"``: a sampler's own critic. With any other generator, a LogisticRatio of three layers of 128 units.
        - A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio: it is fitted on X against generated samples.
        - A fitted sampler: its critic is used. A :class:`CorrectedRatio` of a sampler corrects that critic.
        - A callable: it maps a tensor of rows in X's units to log-ratios. Any PyTorch critic will do, also one trained
          for the Wasserstein distance.
    n_jobs : int or None, default=None
        Number of processes for chunks of 1,024 rows, by joblib. It does not change the results' bits. Each chunk runs
        on one thread.
    device : str, default="auto"
        ``"auto"`` is a GPU if there is one. A sampler stays on the device that it was trained on.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    generator_ : object or None
        The fitted generator that is refined.
    ratio_ : object
        The fitted estimator of the log-ratio.
    space_ : {"data", "latent"}
    history_ : DataFrame of shape (n_steps + 1, 5)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the first
        step and after each step.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Che et al., "Your GAN is Secretly an Energy-based Model and You Should Use Discriminator Driven Latent Sampling",
    NeurIPS 2020, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from fdgm.refiners import DDLSRefiner, LatentGenerator
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> generator = LatentGenerator(torch.nn.Linear(4, 2), latent_size=4)
    >>> DDLSRefiner(generator, n_steps=5, ratio="kliep", random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: rule for name, rule in Mover._mover_constraints.items() if name not in ("space", "data_range")},
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "noise_scale": [Interval(Real, 0, None, closed="left")],
    }
    space = "latent"
    data_range = "auto"

    def __init__(
        self,
        generator: Any = None,
        *,
        step_size: float = 0.01,
        n_steps: int = 50,
        noise_scale: float = 0.1,
        ratio: Any = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.step_size = step_size
        self.n_steps = n_steps
        self.noise_scale = noise_scale
        self.ratio = ratio
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    def _legs(self) -> list[Leg]:
        if not self._params.n_steps:
            return []
        return [Leg(self._params.n_steps, self._params.step_size, space=self.space, noise=self._params.noise_scale**2)]

    def _step(self, leg: Leg, space: Space, source: torch.Generator) -> Step:
        prior = space.prior
        if prior is None:
            raise ValueError(f"{type(self).__name__} moves latents, got rows.")

        def energy(latents: Tensor) -> Tensor:
            return prior.log_density(latents) + space.log_ratio(latents)

        def step(latents: Tensor) -> Tensor:
            direction, _ = velocity(differentiated(energy), latents, Scaling(KL()))
            moved = euler_maruyama_step(latents, direction, leg.step_size / 2, leg.noise, source)
            stays = ~prior.contains(moved) & torch.isfinite(moved).all(1)
            return torch.where(stays[:, None], latents, moved)

        return step
