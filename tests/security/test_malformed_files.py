"""What a file may not hold, kind by kind."""

import math
import struct
import time

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture
from skorch.callbacks import Callback

import fdgm
from fdgm import DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP, Hierarchical
from fdgm.exceptions import FileError
from fdgm.nets import Budget
from fdgm.options import Checkpoint, Network
from fdgm.persistence import State
from fdgm.ratios import KLIEP, ClassifierRatio, LogisticRatio, TelescopingRatio, uLSIF

X = np.random.default_rng(0).normal(size=(60, 2))
NET = "state/net/"
ADAM = NET + "optimizers/optimizer_generator_/0."


@pytest.fixture(scope="module")
def sampler():
    tiny = {"batch_size": 16, "generator": Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=2)}
    return VGrowSampler(architecture=MLP(width=8, depth=1), max_iter=2, random_state=0, **tiny).fit(X)


@pytest.fixture(scope="module")
def ratio():
    return uLSIF(width=1.0, penalty=0.1, n_centers=5, random_state=0).fit(X + 1, X)


def put(name, make):
    def change(description, tensors):
        tensors[name] = make(tensors[name])

    return change


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (8, 8, 1), (0,), (7, 8)])
@pytest.mark.parametrize("moment", ["exp_avg", "exp_avg_sq"])
def test_an_optimizers_moments_have_their_parameters_shape(sampler, crafted, moment, shape):
    """A fused step would walk past the end of one that is smaller, into foreign memory."""
    bad = crafted(sampler, put(ADAM + moment, lambda t: torch.ones(shape)))
    with pytest.raises(FileError, match=rf"0\.{moment} must be float32 of shape \(8, 8\), got"):
        fdgm.load(bad)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        (ADAM + "exp_avg_sq", -1.0, "at least 0, got -1"),  # its root is NaN
        (ADAM + "step", math.nan, "finite"),
        (ADAM + "exp_avg", math.inf, "finite"),
        (NET + "weights/generator_/0.weight", math.nan, "finite"),
        (NET + "weights/average_/0.weight", 3e38, "finite rows"),  # itself finite, but not what it makes
        ("state/scaler/mean", math.nan, "finite"),
        ("state/scaler/scale", math.inf, "finite"),
        ("state/scaler/scale", 0.0, "at least"),
        ("state/scaler/scale", -1.0, "at least"),
        ("state/scaler/constants", math.inf, "finite"),
    ],
)
def test_numbers_that_make_nan_are_refused(sampler, crafted, name, value, match):
    with pytest.raises(FileError, match=match):
        fdgm.load(crafted(sampler, put(name, lambda t: torch.full_like(t, value))))


@pytest.mark.parametrize("dtype", [torch.bool, torch.float64, torch.float16, torch.int32, torch.bfloat16])
def test_weights_have_their_networks_dtype(sampler, crafted, dtype):
    bad = crafted(sampler, put(NET + "weights/critic_/0.weight", lambda t: t.to(dtype)))
    with pytest.raises(FileError, match=r"critic_/0\.weight must be float32 .*got"):
        fdgm.load(bad)


@pytest.mark.parametrize("name", ["mean", "scale", "constants"])
def test_a_scaler_is_of_rows_of_the_shape_that_is_told(sampler, crafted, name):
    with pytest.raises(FileError, match=rf"scaler/{name} must be float64 of shape \(2,\), got float64 of shape \(3,\)"):
        fdgm.load(crafted(sampler, put(f"state/scaler/{name}", lambda t: torch.ones(3, dtype=torch.float64))))


@pytest.mark.parametrize("name", ["0.weight", "0.exp_avg"])
def test_missing_tensors_are_named(sampler, crafted, name):
    bad = crafted(sampler, lambda d, t: [t.pop(key) for key in list(t) if key.endswith(f"generator_/{name}")])
    with pytest.raises(FileError, match=rf"generator_/{name} must be there, and is not"):
        fdgm.load(bad)


@pytest.mark.parametrize("name", ["x", NET + "weights/critic_/x", NET + "optimizers/optimizer_critic_/99.step"])
def test_unknown_tensors_are_named(sampler, crafted, name):
    with pytest.raises(FileError, match=rf"{name} must not be there"):
        fdgm.load(crafted(sampler, lambda d, t: t.update({name: torch.zeros(())})))


def test_a_random_stream_is_at_a_place_that_it_can_reach(sampler, crafted):
    """Torch takes 624 words left with the 624th next, and then reads on past the last."""

    def beyond(stream):
        data = bytearray(stream.numpy().tobytes())
        struct.pack_into("<iiQ", data, 8, 624, 1, 624)
        return torch.tensor(list(data), dtype=torch.uint8)

    with pytest.raises(FileError, match="a place that none comes to"):
        fdgm.load(crafted(sampler, put(NET + "streams/latents_", beyond)))


@pytest.mark.parametrize(
    "params",
    [
        {"generator": Network(latent_size=10**7)},
        {"architecture": MLP(width=20_000, depth=1)},
        {"architecture": MLP(width=8, depth=20_000)},
        {"architecture": Hierarchical(base=MLP(width=10**9, depth=1))},
    ],
    ids=["latent_size", "width", "depth", "nested"],
)
def test_networks_are_compared_before_they_are_made(sampler, crafted, params):
    def change(description, tensors):
        described = fdgm.persistence.encode_params("VGrowSampler", params)
        description["params"] |= described

    bad = crafted(sampler, change)
    start = time.process_time()
    with pytest.raises(FileError, match=r"ask for many more numbers|must be float32 of shape"):
        fdgm.load(bad)
    assert time.process_time() - start < 2


def test_no_tensor_is_made_past_the_budget():
    """Whatever asks for it: a layer, an operation on another tensor, a copy of it many times over."""
    for ask in (
        lambda: torch.empty(10**14),
        lambda: torch.nn.Linear(10**7, 10**7),
        lambda: torch.zeros(3).new_empty(10**14),
        lambda: torch.zeros(3).repeat(10**14),
        lambda: torch.eye(10**7),
    ):
        with Budget(State()), pytest.raises(FileError, match="many more numbers"):
            ask()


def test_what_is_made_of_a_list_of_tensors_is_no_size():
    """Such as a critic joins representations, when it is tried on a row."""
    halves = [torch.zeros(2, 3), torch.ones(2, 3)]
    with Budget(State()):
        assert torch.cat(halves, 1).shape == (2, 6)
        assert torch.stack(halves).shape == (2, 2, 3)
        torch._foreach_add_(halves, 1.0)
        torch.nn.LSTM(3, 4)(torch.zeros(5, 2, 3))


def test_a_history_takes_time_in_proportion_to_its_length(sampler, crafted):
    n = 20_000

    def change(description, tensors):
        for name in tensors:
            if name.startswith(NET + "history/"):
                tensors[name] = torch.zeros(n, dtype=torch.float64)
        tensors["state/progress"] = torch.zeros(n, dtype=torch.float64)

    bad = crafted(sampler, change)
    start = time.process_time()
    assert len(fdgm.load(bad).history_) == n
    assert time.process_time() - start < 2


def test_a_description_past_eight_megabytes_is_not_parsed(sampler, crafted):
    with pytest.raises(FileError, match="too long"):
        fdgm.load(crafted(sampler, lambda d, t: d.update(x="x" * 9 * 10**6)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("checkpoint", "mine"), ("n_jobs", 8), ("device", "cpu"), ("verbose", 1), ("callbacks", [])],
)
def test_parameters_that_act_are_not_taken_from_a_file(sampler, ratio, crafted, tmp_path, name, value):
    estimator = (
        DGflowRefiner(sampler, ratio=ratio, n_steps=1, step_size=0.01, stop=None).fit(X)
        if name == "n_jobs"
        else sampler
    )
    with pytest.raises(FileError, match=rf"must be those of its constructor, and differ in \['{name}'\]"):
        fdgm.load(crafted(estimator, lambda d, t: d["params"].update({name: value})))
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": "many"}, "batch_size"),
        ({"max_iter": [3]}, "max_iter"),
        ({"x": 1}, "differ in"),
        ({"architecture": {"family": "os", "name": "system", "params": {}}}, "family"),
        ({"architecture": {"family": "architecture", "name": "mlp", "params": {"width": 8}}}, "differ in"),
    ],
)
def test_parameters_are_held_to_the_constructors_constraints(sampler, crafted, params, match):
    with pytest.raises(FileError, match=match):
        fdgm.load(crafted(sampler, lambda d, t: d["params"].update(params)))


@pytest.mark.parametrize(
    "malformed",
    [
        lambda d, t: d.clear(),
        lambda d, t: d.pop("params"),
        lambda d, t: d.update({"state/": None}),
        lambda d, t: d["state/"].update(n_calls="x"),
        lambda d, t: d["state/"]["record/"].update(shape=[0]),
        lambda d, t: d["state/"]["record/"].update(dtype="object"),
        lambda d, t: d["state/"]["record/"].update(columns=["a", "a"]),
        lambda d, t: d["state/"]["seeds/"].update(critic=-1),
        lambda d, t: d.update(left_out=3),
        lambda d, t: d.update(family="architecture", name="mlp"),
        lambda d, t: d.update(name=["VGrowSampler"]),
        lambda d, t: t.clear(),
    ],
)
def test_every_malformed_file_raises_the_one_error(sampler, crafted, malformed):
    with pytest.raises(FileError, match="path of load must be a file that fdgm wrote, got"):
        fdgm.load(crafted(sampler, malformed))


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        (KLIEP(width=1.0, n_centers=5), "log_weights_", math.nan),
        (KLIEP(width=1.0, n_centers=5), "log_weights_", math.inf),
        (uLSIF(width=1.0, penalty=0.1, n_centers=5), "_scale", 0.0),
        (ClassifierRatio(), "classifier/coef", math.nan),
        (TelescopingRatio(uLSIF(width=1.0, penalty=0.1), n_bridges=1), "1/learned/centers_", math.inf),
        (LogisticRatio(max_iter=1, n_critic_steps=1), "", math.nan),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else str(value),
)
def test_density_ratios_are_held_to_what_they_learn(crafted, estimator, name, value):
    name = f"state/learned/{name}" if name else "state/log_ratio_p_"
    estimator = type(estimator)(**{**estimator.get_params(deep=False), "random_state": 0}).fit(X + 1, X)
    with pytest.raises(FileError):
        fdgm.load(crafted(estimator, put(name, lambda t: torch.full_like(t, value))))
    with pytest.raises(FileError, match="shape"):
        fdgm.load(crafted(estimator, put(name, lambda t: t[..., None].expand(*t.shape, 2))))


class Crash(Callback):
    """Ends a fit in the middle, once there is a checkpoint of a whole loop."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise ZeroDivisionError


def test_a_checkpoint_is_believed_no_more_than_a_file(sampler, crafted, tmp_path):
    """Else the moments of one that somebody else wrote would be stepped with."""
    path = tmp_path / "checkpoint"
    params = {"max_iter": 3, "callbacks": [Crash()], "checkpoint": Checkpoint(path, seconds=0)}
    model = VGrowSampler(**{**sampler.get_params(deep=False), **params})
    with pytest.raises(ZeroDivisionError):
        model.fit(X)
    bad = crafted.rewritten(path, put(ADAM + "exp_avg", lambda t: torch.ones(1)))
    bad.replace(path)
    with pytest.raises(FileError, match=r"checkpoint of VGrowSampler must be .*exp_avg must be float32 of shape"):
        model.fit(X)


def test_a_strangers_generator_is_asked_for_by_name(tmp_path):
    mixture = GaussianMixture(random_state=0).fit(X)
    DGflowRefiner(mixture, ratio="kliep", n_steps=1, random_state=0, step_size=0.01, stop=None).fit(X).save(
        tmp_path / "r"
    )
    with pytest.raises(
        ValueError, match=r"the fitted GaussianMixture that this DGflowRefiner .*load\(path, generator="
    ):
        fdgm.load(tmp_path / "r")
    with pytest.raises(FileError, match="must be an estimator or another object with sample"):
        fdgm.load(tmp_path / "r", generator=3)


@pytest.mark.parametrize("card", [None, [], "text", {"a": {"b": {"c": {"d": {"e": 1}}}}}, {"a": list(range(30_000))}])
def test_a_card_that_is_none_is_refused(sampler, crafted, card):
    with pytest.raises(FileError, match="card must be a small dict"):
        fdgm.load(crafted(sampler, lambda description, _: description.update(card=card)))
