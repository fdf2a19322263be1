"""Callbacks of skorch: those that work with several networks, and those that are refused since they could not."""

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
    TrainEndCheckpoint,
)

from fdgm import options


class Looks(Callback):
    """At the gradients, after the callbacks before it, and at the rates."""

    def __init__(self):
        self.norms = {}
        self.rates = []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        parameters = [(name, p) for name, p in named_parameters if p.grad is not None]
        network = parameters[0][0].partition(".")[0]
        norm = torch.stack([p.grad.norm() for _, p in parameters]).norm().item()
        self.norms.setdefault(network, []).append(norm)

    def on_epoch_end(self, net, **kwargs):
        self.rates.append([getattr(net, name).param_groups[0]["lr"] for name in net.optimizer_names])


def test_gradients_of_each_network_are_clipped(trainee):
    looks, free = Looks(), Looks()
    trainee.fit(trainee.make(max_iter=2, callbacks=[free]))
    trainee.fit(trainee.make(max_iter=2, callbacks=[GradientNormClipping(1e-3), looks]))
    assert looks.norms
    assert looks.norms.keys() == free.norms.keys()
    for network, norms in looks.norms.items():
        assert max(free.norms[network]) > 2e-3
        assert 0.9e-3 < max(norms) < 1.01e-3


def test_a_look_at_the_gradients_changes_nothing(trainee):
    seen = trainee.fit(trainee.make(max_iter=2, callbacks=[Looks()]))
    assert trainee.bits(seen) == trainee.bits(trainee.fit(trainee.make(max_iter=2)))


@pytest.mark.parametrize(
    ("scheduler", "factors"),
    [
        (lambda: LRScheduler("StepLR", step_size=2, gamma=0.1), [1, 1, 0.1, 0.1]),
        (lambda: LRScheduler("LambdaLR", lr_lambda=lambda loop: 1 / (1 + loop)), [1, 1 / 2, 1 / 3, 1 / 4]),
        (lambda: LRScheduler("ReduceLROnPlateau", monitor="seconds", patience=0, factor=0.5), [1, 1, 1 / 2, 1 / 4]),
    ],
)
def test_a_scheduler_multiplies_every_rate(trainee, scheduler, factors):
    """The third monitors what never falls."""
    alone, scheduled = Looks(), Looks()
    trainee.fit(trainee.make(max_iter=4, callbacks=[alone]))
    trainee.fit(trainee.make(max_iter=4, callbacks=[scheduler(), scheduled]))
    expected = np.array(alone.rates) * np.array(factors)[:, None]
    np.testing.assert_allclose(scheduled.rates, expected, rtol=1e-12)


def test_a_scheduler_goes_on_where_it_was(trainee, tmp_path):
    def fit(**params):
        looks = Looks()
        scheduler = LRScheduler("StepLR", step_size=1, gamma=0.5)
        params |= {"max_iter": 4, "checkpoint": options.Checkpoint(tmp_path / "c", seconds=0)}
        model = trainee.make(**params, callbacks=[scheduler, looks, *params.pop("also", [])])
        return model, looks

    class Stops(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    whole, all_rates = fit()
    trainee.fit(whole)
    stopped, _ = fit()
    with pytest.raises(KeyboardInterrupt):
        trainee.fit(stopped.set_params(callbacks=[*stopped.callbacks, Stops()]))
    resumed, rates = fit()
    trainee.fit(resumed)
    np.testing.assert_allclose(rates.rates, all_rates.rates[2:], rtol=1e-12)
    assert trainee.bits(resumed) == trainee.bits(whole)


@pytest.mark.parametrize(
    ("callback", "instead"),
    [
        (Freezer("*"), "a callback of your own"),
        (Initializer("*"), "a callback of your own"),
        (Checkpoint(), "checkpoint"),
        (Checkpoint(f_params=None, f_optimizer=None, f_criterion=None, f_history=None), "checkpoint"),
        (TrainEndCheckpoint(), "save after fit"),
        (LoadInitState(Checkpoint()), r"fdgm\.load"),
        (InputShapeSetter(), "architecture"),
        (EpochScoring("accuracy"), "early_stopping"),
        (PassthroughScoring("loss"), "early_stopping"),
        (("with a name", Freezer("*")), "a callback of your own"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_would_do_nothing_is_refused_by_name(trainee, callback, instead):
    one = callback[1] if isinstance(callback, tuple) else callback
    with pytest.raises(
        ValueError, match=rf"callbacks of {type(trainee.estimator).__name__} .*got .*use .*{instead}"
    ) as e:
        trainee.fit(trainee.make(callbacks=[callback]))
    assert type(one).__name__ in str(e.value)


def test_what_is_no_callback_is_refused(trainee):
    with pytest.raises(
        TypeError, match=r"callbacks of .* must hold instances of skorch callbacks, got 'EarlyStopping'"
    ):
        trainee.fit(trainee.make(callbacks=["EarlyStopping"]))


def test_early_stopping_of_skorch_ends_training_in_good_order(trainee):
    stopping = EarlyStopping(monitor="seconds", patience=2)
    model = trainee.fit(trainee.make(max_iter=9, callbacks=[stopping]))
    assert (model.stop_reason_, model.n_iter_) == ("callback", 3)


@pytest.mark.parametrize("scheduled", [False, True])
def test_a_monitor_of_nothing_is_refused_with_what_there_is(trainee, scheduled):
    callback = LRScheduler("ReduceLROnPlateau") if scheduled else EarlyStopping()
    with pytest.raises(ValueError, match=r"monitor of .* must be one of .*'seconds'.*, got '(train|valid)_loss'"):
        trainee.fit(trainee.make(max_iter=2, callbacks=[callback]))


def test_early_stopping_of_one_module_is_refused(trainee):
    with pytest.raises(ValueError, match=r"load_best=False, got load_best=True.* use early_stopping"):
        trainee.fit(trainee.make(callbacks=[EarlyStopping(monitor="seconds", load_best=True)]))


def test_a_log_is_printed_where_it_is_asked_for(trainee, capsys):
    trainee.fit(trainee.make(max_iter=2, verbose=1, callbacks=[PrintLog()]))
    assert "seconds" in capsys.readouterr().out
