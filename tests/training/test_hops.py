"""How often `fit` goes from one class of an estimator to another, so that it can be read in one file."""

import inspect
import sys

import numpy as np
import pytest

from fdgm import AGEBidirectional, GANSampler, VGrowSampler, registry
from fdgm.objectives import AGE, FGAN
from fdgm.options import Gradient


def hops(estimator, X):
    """Functions of the estimator's classes that `fit` enters from another class's file, outside the training loop."""
    files = {inspect.getsourcefile(cls) for cls in type(estimator).__mro__ if cls.__module__.startswith("fdgm")}
    found, stack = set(), [("", False)]  # the nearest class's file, and whether the loop runs

    def follow(frame, event, _):
        if event == "call":
            file, name = frame.f_code.co_filename, frame.f_code.co_name
            above, looping = stack[-1]
            if file in files and not name.startswith("<"):
                if above not in ("", file) and not looping:
                    found.add((file, name))
                above = file
            stack.append((above, looping or (name == "train" and file.endswith("nets/_net.py"))))
        elif event == "return" and len(stack) > 1:
            stack.pop()

    sys.setprofile(follow)
    try:
        estimator.fit(X)
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.parametrize(
    ("estimator", "most"),
    [
        (VGrowSampler(max_iter=1, random_state=0), 4),
        (GANSampler(max_iter=1, n_generator_steps=1, n_warmup_steps=0, random_state=0), 3),
        (AGEBidirectional(method=Gradient(n_updates=1, n_warmup_steps=1), max_iter=1, random_state=0), 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fit_goes_between_classes_a_few_times(estimator, most):
    found = hops(estimator, np.random.default_rng(0).normal(size=(300, 2)))
    assert "_make_net" in {name for _, name in found}
    assert len(found) <= most, found


@pytest.mark.parametrize("objective", [AGE("js"), AGE("all"), FGAN("kl"), FGAN("js", activation="universal")], ids=repr)
def test_names_are_looked_up_once_a_fit_and_not_at_each_batch(objective, monkeypatch):
    looked_up = []
    get = registry.get
    monkeypatch.setattr(registry, "get", lambda family, name: looked_up.append(name) or get(family, name))
    X = np.random.default_rng(0).normal(size=(300, 2))
    counts = []
    for n_steps in (1, 6):
        looked_up.clear()
        GANSampler(objective, max_iter=1, n_generator_steps=n_steps, n_warmup_steps=0, random_state=0).fit(X)
        counts.append(len(looked_up))
    assert counts[0] == counts[1]
