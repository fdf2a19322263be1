"""How a fit ends that does not end well, for every model alike, and what its files know of it."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from disturb import Fills
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

import fdgm
from fdgm import AGEBidirectional, GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.exceptions import StopTraining, TrainingWarning
from fdgm.inputs import Seeds, chunk_seed, given_key
from fdgm.options import Checkpoint, Gradient, Network, Replay
from fdgm.persistence import State

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
SMALL = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 3, "random_state": 0}
VGROW = {"generator": Network(n_particles=32, n_particle_steps=2, passes=1)}
MODELS = {
    "VGrow": VGrowSampler(**SMALL, **VGROW),
    "GAN": GANSampler(**SMALL, n_generator_steps=2, n_warmup_steps=0),
    "AGE": AGEBidirectional(**SMALL, method=Gradient(n_warmup_steps=1, n_updates=2)),
}


@pytest.fixture(params=MODELS)
def model(request):
    return fresh(MODELS[request.param])


def fresh(estimator, **changed):
    return type(estimator)(**{**estimator.get_params(deep=False), **changed})


class Breaks(Callback):
    """Raises in the loop of that number."""

    def __init__(self, error, loop, at):
        self.error = error
        self.loop = loop
        self.at = at

    def on_epoch_begin(self, net, **kwargs):
        self._maybe("begin", net)

    def on_epoch_end(self, net, **kwargs):
        self._maybe("end", net)

    def _maybe(self, at, net):
        if (at, len(net.history)) == (self.at, self.loop):
            raise self.error


def test_a_fit_that_cannot_begin_leaves_the_last_one_whole(model):
    before = model.fit(X).sample(3, random_state=0)
    architecture = model.architecture
    with pytest.raises(ValueError, match="architecture"):
        model.set_params(architecture="nope").fit(X + 1000)
    model.set_params(architecture=architecture)
    np.testing.assert_array_equal(model.sample(3, random_state=0), before)


def test_a_first_fit_that_cannot_begin_leaves_none(model):
    with pytest.raises(ValueError, match="architecture"):
        model.set_params(architecture="nope").fit(X)
    with pytest.raises(NotFittedError):
        model.sample(1)


@pytest.mark.parametrize(("at", "ended"), [("begin", 1), ("end", 2)])
@pytest.mark.parametrize("error", [RuntimeError("of the user"), MemoryError()])
def test_an_error_in_between_keeps_the_loops_that_ended(model, at, ended, error):
    model.set_params(callbacks=[Breaks(error, 2, at)])
    with pytest.raises(type(error)):
        model.fit(X)
    assert model.n_iter_ == len(model.history_) == len(model.replay_.progress) == ended
    assert np.isfinite(model.sample(9)).all()
    model.set_params(callbacks=None).partial_fit(X)
    assert model.n_iter_ == len(model.history_) == ended + 1


def test_an_error_before_any_loop_ended_leaves_no_fit(model):
    with pytest.raises(RuntimeError, match="of the user"):
        model.set_params(callbacks=[Breaks(RuntimeError("of the user"), 1, "begin")]).fit(X)
    with pytest.raises(NotFittedError):
        model.sample(1)


def test_too_few_rows_to_hold_any_out_leave_no_fit(model):
    with pytest.raises(ValueError, match="early_stopping"):
        model.set_params(early_stopping=True).fit(X[:3])
    with pytest.raises(NotFittedError):
        model.sample(1)


@pytest.mark.parametrize(("at", "ended"), [("begin", 1), ("end", 2)])
@pytest.mark.parametrize(("text", "reason"), [("", "callback"), ("it is enough", "it is enough")])
def test_a_callback_stops_in_good_order(model, at, ended, text, reason):
    model.set_params(callbacks=[Breaks(StopTraining(text), 2, at)]).fit(X)
    assert model.stop_reason_ == reason
    assert model.n_iter_ == len(model.history_) == ended


def test_training_goes_on_after_it_broke():
    """What broke it, and is in the optimizers' moments, is not gone back to."""
    model = fresh(MODELS["VGrow"], replay=Replay([0.0] * 2)).fit(X)
    model.set_params(callbacks=[Fills(float("nan"), "critic_", iteration=3)])
    with pytest.warns(TrainingWarning, match="became NaN"):
        model.partial_fit(X)
    assert model.n_iter_ == 2
    model.set_params(callbacks=None).partial_fit(X)
    assert model.n_iter_ == 3
    for part in ("weights", "optimizers"):
        tensors, _ = model.net_.to_state().part(part)
        assert all(tensor.isfinite().all() for tensor in tensors.values())


COLLAPSE = Fills(0.0, "generator_", iteration=4)


@pytest.fixture
def collapsing():
    """From the fourth loop on every latent is sent to one point."""
    tiny = {"batch_size": 32, "random_state": 0, "generator": Network(n_particles=64, n_particle_steps=3, passes=2)}
    return VGrowSampler(**tiny, warm_start=True, replay=Replay([0.0] * 20), callbacks=[COLLAPSE])


def test_a_second_collapse_is_named_too(collapsing):
    for _ in range(2):
        with pytest.warns(TrainingWarning, match="collapsed"):
            collapsing.fit(X)
        assert (collapsing.stop_reason_, collapsing.n_iter_) == ("collapse", 3)


@pytest.mark.parametrize("form", ["file", "pickle"])
def test_a_stored_model_knows_that_it_had_spread(collapsing, tmp_path, form):
    collapsing.set_params(replay=Replay([0.0] * 3)).fit(X)
    if form == "file":
        collapsing.save(tmp_path / "m")
        again = fdgm.load(tmp_path / "m")
    else:
        again = pickle.loads(pickle.dumps(collapsing))
    with pytest.warns(TrainingWarning, match="iteration 6, the generator collapsed"):
        again.set_params(replay=Replay([0.0] * 20), callbacks=[COLLAPSE]).fit(X)
    assert again.sample(100, random_state=0)[:, 1].std() > 0.1


def with_streams(net, stream):
    state = net.to_state()
    state.parts["streams"] = State(dict.fromkeys(net.stream_names, stream))
    return state


def test_random_streams_of_another_device_begin_anew():
    """A GPU's state has 16 bytes."""
    net = fresh(MODELS["VGrow"]).fit(X).net_
    drawn = []
    for _ in range(2):
        net.from_state(with_streams(net, torch.arange(16, dtype=torch.uint8)))
        drawn.append(torch.rand(3, generator=net.latents_))
    assert torch.equal(*drawn)
    net.from_state(with_streams(net, torch.ones(16, dtype=torch.uint8)))
    assert not torch.equal(torch.rand(3, generator=net.latents_), drawn[0])


def test_a_call_shares_no_seed_with_a_fit_of_the_same():
    of_the_fit = {chunk_seed(7, i) for i in range(100)} | set(vars(Seeds.from_entropy(7)).values())
    assert not of_the_fit & {chunk_seed(*given_key(7), i) for i in range(100)}


@pytest.mark.parametrize(
    "labels",
    [["a", "b"], [0, 1], [("a", "x"), ("a", "y")]],
    ids=["names", "numbers", "levels"],
)
def test_labels_of_columns_come_back_from_a_file(tmp_path, labels):
    columns = pd.MultiIndex.from_tuples(labels) if all(isinstance(c, tuple) for c in labels) else pd.Index(labels)
    frame = pd.DataFrame(X)
    frame.columns = columns
    model = fresh(MODELS["VGrow"], max_iter=1).fit(frame)
    model.save(tmp_path / "m")
    for sampler in (model, fdgm.load(tmp_path / "m")):
        assert list(sampler.sample(3).columns) == labels
        assert isinstance(sampler.sample(3).columns, type(columns))


def test_labels_that_files_cannot_hold_are_refused_by_name(tmp_path):
    frame = pd.DataFrame(X, columns=pd.to_datetime(["2020-01-01", "2020-01-02"]))
    model = fresh(MODELS["VGrow"], max_iter=1).fit(frame)
    with pytest.raises(TypeError, match=r"columns of X must be strings, numbers .*Timestamp"):
        model.save(tmp_path / "m")
    with pytest.raises(TypeError, match="Timestamp"):
        model.set_params(checkpoint=Checkpoint(tmp_path / "c", seconds=1000)).fit(frame)


@pytest.mark.parametrize("goes_on", ["partial_fit", "warm_start"])
def test_names_stay_where_training_goes_on_with_an_array(model, goes_on):
    frame = pd.DataFrame(X, columns=["a", "b"])
    model.fit(frame)
    with pytest.warns(UserWarning, match="valid feature names"):
        (model.partial_fit if goes_on == "partial_fit" else model.set_params(warm_start=True).fit)(X)
    assert list(model.sample(2).columns) == ["a", "b"]


def test_warnings_name_the_line_that_calls_fit():
    odd = X.copy()
    odd[0, 0] = 1e6
    with pytest.warns(TrainingWarning) as caught:
        VGrowSampler(max_iter=None, max_seconds=1e-9, random_state=0).fit(odd)
    assert len(caught) == 2
    assert {warning.filename for warning in caught} == {__file__}
