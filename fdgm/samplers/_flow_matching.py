"""Flow matching: a velocity field that carries noise to data."""

import os
from collections.abc import Callable, Sequence
from numbers import Integral
from types import SimpleNamespace
from typing import Any, ClassVar

import torch
from torch import Tensor

from .. import registry
from .._bar import Verbose
from .._literals import DataRange, Precision, ScalingName
from .._sklearn import Interval
from ..architectures import MLP, Architecture
from ..inputs import Seeds
from ..nets import forward, resolve_device
from ..options import Adam, Checkpoint, EarlyStopping, Optimizer, Replay
from ..training import GenerativeModel
from ._flow_matching_net import FlowMatchingNet

__all__ = ["FlowMatchingSampler"]

#: Half a cosine from 1 to 0, in straight lines.
_COSINE = ((0.0, 1.0), (0.25, 0.854), (0.5, 0.5), (0.75, 0.146), (1.0, 0.0))


class FlowMatchingSampler(GenerativeModel):
    """Conditional flow matching: a network learns the velocity of straight paths from noise to data.

    A sample starts as Gaussian noise and follows the velocity from time 0 to time 1. The network is fitted by least
    squares, so nothing can collapse, and there is no critic: the model has no `log_ratio`. To refine its samples,
    :class:`~fdgm.DGflowRefiner` trains a ratio.

    Parameters
    ----------
    transport : bool, default=False
        Whether each batch of noise is paired with its batch of data by optimal transport. Paths are straighter then,
        but the assignment takes several times as long as the update. False pairs them at random.
    architecture : str, Architecture or None, default=None
        One of ``fdgm.available("architecture")`` or an instance. Its generator is the network: its latents are the
        noised sample beside 16 sines and cosines of time. If it makes bounded data, as those for images do, it predicts
        where the path ends. None is ``MLP(width=256, depth=3, activation="silu")``.
    n_updates : int, default=50
        Updates in each iteration.
    n_steps : int, default=50
        Steps of the midpoint rule when samples are drawn. Each evaluates the network twice.
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
    optimizer : Optimizer or None, default=None
        None is ``Adam(0.001, betas=(0.9, 0.999))``, whose rate falls along half a cosine to 0. A parameter that an
        `Optimizer` leaves open takes its value from this default.
    batch_size : int, default=256
        Number of pairs in an update.
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the network's matrix products and convolutions, in training and when samples are refined. Samples
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
    net_ : FlowMatchingNet
        The skorch net, with ``field_``.
    history_ : DataFrame of shape (n_iter, 3), or 4 with rows held out
        One row for each iteration, with the columns:

        - loss: mean over the iteration of the squared error of velocities, summed over columns;
        - spread: square root of the variance of a few coarse samples divided by the data's;
        - held_out_distance: only if it was measured;
        - seconds.
    n_iter_ : int
        Number of iterations run.
    best_iter_ : int
        With `early_stopping`, the iteration whose network is kept.
    stop_reason_ : str
        What ended training, as in :class:`~fdgm.GANSampler`.
    replay_ : Replay
        Repeats this fit bit for bit, as the parameter `replay`.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Lipman et al., "Flow Matching for Generative Modeling", ICLR 2023, section 4; Tong et al., "Improving and
    Generalizing Flow-Based Generative Models with Minibatch Optimal Transport", TMLR 2024, section 3.2.3 and
    algorithm 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import FlowMatchingSampler
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> FlowMatchingSampler(max_iter=2, random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._generative_constraints,
        "transport": ["boolean"],
        "architecture": [str, Architecture, None],
        "n_updates": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [Optimizer, None],
    }
    _option_defaults: ClassVar = {
        **GenerativeModel._option_defaults,
        "optimizer": Adam(0.001, betas=(0.9, 0.999), schedule=_COSINE),
    }
    _failure_hints: ClassVar[dict[str, str]] = dict.fromkeys(
        ("non_finite", "explosion", "collapse"), "Lower the rate of {optimizer}."
    )

    def __init__(
        self,
        *,
        transport: bool = False,
        architecture: str | Architecture | None = None,
        n_updates: int = 50,
        n_steps: int = 50,
        scaling: ScalingName = "auto",
        data_range: DataRange = "auto",
        optimizer: Optimizer | None = None,
        batch_size: int = 256,
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
        self.transport = transport
        self.architecture = architecture
        self.n_updates = n_updates
        self.n_steps = n_steps
        self.scaling = scaling
        self.data_range = data_range
        self.optimizer = optimizer
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

    def _architecture(self, shape: tuple[int, ...]) -> Architecture:
        if self.architecture is None:
            return MLP(width=256, depth=3, activation="silu")
        return registry.make("architecture", self.architecture)

    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> FlowMatchingNet:
        settings.architecture = self._architecture(shape)
        device = resolve_device(self.device)
        return FlowMatchingNet(settings=settings, seeds=seeds, data_shape=shape, device=device).initialize()

    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        net = self.net_
        latents = torch.randn(n, net.latent_size, generator=source, dtype=torch.float32, device="cpu")
        rows: Tensor = net.sampling_module.eval()(latents.to(net.device))
        return rows

    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]]:
        net = self.net_
        flow, precision = net.sampling_module.eval(), net.settings.precision
        return net.latent_size, lambda latents: forward(flow, precision, latents)
