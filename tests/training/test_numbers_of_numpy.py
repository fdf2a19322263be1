"""Numbers of numpy, which grid searches over arrays give, are numbers."""

import inspect
from numbers import Integral

import numpy as np
import pytest
from sklearn.base import clone

from fdgm import GANSampler, registry
from fdgm.options import Option
from fdgm.regularizers import MinibatchDiscrimination, Packing, Unrolling


def integers(trainee):
    """The int parameters, optional ones included."""
    constraints = trainee.estimator._parameter_constraints
    for name, value in trainee.make(max_iter=2).get_params(deep=False).items():
        optional = any(getattr(allowed, "type", None) is Integral for allowed in constraints[name])
        if type(value) is int:
            yield name, np.int64(value)
        elif value is None and optional:
            yield name, np.int64(3)
        elif isinstance(value, Option):
            given = value.get_params(deep=False).items()
            yield from ((f"{name}__{key}", np.int64(inner)) for key, inner in given if type(inner) is int)


def test_every_integer_of_numpy_is_taken(trainee):
    """All at once, and to the same bits."""
    ints = dict(integers(trainee))
    assert {"batch_size", "max_iter", "random_state"} <= ints.keys()
    ours = trainee.fit(clone(trainee.estimator).set_params(**{name: int(value) for name, value in ints.items()}))
    theirs = trainee.fit(clone(trainee.estimator).set_params(**ints))
    assert trainee.bits(theirs) == trainee.bits(ours)


@pytest.mark.parametrize("name", registry.available("architecture"))
def test_every_integer_of_an_architecture_too(name):
    cls = registry.get("architecture", name)
    defaults = {key: p.default for key, p in inspect.signature(cls).parameters.items() if type(p.default) is int}
    small = {key: min(value, 16) for key, value in defaults.items()}
    shape = (2,) if name == "mlp" else (1, 32, 32)
    ours, theirs = cls(**small), cls(**{key: np.int64(value) for key, value in small.items()})
    shapes = [[p.shape for p in a.generator(shape, 4, seed=0).parameters()] for a in (ours, theirs)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("regularizer", [MinibatchDiscrimination, Packing, Unrolling])
def test_every_integer_of_a_regularizer_too(regularizer):
    ints = {key: np.int64(2) for key, p in inspect.signature(regularizer).parameters.items() if type(p.default) is int}
    X = np.random.default_rng(0).normal(size=(50, 2))
    settings = {"batch_size": 4, "n_generator_steps": 1, "n_warmup_steps": 0, "max_iter": 1, "random_state": 0}
    assert ints
    assert GANSampler("non_saturating", regularizer=regularizer(**ints), **settings).fit(X).sample(2).shape == (2, 2)
