"""Preconditioned Crank–Nicolson: chains of latents that need no gradient."""

from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from .._sklearn import Interval
from ._leg import Leg
from ._mover import Mover
from ._points import Space, Step

__all__ = ["CrankNicolsonRefiner"]


class CrankNicolsonRefiner(Mover):
    """Refiner that moves latents by a Markov chain whose distribution is p_Z e^{T∘g}, without any gradient.

    A step proposes u' = √(1 − β²) u + βξ with ξ ~ N(0, I), which leaves a normal prior as it is. It is taken with
    probability min(1, e^{T(g(u')) − T(g(u))}). So the chain's distribution is exactly p_Z e^{T∘g} for any β, and that
    of the data as far as T is right. Any density ratio will do, also boosted trees, and any generator that maps
    latents, also one that is not differentiable. With a bounded prior u' = u + β (width/2) ξ, reflected at the bounds.

    Parameters
    ----------
    generator : object or None, default=None
        The generator to refine, which must be a map from latents:

        - a sampler or an AGEBidirectional, with its own critic;
        - a zuko flow;
        - a :class:`LatentGenerator`: a PyTorch module with the distribution of its latents.

        `fit` copies a fitted generator in its present state, and `clone` keeps it. An unfitted estimator is cloned and
        fitted on X. None is a VGrowSampler.
    step_size : float in (0, 1], default=0.3
        β. With 1 each proposal is a fresh draw from the prior.
    n_steps : int, default=100
        Number of proposals. 0 refines nothing.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        Estimator of T = log p_data/p_model:

        - ``"auto"``: a sampler's own critic. With any other generator, a LogisticRatio of three layers of 128 units.
        - A name of ``fdgm.available("density_ratio")`` or a DensityRatio: it is fitted on X against generated samples.
        - A fitted sampler: its critic is used. A :class:`CorrectedRatio` of a sampler corrects that critic.
        - A callable: it maps a tensor of rows in X's units to log-ratios. It must be right in size, as a critic that
          was trained for the Wasserstein distance is not.
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
    space_ : {"latent"}
    history_ : DataFrame of shape (n_steps + 1, 5)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the first step
        and after each step. The others are the leg (1), its step_size and its noise (0).
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Cotter, Roberts, Stuart and White, "MCMC Methods for Functions: Modifying Old Algorithms to Make Them Faster",
    Statistical Science 28, 2013, section 4.2. The target is that of Che et al., "Your GAN is Secretly an Energy-based
    Model and You Should Use Discriminator Driven Latent Sampling", NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from fdgm.ratios import ClassifierRatio
    >>> from fdgm.refiners import CrankNicolsonRefiner, LatentGenerator
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> generator = LatentGenerator(torch.nn.Linear(4, 2), latent_size=4)
    >>> CrankNicolsonRefiner(generator, n_steps=5, ratio=ClassifierRatio(), random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _needs_gradient: ClassVar = False
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: rule for name, rule in Mover._mover_constraints.items() if name not in ("space", "data_range")},
        "step_size": [Interval(Real, 0, 1, closed="right")],
        "n_steps": [Interval(Integral, 0, None, closed="left")],
    }
    space = "latent"
    data_range = "auto"

    def __init__(
        self,
        generator: Any = None,
        *,
        step_size: float = 0.3,
        n_steps: int = 100,
        ratio: Any = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.step_size = step_size
        self.n_steps = n_steps
        self.ratio = ratio
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    def _legs(self) -> list[Leg]:
        if not self._params.n_steps:
            return []
        return [Leg(self._params.n_steps, self._params.step_size, space=self.space)]

    def _step(self, leg: Leg, space: Space, source: torch.Generator) -> Step:
        prior = space.prior
        if prior is None:
            raise ValueError(f"{type(self).__name__} moves latents, got rows.")
        t: Tensor | None = None

        @torch.no_grad()
        def step(latents: Tensor) -> Tensor:
            nonlocal t
            t = space.log_ratio(latents) if t is None else t
            proposed = prior.proposed(latents, leg.step_size, source)
            t_proposed = space.log_ratio(proposed)
            draws = torch.rand(len(latents), generator=source, dtype=torch.float64, device=source.device)
            taken = draws.to(t.device).log() < t_proposed - t  # of a NaN, none
            t = torch.where(taken, t_proposed, t)
            return torch.where(taken[:, None], proposed, latents)

        return step
