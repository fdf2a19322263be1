"""A training that breaks names the network whose updates broke it, and its learning rate."""

import pytest

from fdgm.exceptions import TrainingError

CULPRITS = {"critic_lr": "the critic", "lr": "the critic", "generator_lr": "the generator", "encoder_lr": "the encoder"}


@pytest.mark.parametrize("rate", CULPRITS)
@pytest.mark.parametrize("value", [1e10, 1e30])
def test_the_network_of_the_rate_is_blamed(trainee, rate, value):
    params = trainee.make().get_params(deep=False)
    if rate not in params or (rate == "critic_lr" and params.get("objective") == "vae"):
        pytest.skip("it has no such rate")
    if value == 1e10 and rate in ("critic_lr", "lr") and "divergence" not in params:
        pytest.skip("a logistic critic that is wrong by that much still has a finite loss")
    with pytest.raises(TrainingError) as error:
        trainee.fit(trainee.make(max_iter=2, **{rate: value}))
    what, _, mend = str(error.value).partition("(last values")
    named = what.partition("loop 1, ")[2].partition("loss")[0]
    assert CULPRITS[rate] in named
    assert ("the critic" in named) == (CULPRITS[rate] == "the critic")
    assert f"{rate} (now {value!r})" in mend
