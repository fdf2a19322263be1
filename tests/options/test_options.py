"""Options: objects whose missing parameters are the estimator's, and whose errors name where they are used."""

import pytest
import torch
from sklearn.base import clone

from fdgm.options import Adam, Checkpoint, EarlyStopping, InstanceNoise, RMSprop, StepSize


def test_parameters_that_are_none_are_filled_and_others_stay():
    filled = Adam(lr=0.1).filled(Adam(lr=0.5, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.0))))
    assert filled == Adam(lr=0.1, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.0)))


def test_filling_leaves_the_option_itself_alone():
    option = InstanceNoise()
    option.filled(InstanceNoise(0.3, schedule=()))
    assert option == InstanceNoise()


def test_one_optimizer_fills_another_kind_where_names_agree():
    assert RMSprop().filled(Adam(lr=0.5, betas=(0.5, 0.9), schedule=())) == RMSprop(0.5, schedule=())


@pytest.mark.parametrize(
    ("option", "name", "received"),
    [
        (Adam(lr=-1.0), "lr", "-1.0"),
        (Adam(betas=(0.5, 1.0)), "betas", "1.0"),
        (Adam(betas=3), "betas", "3"),
        (RMSprop(smoothing=1.5), "smoothing", "1.5"),
        (Adam(schedule=((0.5, 1.0), (0.2, 1.0))), "schedule", "0.2"),
        (InstanceNoise(-0.1), "scale", "-0.1"),
        (InstanceNoise(schedule=((0, 1.0),)), "schedule", r"\(0, 1.0\)"),
        (EarlyStopping(validation_fraction=1.0), "validation_fraction", "1.0"),
        (EarlyStopping(every=0), "every", "0"),
        (Checkpoint(3), "path", "3"),
        (Checkpoint("x", seconds=-1), "seconds", "-1"),
    ],
    ids=repr,
)
def test_a_parameter_out_of_range_is_named_with_its_place(option, name, received):
    with pytest.raises((ValueError, TypeError), match=rf"(?s){name}.*{received}"):
        option.check("critic_optimizer of VGrowSampler")
    with pytest.raises((ValueError, TypeError), match="critic_optimizer of VGrowSampler"):
        option.check("critic_optimizer of VGrowSampler")


def test_rates_and_noise_follow_their_schedules():
    assert Adam(0.2, schedule=((0.0, 1.0), (1.0, 0.0))).lr_at(0.25, 1) == pytest.approx(0.15)
    assert RMSprop(0.2, schedule=((3, 0.5),)).lr_at(0.9, 3) == pytest.approx(0.1)
    assert InstanceNoise(0.4, schedule=()).scale_at(0.5, 7) == 0.4


@pytest.mark.parametrize("option", [Adam(0.1, betas=(0, 0.9)), RMSprop(0.1)], ids=repr)
def test_an_optimizer_descends(option):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = clone(option).make([weight])
    weight.square().sum().backward()
    optimizer.step()
    assert weight.item() < 1
    assert optimizer.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize(
    "use",
    [
        lambda: Adam().lr_at(0.0, 1),
        lambda: RMSprop().make([torch.nn.Parameter(torch.ones(1))]),
        lambda: InstanceNoise().scale_at(0.0, 1),
        lambda: StepSize("auto").size_at(0.0, 1),
    ],
)
def test_an_option_that_was_not_filled_is_no_zero(use):
    with pytest.raises(RuntimeError, match=r"must be a number before it is used, got (None|'auto')"):
        use()
