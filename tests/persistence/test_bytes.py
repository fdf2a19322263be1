"""One state has one form: the same bytes each time, and after a way through a file."""

import numpy as np
import pytest

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import Gradient, Network
from fdgm.ratios import KLIEP, LogisticRatio, RuLSIF
from fdgm.refiners import MetropolisHastingsRefiner, RejectionRefiner

X = np.random.default_rng(0).normal(size=(60, 2))
SHORT = Gradient(n_warmup_steps=2, n_updates=2)
SMALL = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 1, "random_state": 0}
VGROW = {"generator": Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=2)}
RATIO = {"architecture": MLP(width=8, depth=1), "max_iter": 1, "n_critic_steps": 2, "random_state": 0}
KERNELS = {"n_centers": 5, "random_state": 0}


def sampler(**params):
    return VGrowSampler(**{**SMALL, **VGROW, **params}).fit(X)


def kernels():
    return KLIEP(width=1.0, **KERNELS)


ONE_STEP = {"n_steps": 1, "stop": None, "random_state": 0}
#: What the contract of all estimators does not make.
MAKE = {
    "pandas output": lambda: AGEBidirectional(**SMALL, method=SHORT).set_output(transform="pandas").fit(X),
    "two calls": lambda: RuLSIF(**KERNELS).partial_fit(X + 1, X).partial_fit(X + 1, X),
    "of rows": lambda: DGflowRefiner(ratio=sampler(), **ONE_STEP).fit(X, X_generated=X + 1),
    "of a refiner": lambda: DGflowRefiner(
        DGflowRefiner(sampler(), **ONE_STEP).fit(X), ratio=kernels(), **ONE_STEP
    ).fit(X),
    "rejection": lambda: RejectionRefiner(sampler(), calibration="isotonic", random_state=0).fit(X),
    "chains": lambda: MetropolisHastingsRefiner(sampler(), n_steps=8, random_state=0).fit(X),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MAKE))
def test_two_saves_have_the_same_bytes_and_so_has_what_was_loaded(name, tmp_path):
    estimator = MAKE[name]()
    for path in ("once", "twice"):
        estimator.save(tmp_path / path)
    once = (tmp_path / "once").read_bytes()
    assert once == (tmp_path / "twice").read_bytes()
    fdgm.load(tmp_path / "once").save(tmp_path / "loaded")
    assert once == (tmp_path / "loaded").read_bytes()


def test_a_state_unpacks_as_tensors_and_json():
    tensors, json = LogisticRatio(**RATIO).fit(X + 1, X).to_state()
    assert tensors["net/weights/critic_/0.weight"].shape == (8, 2)
    assert json["record/"]["shape"] == [2]


def test_parameters_of_a_call_are_in_no_file(tmp_path):
    """Not those of components either; what was saved with a callback needs no pickle."""
    inner = LogisticRatio(**RATIO, checkpoint=tmp_path / "mine", callbacks=[print], verbose=1)
    model = VGrowSampler(**SMALL, **VGROW, ratio="ulsif", callbacks=[], verbose=0).fit(X)
    model.set_params(callbacks=[print], checkpoint=tmp_path / "c", verbose=1).save(tmp_path / "s")
    again = fdgm.load(tmp_path / "s")
    assert (again.callbacks, again.checkpoint, again.verbose) == (None, None, "auto")
    encoded = fdgm.persistence.encode("VGrowSampler", "ratio", inner)
    assert not encoded["params"].keys() & fdgm.persistence.OF_A_CALL
