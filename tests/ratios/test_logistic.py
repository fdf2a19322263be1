"""The neural critic."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

import fdgm
from fdgm.architectures import MLP
from fdgm.exceptions import TrainingError
from fdgm.objectives import FGAN, WGANGP
from fdgm.options import Adam
from fdgm.ratios import LogisticRatio

RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(300, 2)), RNG.normal(-0.5, 1.0, size=(200, 2))
X = RNG.uniform(-1, 1, size=(60, 2))
TINY = {"max_iter": 4, "n_critic_steps": 5, "batch_size": 64, "random_state": 0}


@pytest.mark.parametrize("objective", sorted(set(fdgm.available("objective")) | {FGAN("js"), WGANGP(2.0)}, key=str))
def test_every_objective_learns_which_is_denser_and_comes_back(objective, tmp_path):
    """With P around (½, ½) and Q around −(½, ½), the log-ratio rises along the sum."""
    settings = {**TINY, "max_iter": 10, "n_critic_steps": 10}
    ratio = LogisticRatio(objective, architecture=MLP(width=16, depth=1, activation="silu"), **settings).fit(P, Q)
    assert np.corrcoef(ratio.log_ratio(X), X.sum(axis=1))[0, 1] > 0.5
    ratio.save(tmp_path / "r")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "r").log_ratio(X), ratio.log_ratio(X))


@pytest.mark.parametrize("objective", ["logistic", "least_squares", "hinge", "wasserstein_gp"])
def test_exchanging_the_samples_changes_the_sign_and_nothing_else(objective):
    ratio = LogisticRatio(objective, **TINY)
    assert ratio.antisymmetric
    one = ratio.fit(P, Q).log_ratio(X)
    np.testing.assert_array_equal(ratio.fit(Q, P).log_ratio(X), -one)


@pytest.mark.parametrize("objective", ["lsif", "kliep", "f_gan"])
def test_objectives_that_do_not_treat_both_alike_promise_nothing(objective):
    assert not LogisticRatio(objective).antisymmetric


def test_training_begins_level():
    seen = []

    class Look(Callback):
        def on_train_begin(self, net, **kwargs):
            net.critic_.eval()
            with torch.no_grad():
                seen.append(net.critic_(torch.randn(5, 2, generator=torch.Generator().manual_seed(0))))

    LogisticRatio(callbacks=[Look()], **TINY).fit(P, Q)
    assert (seen[0] == 0).all()


def test_equal_samples_keep_the_level_critic_or_one_as_good():
    same = RNG.normal(size=(2, 400, 2))
    assert np.abs(LogisticRatio(random_state=0, max_iter=15, n_critic_steps=5).fit(*same).log_ratio(X)).mean() < 0.2


def test_the_best_critic_is_kept_where_the_last_is_worse():
    """A rate far too high for the end spoils the last critics, and the held-out rows tell."""
    ratio = LogisticRatio(
        **{**TINY, "max_iter": 12}, optimizer=Adam(schedule=[(0.0, 1.0), (0.5, 1.0), (0.55, 1e3)])
    ).fit(P, Q)
    held_out = ratio.history_["held_out_loss"]
    assert held_out.iloc[-1] > held_out.min() + 0.1
    assert ratio.best_iter_ < 12
    assert ratio.score(P, Q) > -1.3


def test_nothing_held_out():
    ratio = LogisticRatio(validation_fraction=None, **TINY).fit(P, Q)
    assert ratio.best_iter_ == ratio.n_iter_ == 4
    assert "held_out_loss" not in ratio.history_


def test_patience_ends_training():
    same = RNG.normal(size=(2, 300, 2))
    ratio = LogisticRatio(**{**TINY, "max_iter": 200}, n_iter_no_change=2, optimizer=Adam(schedule=[(0.0, 1.0)])).fit(
        *same
    )
    assert ratio.stop_reason_ == "no_change"
    assert ratio.n_iter_ < 200


def test_partial_fit_goes_on_in_the_same_units_and_order():
    ratio = LogisticRatio(**TINY)
    for _ in range(15):
        ratio.partial_fit(P, Q)
    assert ratio.score(P, Q) > -1.2
    assert ratio.n_iter_ == ratio.best_iter_ == 15
    with pytest.raises(ValueError, match=r"partial_fit|expecting 2 features"):
        ratio.partial_fit(P[:, :1], Q[:, :1])


def test_warm_start_goes_on():
    ratio = LogisticRatio(warm_start=True, **TINY).fit(P, Q)
    first = ratio.score(P, Q)
    assert ratio.fit(P, Q).score(P, Q) > first
    assert ratio.n_iter_ == 8
    with pytest.raises(ValueError, match=r"X has 1 features, but LogisticRatio is expecting 2 features"):
        ratio.fit(P[:, :1], Q[:, :1])


def test_images():
    images = RNG.normal(size=(2, 20, 1, 4, 4))
    assert LogisticRatio(architecture="mlp", **TINY).fit(*images).log_ratio(images[0]).shape == (20,)


def test_failures_name_the_critic_and_the_knob():
    with pytest.raises(TrainingError, match=r"the critic: critic_loss .*Lower optimizer \(now Adam\(lr=1e\+30\)\)"):
        LogisticRatio("least_squares", **{k: v for k, v in TINY.items() if k != "lr"}, optimizer=Adam(lr=1e30)).fit(
            P, Q
        )


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2])
def test_the_log_ratio_of_gaussians(d):
    """N(0, I) against N(d^-1/2, 1.44 I), 3,000 rows each: the target for d = 2 is 0.25, at 5,000."""
    rng = np.random.default_rng(0)
    m = np.full(d, d**-0.5)
    T = rng.normal(size=(2000, d))
    truth = -(T**2).sum(1) / 2 + ((T - m) ** 2).sum(1) / 2.88 + d * np.log(1.2)
    ratio = LogisticRatio(random_state=0, max_iter=20)
    ratio.fit(rng.normal(size=(3000, d)), m + 1.2 * rng.normal(size=(3000, d)))
    assert np.sqrt(np.mean((ratio.log_ratio(T) - truth) ** 2)) < 0.25


class Line(torch.nn.Module):
    """Slope and offset of rows (n, 1)."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(slope))

    def forward(self, x):
        return self.slope * x[:, 0]


STILL = {"max_iter": 1, "n_critic_steps": 1, "validation_fraction": None, "optimizer": Adam(lr=1e-12)}


def two_samples():
    rng = np.random.default_rng(0)
    return rng.normal(100, 3, size=(40, 1)), rng.normal(90, 3, size=(50, 1))


@pytest.mark.parametrize("turned", [False, True])
def test_a_critic_to_begin_from_is_in_the_samples_units_and_order(turned):
    P, Q = two_samples()[:: -1 if turned else 1]
    ratio = LogisticRatio(critic=Line(2.0), **STILL).fit(P, Q)
    np.testing.assert_allclose(ratio.log_ratio([[1.0], [-3.0]]), [2.0, -6.0], rtol=1e-5)
    assert not ratio.antisymmetric


def test_a_critic_to_begin_from_is_copied():
    critic = Line(2.0)
    ratio = LogisticRatio(critic=critic, max_iter=2, random_state=0, optimizer=Adam(lr=0.1)).fit(*two_samples())
    assert critic.slope.item() == 2.0
    assert critic.slope.grad is None
    assert ratio.net_.critic_.slope.item() != 2.0


def test_a_right_critic_is_left_alone():
    """Held-out rows tell that it cannot be bettered: of N(1, 1) to N(0, 1), x − 1/2."""
    rng = np.random.default_rng(0)
    P, Q = rng.normal(1, 1, size=(4000, 1)), rng.normal(0, 1, size=(4000, 1))
    critic = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Flatten(0))
    with torch.no_grad():
        critic[0].weight.fill_(1.0)
        critic[0].bias.fill_(-0.5)
    ratio = LogisticRatio(critic=critic, max_iter=3, random_state=0, optimizer=Adam(lr=0.5)).fit(P, Q)
    np.testing.assert_allclose(ratio.log_ratio([[0.0], [1.0]]), [-0.5, 0.5], atol=0.2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"critic": torch.nn.Identity()}, "parameters to train, got Identity"),
        ({"critic": torch.nn.Linear(3, 1)}, r"critic of LogisticRatio must take rows of shape \(1,\), .*got"),
        ({"critic": torch.nn.Linear(1, 1)}, r"one number a row, of shape \(n,\), got \(2, 1\)"),
        ({"critic": Line(), "architecture": "mlp"}, "architecture of LogisticRatio must be None.*got 'mlp'"),
        ({"critic": 3}, "Got 3"),
    ],
)
def test_critics_that_cannot_be_begun_from(params, message):
    with pytest.raises(ValueError, match=message):
        LogisticRatio(max_iter=1, **params).fit(*two_samples())


def test_a_critic_to_begin_from_is_not_saved(tmp_path):
    ratio = LogisticRatio(critic=Line(), **STILL).fit(*two_samples())
    with pytest.raises(TypeError, match="critic of LogisticRatio must be None to be saved, got Line"):
        ratio.save(tmp_path / "r")
