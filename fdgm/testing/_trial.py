"""An estimator under test, its fits, and their answers."""

import inspect
import warnings
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ..exceptions import ConstantRatioWarning
from ..persistence import Savable
from ._check import require

__all__ = ["Answers", "EstimatorTrial", "require_same"]

Answers = dict[str, bytes]

_ROWS = 60
#: Parameters of a class that replace its defaults, if it has them.
_SMALL = {"batch_size": 16, "max_iter": 2, "n_steps": 2}
#: Methods that may take X alone and answer with numbers.
_ASKED = ("log_ratio", "score_samples", "transform")


class EstimatorTrial:
    """An estimator, and one fit of it that several checks look at.

    Parameters
    ----------
    estimator : Savable or a class of them

    Attributes
    ----------
    samples : list of ndarray of shape (60, 2)
        What `fit` takes: X, or two samples.
    """

    def __init__(self, estimator: type[Savable] | Savable) -> None:
        if isinstance(estimator, type) and issubclass(estimator, Savable):
            made = estimator()
            wanted: dict[str, Any] = dict(_SMALL)
        elif isinstance(estimator, Savable):
            made, wanted = estimator, {}
        else:
            raise TypeError(
                f"check_estimator takes a subclass of {Savable.__name__} or an instance of one, got {estimator!r}."
            )
        wanted["random_state"] = 0
        params = made.get_params(deep=False)
        self.estimator: Any = clone(made).set_params(**{name: wanted[name] for name in wanted if name in params})
        self.params = self.estimator.get_params(deep=False)
        signature = inspect.signature(self.estimator.fit).parameters.values()
        required = [p for p in signature if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
        X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(_ROWS, 2))
        self.samples = [X, X[::-1] + 0.1][: len(required)]

    @property
    def X(self) -> np.ndarray:
        """The first sample."""
        return self.samples[0]

    def make(self, **changed: Any) -> Any:
        """Make a fresh estimator, with some parameters changed."""
        return clone(self.estimator).set_params(**changed)

    def fit(self, estimator: Any, samples: list[Any] | None = None, *, method: str = "fit") -> Any:
        """Fit an estimator to the samples or to others. The warning of a constant ratio is ignored."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConstantRatioWarning)
            return getattr(estimator, method)(*(self.samples if samples is None else samples))

    @cached_property
    def fitted(self) -> Any:
        return self.fit(self.make())

    @cached_property
    def answers(self) -> Answers:
        """What `fitted` answers."""
        return self.ask(self.fitted)

    def ask(self, fitted: Any, X: Any = None) -> Answers:
        """All answers of a fit for these rows, and samples of a seed, as bytes by the name of the method."""
        asked = self.X if X is None else X
        found = {name: getattr(fitted, name)(asked) for name in self.methods}
        if self.has("sample"):
            found["sample"] = fitted.sample(9, random_state=0)
        return {name: np.ascontiguousarray(value).tobytes() for name, value in found.items()}

    @cached_property
    def methods(self) -> list[str]:
        """The methods that take X alone."""
        return [name for name in _ASKED if self.has(name) and _takes_one(getattr(self.estimator, name))]

    def has(self, method: str) -> bool:
        """Whether it has a method."""
        return hasattr(self.estimator, method)

    def refusal(self, what: str, call: Callable[[], Any]) -> str:
        """The message of the ValueError or TypeError that a call must raise."""
        try:
            call()
        except (ValueError, TypeError) as error:
            return str(error)
        except Exception as error:
            raise AssertionError(
                f"{self!r} must refuse {what} by a ValueError or a TypeError, but raised {type(error).__name__}:"
                f" {error}"
            ) from error
        raise AssertionError(f"{self!r} must refuse {what}, but took it")

    def require_unfitted(self, estimator: Any, when: str) -> None:
        """Fail unless every method says that there is no fit."""
        calls: dict[str, Callable[[], Any]] = {name: partial(getattr(estimator, name), self.X) for name in self.methods}
        calls["save"] = partial(estimator.save, "never_written")
        if self.has("score"):
            calls["score"] = partial(estimator.score, *self.samples)
        if self.has("sample"):
            calls["sample"] = estimator.sample
        for name, call in calls.items():
            try:
                call()
            except NotFittedError:
                continue
            raise AssertionError(f"{name} of {self!r} must raise a NotFittedError {when}")

    def __repr__(self) -> str:
        return type(self.estimator).__name__


def _takes_one(method: Any) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) == 1


def require_same(found: Answers, expected: Answers, message: str) -> None:
    """Fail with the message and the methods whose answers differ."""
    other = [name for name, value in expected.items() if found[name] != value]
    require(not other, f"{message}, but {' and '.join(other)} gave other bits")
