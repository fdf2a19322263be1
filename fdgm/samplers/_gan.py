"""Generative adversarial networks: a critic and a generator that train against each other."""

import math
import os
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

from torch import Tensor

from .. import registry
from .._bar import Verbose
from .._literals import DataRange, Precision, ScalingName
from .._sklearn import Interval
from ..architectures import Architecture
from ..distributed import current
from ..inputs import Seeds
from ..nets import resolve_device
from ..objectives import Objective
from ..options import Adam, Checkpoint, EarlyStopping, InstanceNoise, Optimizer, Option, Replay
from ..regularizers import CriticRegularizer, Regularizer, Stabilizer
from ._base import Sampler
from ._gan_net import GANNet

__all__ = ["GANSampler"]


class GANSampler(Sampler):
    """Generative adversarial networks: a generator that learns from the gradient of a critic of its samples.

    An objective is a loss of the critic and a rule for the generator. Regularizers are added to either. An objective
    with a divergence uses D_f(data‖model), as in f-GAN and AGE: ``FGAN("kl")`` and ``AGE("kl")`` cover modes,
    ``"reverse_kl"`` seeks them.

    `log_ratio` depends on the objective:

    - If its critic estimates a ratio (`exact`), `log_ratio` is that estimate. If the objective leaves a constant open,
      as the default does, the constant is taken from samples, so that E_q[e^T] is 1.
    - Otherwise, as with the hinge and Wasserstein objectives, it is the critic's output.
    - With a regularizer whose critic judges more than single samples, it raises a ValueError.

    Parameters
    ----------
    objective : str or Objective, default="relativistic"
        One of ``fdgm.available("objective")``, or an instance with parameters, such as ``AGE("js", scale_clip=0.5)``.
        The default compares samples with data, and penalises the critic's slopes at both.
    regularizer : str, Regularizer, sequence of them or None, default=None
        One or more of ``fdgm.available("regularizer")``, by name or as instances with parameters. They add to the
        regularizers that the objective brings.
    architecture : str or Architecture, default="mlp"
        One of ``fdgm.available("architecture")`` or an instance.
    latent_size : int or None, default=None
        Number of standard normal latents. With None the architecture sets it.
    n_generator_steps : int, default=50
        Updates of the generator in each iteration.
    n_critic_steps : int or None, default=None
        Updates of the critic before each update of the generator. With None the objective sets it: 5 for the
        Wasserstein objectives, 1 for the others.
    n_warmup_steps : int, default=300
        Updates before the first iteration that fit the generator to a Gaussian half as wide as the data. 0 begins from
        initial weights, which map all latents to nearly one point.
    scaling : {"auto", "standard", "robust", "whole", "rank"}, default="auto"
        How data without a range are scaled. ``"standard"`` gives each column, or channel of images, mean 0 and
        standard deviation 1. ``"robust"`` does the same but ignores rows that lie far out; the networks see those on a
        logarithmic scale. ``"whole"`` is ``"robust"`` with one scale for all columns. ``"rank"`` makes every column
        normal by its ranks. ``"auto"`` is ``"robust"``, and ``"rank"`` if X is a table with columns that are not floats
        or with missing values.
    data_range : (float, float), None or "auto", default="auto"
        Smallest and largest value that X can have, in its units. No output leaves this range, and X as a whole is
        mapped to [−1, 1]. ``"auto"`` takes the smallest and largest value of X. If the architecture makes bounded
        data, as those for images do, there is one range for all columns. Otherwise each column, or channel, has its
        own range, and X is scaled by `scaling`. None is ``"auto"`` without bounds.
    instance_noise : float or InstanceNoise, default=0.3
        Standard deviation, in scaled units, of noise added to every input of the critic. The noise lets the critic see
        across gaps between modes, and keeps the generator from losing modes. It falls to a twentieth of that during
        training; ``InstanceNoise(..., schedule=...)`` sets another schedule. 0 is the objective as published.
    critic_optimizer, generator_optimizer : Optimizer or None, default=None
        None is ``Adam(lr, betas=..., schedule=((0.5, 1.0), (1.0, 0.05)))`` at the objective's `learning_rates` and
        `betas`: 0.001 for both networks with betas 0 and 0.9 for `relativistic`. Others have betas 0.5 and 0.9, with
        0.0005 and 0.0002 for `f_gan` and the Wasserstein objectives, and otherwise 0.001 and 0.0004. A parameter that
        an `Optimizer` leaves open takes its value from this default.
    batch_size : int, default=128
        Number of data rows, and of generated samples, in an update.
    ema : float in (0, 1) or None, default=0.98
        Decay, per iteration, of an exponential moving average of the generator's weights. Samples are then drawn from
        the averaged generator. At iteration t the decay is (1 + t)/(10 + t) if that is smaller. None averages nothing.
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the networks' matrix products and convolutions, in training and when samples are refined. Samples
        are drawn in float32. bfloat16 is faster on processors that support it.
    early_stopping : bool or EarlyStopping, default=False
        Whether to hold out rows of X and compare the model with them during training. Training stops when the distance
        no longer improves, and the best generator is kept. ``EarlyStopping(...)`` sets how many rows and how often.
    max_iter : int or None, default=100
        Maximum number of iterations. With None, `max_seconds` ends training.
    max_seconds : float or None, default=None
        Maximum number of seconds of `fit`, including all that it does before training. Whichever of the two limits
        comes first ends it. The clock is read before each update. An iteration that it cuts is undone and not counted,
        except the very first, which ends there.
    replay : Replay or None, default=None
        Clock readings of another fit at each iteration, instead of `max_iter` and `max_seconds`.
        ``replay=s.replay_`` repeats that fit bit for bit.
    warm_start : bool, default=False
        Whether `fit` continues from the networks of the last fit. The parameters that made them must not have changed.
    device : str, default="auto"
        ``"auto"`` is a GPU if there is one. Any other value is the name of a torch device.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same bits with the same thread count and versions, provided that `max_iter` ends training.
    checkpoint : str, path, Checkpoint or None, default=None
        File that holds the whole state of an unfinished `fit`. A `fit` that was killed or interrupted resumes from it,
        bit for bit, when called again with the same arguments and data. The file is written every minute;
        ``Checkpoint(path, seconds=...)`` sets another interval. It is removed when `fit` ends. `fit` tests before
        training that the file can be written. If writing fails later, one warning says so.
    verbose : int or "auto", default="auto"
        1 shows a progress bar, and ``"auto"`` shows it at a terminal from the tenth second on.
    callbacks : sequence of skorch callbacks or None, default=None
        Called with the net at each iteration (skorch's epoch). A callback ends training cleanly by raising
        :class:`fdgm.exceptions.StopTraining`, as skorch's EarlyStopping does. Of skorch's callbacks,
        GradientNormClipping clips the gradients of each network separately, and LRScheduler multiplies each learning
        rate in addition to its schedule. Callbacks that need one module, one optimizer or labels are refused.

    Attributes
    ----------
    net_ : GANNet
        The skorch net, with ``generator_`` and ``critic_``, and with ``average_`` if `ema` is set.
    history_ : DataFrame of shape (n_loops, 4), or 5 with rows held out
        One row for each iteration, with the columns:

        - critic_loss and generator_loss: means over the iteration;
        - spread: square root of the samples' total variance divided by the data's;
        - held_out_distance: only if it was measured;
        - seconds.
    n_iter_ : int
        Number of iterations run.
    best_iter_ : int
        With `early_stopping`, the iteration whose generator is kept.
    stop_reason_ : str
        What ended training:

        - ``"max_iter"``, ``"max_seconds"`` or ``"early_stopping"``;
        - ``"callback"``, or the text of its StopTraining;
        - ``"interrupted"``: Ctrl-C, which `fit` raises again;
        - ``"non_finite"``, ``"explosion"`` or ``"collapse"``: a failure, which a warning describes.
    replay_ : Replay
        Repeats this fit bit for bit, as the parameter `replay`.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Goodfellow et al., "Generative Adversarial Nets", NIPS 2014. The default: Huang et al., "The GAN is dead; long live
    the GAN! A Modern Baseline GAN", NeurIPS 2024. Each objective and regularizer cites its own paper.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import GANSampler
    >>> from fdgm.objectives import AGE
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> GANSampler(AGE("js"), regularizer="packing", max_iter=2, random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Sampler._sampler_constraints,
        "objective": [str, Objective],
        "regularizer": [str, Regularizer, list, tuple, None],
        "n_generator_steps": [Interval(Integral, 1, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left"), None],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "instance_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise],
        "critic_optimizer": [Optimizer, None],
        "generator_optimizer": [Optimizer, None],
        "latent_size": [Interval(Integral, 1, None, closed="left"), None],
        "ema": [Interval(Real, 0, 1, closed="neither"), None],
    }
    _components: ClassVar = {**Sampler._components, "objective": "objective", "regularizer": "regularizer"}
    _option_defaults: ClassVar = {
        **Sampler._option_defaults,
        "instance_noise": InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.05))),
        "critic_optimizer": Adam(),
        "generator_optimizer": Adam(),
    }
    _failure_hints: ClassVar[dict[str, str]] = {
        "non_finite": "Lower {critic_optimizer} or {generator_optimizer}, or take another {objective}.",
        "explosion": "Lower {critic_optimizer} or {generator_optimizer}, or take another {objective}.",
        "collapse": (
            "Lower {generator_optimizer}, raise {n_critic_steps} or {instance_noise}, or add 'packing' or another"
            " stabilizer as {regularizer}."
        ),
    }

    def __init__(
        self,
        objective: str | Objective = "relativistic",
        *,
        regularizer: str | Regularizer | Sequence[str | Regularizer] | None = None,
        architecture: str | Architecture = "mlp",
        latent_size: int | None = None,
        n_generator_steps: int = 50,
        n_critic_steps: int | None = None,
        n_warmup_steps: int = 300,
        scaling: ScalingName = "auto",
        data_range: DataRange = "auto",
        instance_noise: float | InstanceNoise = 0.3,
        critic_optimizer: Optimizer | None = None,
        generator_optimizer: Optimizer | None = None,
        batch_size: int = 128,
        ema: float | None = 0.98,
        precision: Precision = "float32",
        early_stopping: bool | EarlyStopping = False,
        max_iter: int | None = 100,
        max_seconds: float | None = None,
        replay: Replay | None = None,
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        verbose: Verbose = "auto",
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.objective = objective
        self.regularizer = regularizer
        self.architecture = architecture
        self.latent_size = latent_size
        self.n_generator_steps = n_generator_steps
        self.n_critic_steps = n_critic_steps
        self.n_warmup_steps = n_warmup_steps
        self.scaling = scaling
        self.data_range = data_range
        self.instance_noise = instance_noise
        self.critic_optimizer = critic_optimizer
        self.generator_optimizer = generator_optimizer
        self.batch_size = batch_size
        self.ema = ema
        self.precision = precision
        self.early_stopping = early_stopping
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.replay = replay
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.callbacks = callbacks

    def _scaled_log_ratio(self) -> Callable[[Tensor], Tensor]:
        for stabilizer in self.net_.settings.stabilizers:
            if not stabilizer.single:
                raise ValueError(
                    f"regularizer of GANSampler must leave the critic a function of single rows for log_ratio, got"
                    f" {stabilizer!r}: its critic judges rows together with others, or with latents."
                )
        return super()._scaled_log_ratio()

    @property
    def _offset(self) -> float:
        return self.net_.offset_.value.item() if self.net_.settings.has_offset else 0.0

    def _default_option(self, name: str) -> Option:
        default = self._option_defaults[name]
        if not isinstance(default, Optimizer):
            return default
        objective: Objective = registry.make("objective", self.objective)
        critic, generator = objective.learning_rates
        rate = critic if name == "critic_optimizer" else generator
        return Adam(rate, betas=objective.betas, schedule=((0.5, 1.0), (1.0, 0.05)))

    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> GANNet:
        architecture = registry.make("architecture", settings.architecture)
        objective: Objective = registry.make("objective", settings.objective)
        penalties, stabilizers = self._regularizers(settings, objective)
        vars(settings).update(
            architecture=architecture,
            beside=None,
            objective=objective.resolved(),
            regularizers=penalties,
            stabilizers=stabilizers,
            rows_per_output=math.prod(stabilizer.rows_per_output for stabilizer in stabilizers),
            pairs=any(stabilizer.pairs for stabilizer in stabilizers),
            has_offset=objective.relative and all(stabilizer.single for stabilizer in stabilizers),
        )
        if settings.latent_size is None:
            settings.latent_size = architecture.latent_size(shape)
        if settings.n_critic_steps is None:
            settings.n_critic_steps = objective.n_critic_steps
        device = resolve_device(self.device)
        return GANNet(settings=settings, seeds=seeds, data_shape=shape, device=device).initialize()

    def _regularizers(
        self, settings: SimpleNamespace, objective: Objective
    ) -> tuple[tuple[CriticRegularizer, ...], tuple[Stabilizer, ...]]:
        """Penalties and projections of the critic, and stabilizers, checked for compatibility with the objective.

        Raises
        ------
        ValueError
            If two of them cannot be combined, or one is given twice.
        """
        one_or_more: Any = () if settings.regularizer is None else settings.regularizer
        given = one_or_more if isinstance(one_or_more, (list, tuple)) else (one_or_more,)
        made: list[Regularizer] = [registry.make("regularizer", one) for one in given]
        own = (objective, *objective.regularizers)
        parts = [*own, *made]
        for i, one in enumerate(parts):
            for other in parts[i + 1 :]:
                reason = one.clashes(other) or other.clashes(one)
                if isinstance(one, type(other)) or isinstance(other, type(one)):
                    reason = "the objective has it, with parameters" if i < len(own) else "one of its kind is enough"
                elif isinstance(one, Stabilizer) and isinstance(other, Stabilizer) and one.pairs and other.pairs:
                    reason = "the critic's pairs hold latents of data, and each of them makes its own"
                if reason is not None:
                    raise ValueError(
                        f"regularizer of GANSampler must go together with its objective and with one another, got"
                        f" {other!r} with {one!r}: {reason}."
                    )
        for one in made:
            if not isinstance(one, (CriticRegularizer, Stabilizer)):
                raise TypeError(
                    f"regularizer of GANSampler must be a CriticRegularizer or a Stabilizer, got {type(one).__name__}."
                )
        penalties = tuple(one for one in made if isinstance(one, CriticRegularizer))
        stabilizers = tuple(one for one in made if isinstance(one, Stabilizer))
        for stabilizer in stabilizers:
            stabilizer.check(batch_size=current().share(settings.batch_size), optimizer=settings.critic_optimizer)
        return penalties, stabilizers
