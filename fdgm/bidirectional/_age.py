"""AGE: an encoder and a generator match the joint distributions of data and latents in an f-divergence."""

import math
import os
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .. import registry
from .._ambient import undisturbed
from .._bar import Verbose
from .._literals import Auto, DataRange, Distribution, Precision, ScalingName
from .._sklearn import Interval, StrOptions, output_config
from ..architectures import DCGAN, DISTRIBUTIONS, MLP, Architecture
from ..divergences import Divergence
from ..inputs import Seeds, index_of, validate, validate_latents
from ..nets import resolve_device
from ..options import (
    Adam,
    Checkpoint,
    EarlyStopping,
    Flow,
    Gradient,
    ImplicitNoise,
    InstanceNoise,
    Optimizer,
    Option,
    Replay,
)
from ..training import GenerativeModel, map_rows
from ._allowed import check_flow, check_without_critic, distribution_of, noise_size_of, scaling_of
from ._density import bound, log_likelihood
from ._encoded import EncodedCritic
from ._flow_net import FlowNet
from ._gradient_net import GradientNet
from ._joint import chain
from ._latent_space import (
    aligned_latents,
    between,
    checked_level,
    decode,
    encode,
    nearest,
    noise_key,
    plausibility,
    reconstruct,
)
from ._moments import most_latents
from ._net import BidirectionalNet
from ._objective import JointObjective

__all__ = ["AGEBidirectional"]

_FAMILY = "joint_objective"
_FALLING = ((0.5, 1.0), (1.0, 0.05))
_FEW = 3  # columns, up to which data are drawn and judged as points of a plane
_MOST_CHANNELS = 4  # of images
_LEAST_SIDE = 8  # of images

#: Defaults with pairs that move.
_OF_FLOW: dict[str, Option] = {
    "method": Flow(),
    "critic_optimizer": Adam(0.001, betas=(0.5, 0.9), schedule=_FALLING),
    "generator_optimizer": Adam(0.001, betas=(0.9, 0.999), schedule=_FALLING),
    "encoder_optimizer": Adam(0.001, betas=(0.9, 0.999), schedule=_FALLING),
}

#: What `Flow` leaves open, for each kind of data: the table in its docstring.
_FLOWS = {
    "few columns": Flow(
        n_rounds=3,
        n_pairs=1024,
        n_moves=10,
        passes=4,
        step_size=0.1,
        latent_step_size=0.1,
        schedule=_FALLING,
        start=0.05,
        cycle_weight=0.1,
        input_noise=InstanceNoise(0.8, schedule=((0.05, 1.0), (1.0, 0.5))),
        instance_noise=InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.07))),
        bounded=False,
    ),
    "columns": Flow(
        n_rounds=10,
        n_pairs=512,
        n_moves=5,
        passes=3,
        step_size=0.3,
        latent_step_size=0.1,
        schedule=_FALLING,
        start=0.3,
        cycle_weight=0.5,
        input_noise=InstanceNoise(0.8, schedule=((0.3, 1.0), (1.0, 0.5))),
        instance_noise=InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.67))),
        bounded=True,
    ),
    "images": Flow(
        n_rounds=4,
        n_pairs=256,
        n_moves=4,
        passes=4,
        step_size=16.0,
        latent_step_size=0.1,
        schedule=_FALLING,
        start=0.6,
        cycle_weight=0.5,
        input_noise=InstanceNoise(0.8, schedule=((0.6, 1.0), (1.0, 0.5))),
        instance_noise=InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.67))),
        bounded=True,
    ),
}


class AGEBidirectional(ClassNamePrefixFeaturesOutMixin, TransformerMixin, GenerativeModel):
    """Bidirectional model: an encoder and a generator learn representations, reconstructions and samples.

    Training minimises D_f(p_e‖p_g) between two joint distributions:

    - the encoder's, p_e(x, z) = p_data(x) p_e(z|x);
    - the generator's, p_g(x, z) = p(z) p_g(x|z), with a standard normal p(z).

    The order of the arguments is the paper's, data first: ``divergence="kl"`` minimises KL(data‖model), which covers
    modes; ``"reverse_kl"`` minimises KL(model‖data), which seeks them. (`VGrowSampler` has the other order.)

    A critic of pairs (x, z) learns T = log p_e/p_g by logistic regression. T gives the gradient of the divergence: the
    encoder descends weight_f(T) ∇T, and the generator ascends weight_f~(−T) ∇T.

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (AGE-ALL: weights of one), or an instance.
    objective : str or JointObjective, default="age"
        Training objective of critic, encoder and generator. One of ``fdgm.available("joint_objective")`` or an
        instance:

        - ``"age"``;
        - the baselines ``"f_gan"``, ``"non_saturating"`` (BiGAN with the logD trick) and ``"hinge"`` (BigBiGAN);
        - the special cases with a Gaussian generator: ``"avb"``, and ``"vae"``, which has a Gaussian encoder and no
          critic.

        Only ``"age"`` and ``"f_gan"`` have a choice of divergence. :func:`~fdgm.bidirectional.VAE`,
        :func:`~fdgm.bidirectional.AVB`, :func:`~fdgm.bidirectional.BiGAN` and :func:`~fdgm.bidirectional.ALI` make an
        estimator with everything set.
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio e^T is clamped to [scale_clip, 1/scale_clip] before the weight is taken. None clamps nothing.
        ``"auto"`` is 0.5, appendix D's choice for images. ``divergence="all"`` has its own clip and takes none here.
        Objectives other than ``"age"`` take none either.
    architecture : str, Architecture or None, default=None
        One of ``fdgm.available("architecture")`` with an encoder and a critic of pairs, or an instance.
        ``"hierarchical"`` has two levels of latents. None depends on the method:

        - ``"flow"``: ``MLP.pairs()``, with a hidden layer more for data of up to 3 columns, and ``DCGAN.pairs()`` for
          square images of 1 to 4 channels, channels first, from 8 × 8 pixels on. With ``data_range=None`` images have
          perceptrons, since convolutions need a range;
        - ``"gradient"``: ``MLP.bidirectional()``, AGE's perceptrons for two dimensions with 128 units. Encoder and
          generator need its normalisations to match each other.
    latent_size : int or None, default=None
        Number of latents. With None the architecture sets it. If pairs move, it is then at most a quarter of the batch,
        whose latents can have their covariance estimated.
    encoder, generator : str or ImplicitNoise, default="gaussian" and "deterministic"
        The distributions p_e(z|x) and p_g(x|z):

        - ``"deterministic"``: a point;
        - ``"gaussian"``: a Gaussian with a standard deviation for each coordinate, which depends on the input;
        - ``"isotropic"``: a Gaussian with a single, learned standard deviation;
        - ``"implicit"``: a network that also takes noise; ``ImplicitNoise(size)`` sets how much.

        A Gaussian or isotropic generator gives `log_likelihood` and, with such an encoder, `elbo`. An implicit
        generator, which the paper uses for images, may learn to take from its noise what the latents should encode. It
        then reconstructs less well.
    method : str, Flow or Gradient, default="auto"
        How encoder and generator are trained:

        - ``"flow"`` moves pairs along the velocity that the critic gives, and fits the networks to them.
          ``Flow(...)`` has its settings. It needs the objective ``"age"`` and one level of latents.
        - ``"gradient"`` is the paper's algorithm, direct steps along the gradient. ``Gradient(...)`` has its settings,
          among them warm-up, critic steps, cycle weight, noise and averaging.
        - ``"auto"`` is ``"flow"`` where it can be, and otherwise ``"gradient"``.
    scaling : {"auto", "standard", "robust", "whole", "rank"}, default="auto"
        How data without a range are scaled. ``"standard"`` gives each column, or channel of images, mean 0 and
        standard deviation 1. ``"robust"`` does the same but ignores rows that lie far out; the networks see those on a
        logarithmic scale. ``"whole"`` is ``"robust"`` with one scale for all columns. ``"rank"`` makes every column
        normal by its ranks. ``"auto"`` is ``"rank"`` if X is a table with columns that are not floats or with missing
        values. It is ``"whole"`` if pairs move and columns seem to share a unit, as pixels do: at least 8 columns, most
        with the same smallest value, and none of a range more than four times the median range. Otherwise it is
        ``"robust"``.
    data_range : (float, float), None or "auto", default="auto"
        Smallest and largest value that X can have, in its units. No output leaves this range, and X as a whole is
        mapped to [−1, 1]. ``"auto"`` takes the smallest and largest value of X. If the architecture makes bounded
        data, as those for images do, there is one range for all columns. Otherwise each column, or channel, has its
        own range, and X is scaled by `scaling`. None is ``"auto"`` without bounds.
    critic_optimizer : Optimizer or None, default=None
        None is ``Adam(0.001, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05)))``, with the learning rate 0.002 for
        ``"gradient"``. A parameter that an `Optimizer` leaves open takes its value from this default.
    generator_optimizer : Optimizer or None, default=None
        None is ``Adam(0.001, betas=(0.9, 0.999), schedule=((0.5, 1.0), (1.0, 0.05)))``, and with ``"gradient"``
        ``Adam(0.00002, betas=(0.5, 0.9), ...)``: there encoder and generator stay matched only if the critic learns
        much faster than they do.
    encoder_optimizer : Optimizer or None, default=None
        None is the generator's optimizer.
    batch_size : int or None, default=None
        Number of pairs of each kind in an update. None is 256, and 128 with ``"gradient"`` or convolutions.
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the networks' matrix products and convolutions, in training and in `log_ratio`. Samples are drawn
        in float32, and refined with a generator in this precision. bfloat16 is faster on processors that support it.
    early_stopping : bool or EarlyStopping, default=False
        Whether to hold out rows of X and compare the model with them during training. Training stops when the distance
        no longer improves, and the best networks are kept. ``EarlyStopping(...)`` sets how many rows and how often.
    max_iter : int or None, default=25
        Maximum number of iterations. With None, `max_seconds` ends training.
    max_seconds : float or None, default=None
        Maximum number of seconds of `fit`, including all that it does before training. Whichever of the two limits
        comes first ends it. The clock is read before each update. An iteration that it cuts is undone and not counted,
        except the very first, which ends there.
    replay : Replay or None, default=None
        Clock readings of another fit at each iteration, instead of `max_iter` and `max_seconds`.
        ``replay=m.replay_`` repeats that fit bit for bit.
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
    net_ : FlowNet or GradientNet
        The skorch net, with ``encoder_`` and ``generator_``. It has ``critic_`` if the objective has one, and
        ``average_encoder_`` and ``average_generator_`` if they are averaged.
    history_ : DataFrame of shape (n_loops, n_figures)
        One row for each iteration, with the columns:

        - critic_loss: 2 log 2 = 1.386 if pairs cannot be told apart. No such column without a critic, and NaN while
          it does not learn;
        - loss: of encoder and generator together. A VAE's is minus its ELBO, in scaled units;
        - divergence: the critic's estimate of D_f(p_e‖p_g), if it has one;
        - reconstruction: mean squared error in scaled units, of the networks in training, even if they are averaged;
        - spread: square root of the samples' total variance divided by the data's;
        - held_out_distance: only if it was measured;
        - seconds.
    n_iter_ : int
        Number of iterations run.
    best_iter_ : int
        With `early_stopping`, the iteration whose networks are kept.
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
    Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, theorem 1,
    algorithm 1, section 3.2 and appendices C and D.
    Li et al., "ALICE: Towards Understanding Adversarial Learning for Joint Distribution Matching", NIPS 2017, for
    `cycle_weight`.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import AGEBidirectional
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> model = AGEBidirectional(latent_size=3, max_iter=2, random_state=0).fit(X)
    >>> model.transform(X).shape, model.reconstruct(X).shape, model.sample(4).shape
    ((200, 3), (200, 5), (4, 5))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._generative_constraints,
        "architecture": [str, Architecture, None],
        "divergence": [str, Divergence],
        "objective": [str, JointObjective],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), None],
        "latent_size": [Interval(Integral, 1, None, closed="left"), None],
        "encoder": [StrOptions(set(DISTRIBUTIONS)), ImplicitNoise],
        "generator": [StrOptions(set(DISTRIBUTIONS)), ImplicitNoise],
        "method": [StrOptions({"auto", "flow", "gradient"}), Flow, Gradient],
        "batch_size": [Interval(Integral, 2, None, closed="left"), None],
        "critic_optimizer": [Optimizer, None],
        "generator_optimizer": [Optimizer, None],
        "encoder_optimizer": [Optimizer, None],
    }

    _named_options: ClassVar = ("method",)
    _option_defaults: ClassVar = {
        **GenerativeModel._option_defaults,
        "method": Gradient(),
        "critic_optimizer": Adam(0.002, betas=(0.5, 0.9), schedule=_FALLING),
        "generator_optimizer": Adam(0.00002, betas=(0.5, 0.9), schedule=_FALLING),
        "encoder_optimizer": Adam(0.00002, betas=(0.5, 0.9), schedule=_FALLING),
    }
    _components: ClassVar = {**GenerativeModel._components, "divergence": "divergence", "objective": _FAMILY}

    def __init__(
        self,
        divergence: str | Divergence = "kl",
        *,
        objective: str | JointObjective = "age",
        scale_clip: float | Auto | None = "auto",
        architecture: str | Architecture | None = None,
        latent_size: int | None = None,
        encoder: Distribution | ImplicitNoise = "gaussian",
        generator: Distribution | ImplicitNoise = "deterministic",
        method: Literal["auto", "flow", "gradient"] | Flow | Gradient = "auto",
        scaling: ScalingName = "auto",
        data_range: DataRange = "auto",
        critic_optimizer: Optimizer | None = None,
        generator_optimizer: Optimizer | None = None,
        encoder_optimizer: Optimizer | None = None,
        batch_size: int | None = None,
        precision: Precision = "float32",
        early_stopping: bool | EarlyStopping = False,
        max_iter: int | None = 25,
        max_seconds: float | None = None,
        replay: Replay | None = None,
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        verbose: Verbose = "auto",
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.divergence = divergence
        self.objective = objective
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.latent_size = latent_size
        self.encoder = encoder
        self.generator = generator
        self.method = method
        self.scaling = scaling
        self.data_range = data_range
        self.critic_optimizer = critic_optimizer
        self.generator_optimizer = generator_optimizer
        self.encoder_optimizer = encoder_optimizer
        self.batch_size = batch_size
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

    @undisturbed()
    def transform(self, X: Any, *, level: int | None = None, stochastic: bool = False, random_state: Any = None) -> Any:
        """Encode rows as latents.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        level : int or None, default=None
            Level of latents of a hierarchical architecture, counted from the data. None is the last level, the
            prior's.
        stochastic : bool, default=False
            Whether to draw from p_e(z|x) instead of taking its mean. The mean of an implicit encoder is its output for
            zero noise.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_size)
            In the units of the prior, which is standard normal, and in X's dtype at `fit` if that was a float. Another
            level has its own width. At the last level, a DataFrame if ``set_output`` asks for one.

        Raises
        ------
        ValueError, TypeError
            If X is not finite numbers of the shape at `fit`, or if there is no such level. Also if ``set_output`` asks
            for a DataFrame of another level than the last.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        level = checked_level(self, "transform", level)
        container = output_config("transform", self)["dense"]
        if level < len(self.net_.settings.level_sizes) and container != "default":
            raise ValueError(
                f"level of {type(self).__name__}.transform must be the last with set_output(transform={container!r}),"
                f" whose columns have its names, got {level}."
            )
        latents = encode(self, array, level, noise_key(self, "transform", stochastic, random_state))
        return latents.astype(self._record.dtype, copy=False)

    @undisturbed()
    def inverse_transform(
        self, Z: Any, *, level: int | None = None, stochastic: bool = False, random_state: Any = None
    ) -> Any:
        """Decode latents to rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_size)
            As wide as `transform` gives them at that level. The columns of a table must have the names that
            `transform` gives them with ``set_output``, or be numbered from 0.
        level : int or None, default=None
            Level of the latents, as in `transform`.
        stochastic : bool, default=False
            Whether to draw from p_g(x|z) instead of taking its mean. The mean of an implicit generator is its output
            for zero noise.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In the units, shape and container of the X at `fit`.

        Raises
        ------
        ValueError, TypeError
            If Z is not finite numbers of that width, if its columns have other names, or if there is no such level.
        """
        check_is_fitted(self)
        level = checked_level(self, "inverse_transform", level)
        size = self.net_.settings.level_sizes[level - 1]
        Z = aligned_latents(self, Z, level, size)
        hint = "" if len(self.net_.settings.level_sizes) == 1 else "; latents of another level want its level="
        latents = validate_latents(f"{type(self).__name__}.inverse_transform", Z, size, hint=hint)
        key = noise_key(self, "inverse_transform", stochastic, random_state)
        return self._record.restore(decode(self, latents, level, key), index_of(Z))

    @undisturbed()
    def reconstruct(self, X: Any, *, level: int = 1, stochastic: bool = False, random_state: Any = None) -> Any:
        """Encode rows and decode them again, G(E(x)).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        level : int, default=1
            Level of latents up to which a hierarchical architecture encodes, counted from the data. Higher levels keep
            less detail of a row.
        stochastic : bool, default=False
            Whether to draw from p_e(z|x) and p_g(x|z) instead of taking their means.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In the units, shape and container of X at `fit`. A DataFrame has the index of the given X.

        Raises
        ------
        ValueError, TypeError
            If X is not finite numbers of the shape at `fit`, or if there is no such level.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        level = checked_level(self, "reconstruct", level)
        rows = reconstruct(self, array, level, noise_key(self, "reconstruct", stochastic, random_state))
        return self._record.restore(self._scaler.to_array(rows, self._record.dtype), index_of(X))

    @undisturbed()
    def score_samples(self, X: Any) -> np.ndarray:
        """Anomaly score: how likely a row and its representation are. Lower is more abnormal.

        With the mean representation z and the reconstruction G(z) of a row x, and the variance s² of the error of
        reconstructions in training, it is

            −(‖z‖² + Σⱼ (xⱼ − Gⱼ(z))² / sⱼ²) / 2.

        This is log p(z) + log p(x|z) up to a constant, with a Gaussian p(x|z) of the deviations s. Columns that share a
        scale, as pixels do, share s. Other columns have their own s, drawn towards the common one if rows were few.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64, at most 0
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        return plausibility(self, array)

    @undisturbed()
    def interpolate(self, X1: Any, X2: Any, steps: int = 8) -> np.ndarray:
        """Interpolate between rows of X1 and X2, along straight lines between their representations.

        Parameters
        ----------
        X1, X2 : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The i-th row of X1 is paired with the i-th row of X2.
        steps : int, default=8
            Number of rows on each line, at least 2. The first and the last are the reconstructions of the rows of X1
            and X2, at the last level of latents.

        Returns
        -------
        X : ndarray of shape (n_samples, steps, n_features) or (n_samples, steps, ...)
            In X's units.

        Raises
        ------
        ValueError
            If X1 and X2 differ in shape, or `steps` is less than 2.
        """
        check_is_fitted(self)
        return between(self, X1, X2, steps)

    @undisturbed()
    def neighbors(self, X: Any, k: int = 4, *, among: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Find the rows whose representations are nearest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        k : int, default=4
            Number of neighbours of each row.
        among : array-like of shape (n_candidates, n_features) or None, default=None
            Candidates. None is X itself, where a row is no neighbour of itself.

        Returns
        -------
        distances : ndarray of shape (n_samples, k), float64
            Euclidean distances between mean representations, the nearest first.
        indices : ndarray of shape (n_samples, k), int64
            Row numbers in `among`.

        Raises
        ------
        ValueError
            If there are fewer candidates than `k`.
        """
        check_is_fitted(self)
        return nearest(self, X, k, among)

    @undisturbed()
    def log_likelihood(
        self, X: Any, *, n_temperatures: int = 1000, n_chains: int = 30, random_state: Any = None
    ) -> np.ndarray:
        """Estimate log p_model(x) by annealed importance sampling.

        - Bias: the estimate is too low on average, and less so with more chains and temperatures.
        - Adaptation: all chains of a row adapt the step size together. With a single chain its distribution is only
          approximately right.
        - Randomness: it is drawn for all rows together. A row's estimate depends, within its error, on the other rows.
        - Cost: 10 forward and backward passes of the generator for each temperature, chain and row. This takes minutes
          for a hundred rows at the defaults.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_temperatures : int, default=1000
            Number of distributions between the prior and the posterior.
        n_chains : int, default=30
            Number of Hamiltonian Monte Carlo chains for each row.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,), float64
            In nats, for X in its own units. Columns that were constant at `fit` do not count.

        Raises
        ------
        ValueError
            If the generator has no density: ``generator="gaussian"`` gives it one.

        References
        ----------
        Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.1. (Its
        table 3 appears to leave out the d/2 log 2π of the Gaussian density.)
        Wu, Burda, Salakhutdinov and Grosse, "On the Quantitative Analysis of Decoder-Based Generative Models", ICLR
        2017.
        """
        check_is_fitted(self)
        return log_likelihood(self, X, n_temperatures, n_chains, random_state)

    @undisturbed()
    def elbo(self, X: Any, *, n_draws: int = 16, random_state: Any = None) -> np.ndarray:
        """The evidence lower bound, E[log p_g(x|z)] − KL(p_e(z|x)‖p(z)) with z drawn from p_e(z|x).

        Minus its mean over the data is KL(p_e‖p_g) of the joint distributions, except for the data's own entropy.
        Tables of the objective show this value.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_draws : int, default=16
            Number of draws of the first term for each row. The second term is exact.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        elbo : ndarray of shape (n_samples,), float64
            At most `log_likelihood`, in the same units.

        Raises
        ------
        ValueError
            If encoder or generator has no density: ``"gaussian"`` gives it one.
        """
        check_is_fitted(self)
        likelihood, kl = bound(self, "elbo", X, n_draws, random_state)
        return likelihood - kl

    @undisturbed()
    def cycle_consistency(self, X: Any, *, n_draws: int = 16, random_state: Any = None) -> np.ndarray:
        """E[log p_g(x|z)] with z drawn from p_e(z|x): the log-probability of reconstructing a row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_draws : int, default=16
            Number of draws for each row.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        cycle_consistency : ndarray of shape (n_samples,), float64
            In the units of `log_likelihood`.

        Raises
        ------
        ValueError
            If encoder or generator has no density: ``"gaussian"`` gives it one.

        References
        ----------
        Shen et al., 2020, equation 5.
        """
        check_is_fitted(self)
        return bound(self, "cycle_consistency", X, n_draws, random_state)[0]

    @undisturbed()
    def log_ratio(self, X: Any, Z: Any) -> np.ndarray:
        """The critic's estimate of log p_e(x, z)/p_g(x, z) for pairs, at the end of training.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        Z : array-like of shape (n_samples, latent_size)
            With several levels of latents, all levels concatenated, the level next to the data first.

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive if the pair is more likely as data with its encoding than as a generated sample with its latents.

        Raises
        ------
        ValueError
            If the objective's critic does not estimate this ratio.
        """
        check_is_fitted(self)
        net = self.net_
        if not net.settings.objective.gives_log_ratio:
            able = [n for n in registry.available(_FAMILY) if registry.make(_FAMILY, n).gives_log_ratio]
            raise ValueError(
                f"log_ratio of {type(self).__name__} must come from a critic of the pairs' log-ratio, got one"
                f" fitted with objective={net.settings.objective!r}, which trains no such critic; one of {able} does."
            )
        array, _ = validate(self, X, reset=False)
        latents = validate_latents(f"{type(self).__name__}.log_ratio", Z, sum(net.settings.level_sizes))
        if len(latents) != len(array):
            raise ValueError(
                f"Z of {type(self).__name__}.log_ratio must have as many rows as X, which has {len(array)},"
                f" got {len(latents)}."
            )
        values = map_rows(
            net.critic_step_.log_ratio(),
            len(array),
            lambda rows, _: (self._scaler.to_tensor(array[rows]), torch.from_numpy(latents[rows])),
            net.device,
        )
        return values.astype(np.float64)

    def _architecture(self, shape: tuple[int, ...]) -> Architecture:
        if self.architecture is not None:
            return registry.make("architecture", self.architecture)
        if not self._flows:
            return MLP.bidirectional()
        if self.data_range is not None and _are_images(shape):
            return DCGAN.pairs()
        return MLP.pairs(depth=3) if math.prod(shape) <= _FEW else MLP.pairs()

    @property
    def _auto_scaling(self) -> str:
        return "shared" if self._flows else "robust"

    @property
    def _flows(self) -> bool:
        """Whether pairs move, as opposed to steps along the gradient."""
        if isinstance(self.method, str) and self.method == "auto":
            return registry.make(_FAMILY, self.objective).takes_flow and _has_one_level(self.architecture)
        return isinstance(self.method, Flow) or self.method == "flow"

    def _default_option(self, name: str) -> Option:
        return _OF_FLOW[name] if self._flows and name in _OF_FLOW else self._option_defaults[name]

    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> BidirectionalNet:
        objective = registry.make(_FAMILY, settings.objective)
        architecture = self._architecture(shape)
        kind = _kind(architecture, shape)
        flows = isinstance(settings.method, Flow)
        batch_size = settings.batch_size or (256 if flows and kind != "images" else 128)
        latent_size = settings.latent_size
        if latent_size is None:
            latent_size = architecture.latent_size(shape)
            if flows:
                latent_size = min(latent_size, most_latents(batch_size))
        level_sizes = architecture.level_sizes(shape, latent_size)
        if objective.max_levels is not None and len(level_sizes) > objective.max_levels:
            raise ValueError(
                f"architecture of {type(self).__name__} must have one level of latents with"
                f" objective={self.objective!r}, got {self.architecture!r}."
            )
        scaling = scaling_of(self, objective, settings.divergence)
        if flows:
            check_flow(self, objective, level_sizes)
            settings.method = settings.method.filled(_FLOWS[kind])
        elif objective.critic(scaling) is None:
            check_without_critic(self, settings.method)
        vars(settings).update(
            architecture=architecture,
            objective=objective,
            scaling=scaling,
            latent_size=level_sizes[-1],
            level_sizes=level_sizes,
            encoder=distribution_of(self, "encoder", objective.encoders),
            generator=distribution_of(self, "generator", objective.generators),
            encoder_noise_size=noise_size_of(self, "encoder"),
            generator_noise_size=noise_size_of(self, "generator"),
            clamp=self._scaled_range(shape),
            batch_size=batch_size,
        )
        if self.encoder_optimizer is None:
            settings.encoder_optimizer = settings.generator_optimizer
        make = FlowNet if flows else GradientNet
        device = resolve_device(self.device)
        return make(settings=settings, seeds=seeds, varies=self._scaler.varies, device=device).initialize()

    @property
    def _n_features_out(self) -> int:
        return self.net_.settings.latent_size

    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        net = self.net_
        generator = net.sampling_module.eval()
        latents, noise = (
            torch.randn(n, size, generator=source, dtype=torch.float32, device="cpu").to(net.device)
            for size in (net.settings.latent_size, generator.noise_size)
        )
        return chain(generator.stages, latents, noise)[-1]

    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]]:
        """The generator takes latents, then noise. All are standard normal, so all count as latents here."""
        net = self.net_
        generator, size = net.sampling_module.eval(), net.settings.latent_size

        def generate(latents: Tensor) -> Tensor:
            return chain(generator.stages, latents[:, :size], latents[:, size:], net.settings.precision)[-1]

        return size + generator.noise_size, generate

    def _scaled_log_ratio(self) -> Callable[[Tensor], Tensor] | None:
        """T(x, E(x)) as a function of scaled rows."""
        net = self.net_
        if not net.settings.objective.gives_log_ratio:
            return None
        return EncodedCritic(net.critic_, net.encoding_module, net.critic_step_.objective)

    def _critic_copy(self) -> nn.Module | None:
        critic = self._scaled_log_ratio()
        return critic.copy() if isinstance(critic, EncodedCritic) else None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _free(self, varies: np.ndarray) -> None:
        self.net_.free(varies)

    def _failure_hint(self, reason: str, culprit: str) -> str:
        objective = self.net_.settings.objective
        has_critic = self.net_.objective_ is not None
        lower = ["generator_optimizer", *(["encoder_optimizer"] if self.encoder_optimizer is not None else [])]
        change = ["objective"]
        if reason == "non_finite" and has_critic:
            lower.insert(0, "critic_optimizer")
        if has_critic and (reason == "collapse" or isinstance(self.net_, FlowNet)):
            change.append("method")
        if reason != "collapse":
            change += ["divergence"] * objective.takes_divergence + ["scale_clip"] * objective.takes_scale_clip
        return f"Lower {_listed(lower, 'and')}, or change {_listed(change, 'or')}."


def _listed(names: list[str], last: str) -> str:
    """Join parameters as a template, "{a}, {b} or {c}"."""
    *others, final = (f"{{{name}}}" for name in names)
    return f"{', '.join(others)} {last} {final}" if others else final


def _kind(architecture: Architecture, shape: tuple[int, ...]) -> str:
    """The kind of data, for the defaults of `Flow`. Convolutions, which have a range, are for images."""
    if architecture.data_range(shape) is not None:
        return "images"
    return "few columns" if math.prod(shape) <= _FEW else "columns"


def _are_images(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape are square images, channels first."""
    return len(shape) == 3 and shape[0] <= _MOST_CHANNELS and shape[1] == shape[2] >= _LEAST_SIDE


def _has_one_level(architecture: str | Architecture | None) -> bool:
    if architecture is None:
        return True
    made = registry.make("architecture", architecture)
    return len(made.level_sizes(type(made).example_shapes[0], 2)) == 1
