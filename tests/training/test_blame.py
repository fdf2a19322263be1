"""A training that breaks names the network whose updates broke it, and the parameter that holds its learning rate."""

import pytest
from sklearn.base import clone
from skorch.callbacks import Callback

from fdgm.exceptions import TrainingError, TrainingWarning
from fdgm.options import Replay

CULPRITS = {
    "critic_optimizer__lr": "the critic",
    "optimizer__lr": "the critic",
    "generator__optimizer__lr": "the generator",
    "generator_optimizer__lr": "the generator",
    "encoder_optimizer__lr": "the encoder",
}


@pytest.mark.parametrize("rate", CULPRITS)
@pytest.mark.parametrize("value", [1e10, 1e30])
def test_the_network_of_the_rate_is_blamed(trainee, rate, value):
    params = trainee.make().get_params()
    parameter = rate.partition("__")[0]
    nested = rate.startswith("generator__")
    if parameter not in params or (parameter == "critic_optimizer" and params.get("objective") == "vae"):
        pytest.skip("it has no such rate")
    if nested and "generator__optimizer" not in params:
        pytest.skip("its generator has a rate of its own")
    if value == 1e10 and parameter in ("critic_optimizer", "optimizer") and "divergence" not in params:
        pytest.skip("a logistic critic that is wrong by that much still has a finite loss")
    with pytest.raises(TrainingError) as error:
        trainee.fit(clone(trainee.estimator).set_params(max_iter=2, **{rate: value}))
    what, _, mend = str(error.value).partition("(last values")
    named = what.partition("iteration 1, ")[2].partition("loss")[0]
    culprit = CULPRITS[rate] if "objective" in params or "divergence" in params else "the field"  # of flow matching
    assert culprit in named
    assert ("the critic" in named) == (culprit == "the critic")
    assert f"{parameter} (now " in mend
    assert repr(value) in mend


class Poisons(Callback):
    """Turns all weights into NaN as an iteration begins."""

    def __init__(self, iteration):
        self.iteration = iteration

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == self.iteration:
            for name in net.optimizer_names:
                for group in getattr(net, name).param_groups:
                    for parameter in group["params"]:
                        parameter.data.fill_(float("nan"))


def test_a_training_that_breaks_later_keeps_the_last_good_networks(trainee):
    nothing = {"validation_fraction": None} if trainee.is_ratio else {}
    broken = trainee.make(replay=Replay([0.0] * 5), callbacks=[Poisons(3)], **nothing)
    with pytest.warns(TrainingWarning, match=r"iteration 3, .* of iteration 2 are kept"):
        trainee.fit(broken)
    assert (broken.stop_reason_, broken.n_iter_, len(broken.history_)) == ("non_finite", 2, 2)
    good = trainee.fit(trainee.make(replay=Replay([0.0] * 2), **nothing))
    assert trainee.bits(broken) == trainee.bits(good)
