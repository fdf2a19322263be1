"""The neural density ratio."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from .. import registry
from .._bar import Verbose
from .._literals import Precision
from .._sklearn import Interval
from ..architectures import MLP, Architecture
from ..distributed import current, together
from ..inputs import Record, Scaler, Seeds, chunk_seed, columns_of, entropy_of
from ..nets import Clock, Rows, hold_out, own_copy, resolve_device
from ..objectives import Objective
from ..options import Adam, Checkpoint, Optimizer, Replay
from ..persistence import State, as_tensor
from ..training import (
    Keeper,
    Trainable,
    build,
    check_alike,
    check_unchanged,
    common_rows,
    forget,
    is_trained,
    make_clock,
    resume,
    rows_of,
    train,
    warn_of_freed_columns,
    warn_of_moved_rows,
    without_half_a_fit,
)
from ._base import DensityRatio
from ._best import BestCritic, BestCriticKeeper
from ._logistic_net import RatioNet
from ._order import comes_first
from ._state import LOG_RATIOS, check_finite

__all__ = ["LogisticRatio"]

_MAX_HELD_OUT = 2000  # most rows of each sample
_HELD_OUT_KEY = 0  # stream of the fit's own seed that draws them


class LogisticRatio(DensityRatio, Trainable):
    """Neural density ratio: a critic learns log dP/dQ by logistic regression of P against Q, or another objective.

    Parameters
    ----------
    objective : str or Objective, default="logistic"
        One of ``fdgm.available("objective")`` or an instance. With ``"hinge"``, ``"wasserstein"`` and
        ``"wasserstein_gp"`` the critic's output is no log-ratio but stands in for one.
    architecture : str, Architecture or None, default=None
        Architecture of the critic: one of ``fdgm.available("architecture")`` or an instance. None is two hidden layers
        of 64 smooth units.
    critic : Module or None, default=None
        A network to start from, instead of a fresh one. It maps rows (n, \\*row_shape), in the samples' units, to
        outputs (n,), and is copied. If it is near the log-ratio already, little is left to learn.
    n_critic_steps : int, default=20
        Updates of the critic in one iteration.
    batch_size : int, default=256
        Rows of each sample in an update.
    optimizer : Optimizer or None, default=None
        None is ``Adam(0.003, betas=(0.9, 0.999), schedule=((0.0, 1.0), (1.0, 0.0)))``. A parameter that an `Optimizer`
        leaves open takes its value from this default.
    validation_fraction : float in (0, 1) or None, default=0.1
        Fraction of each sample, up to 2,000 rows, that is held out. The critic with the smallest held-out loss is
        kept. The last critic is kept instead if it is as good to within a standard error. It must also be better than
        an untrained one by more than that. None holds out nothing and keeps the last critic.
    n_iter_no_change : int or None, default=None
        Number of iterations without a better held-out loss that ends training. None never ends it.
    max_iter : int or None, default=40
        Maximum number of iterations. With None, `max_seconds` ends training.
    max_seconds : float or None, default=None
        Maximum number of seconds of `fit`, including all that it does before training. Whichever of the two limits
        comes first ends it. The clock is read before each update. An iteration that it cuts is undone and not counted,
        except the very first, which ends there.
    replay : Replay or None, default=None
        Clock readings of another fit at each iteration, instead of `max_iter` and `max_seconds`.
        ``replay=r.replay_`` repeats that fit bit for bit.
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the critic's matrix products.
    warm_start : bool, default=False
        Whether `fit` continues from the critic of the last fit, in its units. The parameters that made it must not
        have changed.
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
    net_ : RatioNet
        The skorch net, with ``critic_``.
    history_ : DataFrame of shape (n_iter, 3), or 2 with no rows held out
        One row for each iteration, with the columns critic_loss, held_out_loss and seconds.
    n_iter_ : int
        Number of iterations run.
    best_iter_ : int
        The iteration whose critic was kept, counted from 1. 0 is the untrained critic.
    stop_reason_ : str
        What ended training:

        - ``"max_iter"``, ``"max_seconds"`` or ``"no_change"``;
        - ``"callback"``, or the text of its StopTraining;
        - ``"interrupted"``: Ctrl-C, which `fit` raises again;
        - ``"non_finite"``: a failure, which a warning describes.
    replay_ : Replay
        Repeats this fit bit for bit, as the parameter `replay`.

    Notes
    -----
    The critic sees columns, or channels of images, that are standardised over both samples together. With a `critic`
    to start from it sees rows as they are.

    Exchanging the samples changes only the sign of the log-ratio if the objective treats them alike: all objectives
    do, except ``"lsif"``, ``"kliep"`` and ``"f_gan"``. With a `critic` to start from, it changes more.

    References
    ----------
    Sugiyama, Suzuki and Kanamori, "Density Ratio Estimation in Machine Learning", Cambridge University Press, 2012,
    chapter 4; Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import LogisticRatio
    >>> rng = np.random.default_rng(0)
    >>> X_p, X_q = rng.normal(1, 1, size=(500, 1)), rng.normal(0, 1, size=(500, 1))
    >>> LogisticRatio(max_iter=10, random_state=0).fit(X_p, X_q).log_ratio([[-0.5], [1.5]]).round()  # x − 1/2
    array([-1.,  1.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Trainable._training_constraints,
        "objective": [str, Objective],
        "architecture": [str, Architecture, None],
        "critic": [nn.Module, None],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "optimizer": [Optimizer, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
    }
    _components: ClassVar = {"objective": "objective", "architecture": "architecture"}
    _option_defaults: ClassVar = {
        **Trainable._option_defaults,
        "optimizer": Adam(0.003, betas=(0.9, 0.999), schedule=((0.0, 1.0), (1.0, 0.0))),
    }
    _failure_hints: ClassVar[dict[str, str]] = {"non_finite": "Lower {optimizer}, or choose another {objective}."}

    _sign: int
    _best: BestCritic

    def __init__(
        self,
        objective: str | Objective = "logistic",
        *,
        architecture: str | Architecture | None = None,
        critic: nn.Module | None = None,
        n_critic_steps: int = 20,
        batch_size: int = 256,
        optimizer: Optimizer | None = None,
        validation_fraction: float | None = 0.1,
        n_iter_no_change: int | None = None,
        max_iter: int | None = 40,
        max_seconds: float | None = None,
        replay: Replay | None = None,
        precision: Precision = "float32",
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        verbose: Verbose = "auto",
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.objective = objective
        self.architecture = architecture
        self.critic = critic
        self.n_critic_steps = n_critic_steps
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.replay = replay
        self.precision = precision
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.callbacks = callbacks

    @property
    def _goes_on(self) -> bool:
        return self.warm_start and self.__sklearn_is_fitted__()

    def _has_learned(self) -> bool:
        return is_trained(self)

    @property
    def antisymmetric(self) -> bool:
        return self.critic is None and self._objective().antisymmetric

    @property
    def scale_invariant(self) -> bool:
        return self.critic is None  # a user's network has its own units

    @property
    def best_iter_(self) -> int:
        """The iteration whose critic was kept."""
        if "_best" not in vars(self):
            raise AttributeError("LogisticRatio has best_iter_ after fit alone.")
        return self._best.kept

    def _fit_silently(self, X_p: Any, X_q: Any) -> Self:
        with together(type(self).__name__):
            return super()._fit_silently(X_p, X_q)

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        clock = make_clock(self)
        check_alike(self, X_p, X_q)
        arrays = self._go_on(X_p, X_q) if self._goes_on else self._begin(X_p, X_q)
        self._best = BestCritic()
        try:
            with without_half_a_fit(self):
                checkpointer = resume(self, arrays, clock)
                samples, keepers = self._hold_out(arrays)
            train(self, samples, clock, keepers=keepers, checkpointer=checkpointer)
        except BaseException:  # `fit` keeps only whole iterations
            if self.__sklearn_is_fitted__():
                self._keep_log_ratios(X_p, X_q)
            raise
        self._best.settle(self.net_)

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Train for one more iteration at the full rate. Hold no rows out. The first call fixes units and order."""
        arrays = self._go_on(X_p, X_q) if self.__sklearn_is_fitted__() else self._begin(X_p, X_q)
        self.net_.held_out_ = None
        self._best = BestCritic()
        train(self, tuple(rows_of(self, array) for array in arrays), Clock.single())
        self._best.settle(self.net_)

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        self._partial_fit(X_p, X_q)

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            values = self.net_.critic_step_.log_ratio()(self._scaler.to_tensor(X).to(self.net_.device))
        return self._sign * values.double().cpu().numpy()

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        z = self._scaler.scaled(x).float().to(self.net_.device)
        return self._sign * self.net_.critic_step_.log_ratio()(z).to(x.device, x.dtype)

    def _begin(self, X_p: np.ndarray, X_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Set order, scaling, seeds and fresh networks for these samples, and return them in that order."""
        forget(self, "net_", *LOG_RATIOS)  # if this fails, no fit remains, not even half of one
        # With an objective that treats both samples alike, their order must only change the sign.
        self._sign = current().first(-1 if self.antisymmetric and not comes_first(X_p, X_q) else 1)
        arrays, shape = self._ordered(X_p, X_q), X_p.shape[1:]
        scaled = [common_rows(array)[0] for array in arrays]
        self._scaler = Scaler.of(*scaled) if self.critic is None else Scaler.identity(shape)
        build(self, shape, Seeds.from_entropy(current().first(entropy_of(self.random_state))))
        self._record = Record(shape, X_p.dtype.name, None)
        self._progress, self._n_inner_steps = [], None
        return arrays

    def _ordered(self, X_p: np.ndarray, X_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (X_p, X_q) if self._sign > 0 else (X_q, X_p)

    def _go_on(self, X_p: np.ndarray, X_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Check that training continues as it began, take in the rows in the present scaling, and order the samples."""
        if X_p.shape[1:] != self._record.shape:
            raise ValueError(
                f"X_p and X_q of LogisticRatio must have rows of shape {self._record.shape} for training to go on, got"
                f" {X_p.shape[1:]}; fit without warm_start to begin anew."
            )
        check_unchanged(self)
        self._record = Record(X_p.shape[1:], X_p.dtype.name, None)
        if self.critic is not None:
            return self._ordered(X_p, X_q)  # it sees rows as they are
        before, columns = self._scaler, columns_of(self)
        self._scaler = before.with_rows(common_rows(X_p)[0], common_rows(X_q)[0], scaling="robust")
        freed = self._scaler.varies & ~before.varies
        if freed.any():
            warn_of_freed_columns("LogisticRatio", columns, freed)
        for X in (X_p, X_q):
            warn_of_moved_rows("LogisticRatio", columns, before, X)
        return self._ordered(X_p, X_q)

    def _objective(self) -> Objective:
        return registry.make("objective", self.objective)

    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> RatioNet:
        if settings.critic is not None:
            self._check_critic(settings.critic, shape)
        default = MLP(width=64, depth=2, activation="silu")
        vars(settings).update(
            architecture=registry.make("architecture", settings.architecture or default),
            objective=registry.make("objective", settings.objective).resolved(),
        )
        device = resolve_device(self.device)
        return RatioNet(settings=settings, seeds=seeds, data_shape=shape, device=device).initialize()

    def _check_critic(self, critic: nn.Module, shape: tuple[int, ...]) -> None:
        """Test a given critic on one row.

        Raises
        ------
        ValueError
            If it does not take the row or does not give one number for it, or if an architecture is given too.
        """
        if self.architecture is not None:
            raise ValueError(
                f"architecture of LogisticRatio must be None with a critic to begin from, got {self.architecture!r}."
            )
        parameters = list(critic.parameters())
        if not parameters:
            raise ValueError(f"critic of LogisticRatio must have parameters to train, got {critic!r}.")
        trial = own_copy("critic of LogisticRatio", critic).to(torch.float32).eval()
        try:
            with torch.no_grad():
                found = trial(torch.zeros(2, *shape, dtype=torch.float32, device=parameters[0].device))
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"critic of LogisticRatio must take rows of shape {shape}, as float32, got: {error}"
            ) from error
        got = tuple(found.shape) if isinstance(found, Tensor) else f"a {type(found).__name__}"
        if got != (2,):
            raise ValueError(
                f"critic of LogisticRatio must give a tensor of one number a row, of shape (n,), got {got} for two"
                " rows."
            )

    def _fitted_params(self) -> dict[str, Any]:
        if self.critic is not None:
            raise TypeError(
                f"critic of LogisticRatio must be None to be saved, got {type(self.critic).__name__}, which cannot be"
                " stored without pickle; keep the state_dict of net_.critic_."
            )
        return Trainable._fitted_params(self)

    def _hold_out(self, arrays: tuple[np.ndarray, np.ndarray]) -> tuple[tuple[Rows, ...], list[Keeper]]:
        """Rows to train on. Rows to hold out are put into the net instead, and a callback judges the critic by them."""
        self.net_.held_out_ = None
        if self.validation_fraction is None:
            return tuple(rows_of(self, array) for array in arrays), []
        rows, held_out = [], []
        for k, X in enumerate(arrays):
            rng = np.random.default_rng(chunk_seed(self.net_.seeds.sample, _HELD_OUT_KEY, k))
            n = min(max(round(self.validation_fraction * len(X)), 1), _MAX_HELD_OUT, len(X) - 1)
            index = hold_out(len(X), n, rng)
            held_out.append(self._scaler.to_tensor(X[index]).to(self.net_.device))
            rows.append(rows_of(self, X, index))
        self.net_.held_out_ = (held_out[0], held_out[1])
        if self._best.weights is None:
            self._best.look(self.net_, 0)
        return tuple(rows), [BestCriticKeeper(self._best, self.n_iter_no_change)]

    def to_state(self, *, compact: bool = False) -> State:
        state = Trainable.to_state(self, compact=compact)
        state.tensors |= {name: as_tensor(array) for name, array in vars(self).items() if name in LOG_RATIOS}
        state.json["sign"] = self._sign
        state.parts["best"] = self._best.to_state()
        return state

    def from_state(self, state: State) -> Self:
        Trainable.from_state(self, state)
        self._sign = state.choice("sign", (1, -1))
        self._best = BestCritic.from_state(state.part("best"), self.net_)
        for name in LOG_RATIOS:
            if state.has(name):  # not in a checkpoint
                setattr(self, name, state.array(name, (None,)))
        check_finite(self)
        return self
