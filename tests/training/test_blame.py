"""A training that breaks names the network whose updates broke it, and the parameter that holds its learning rate."""

import pytest
from sklearn.base import clone

from fdgm.exceptions import TrainingError

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
    assert CULPRITS[rate] in named
    assert ("the critic" in named) == (CULPRITS[rate] == "the critic")
    assert f"{parameter} (now " in mend
    assert repr(value) in mend
