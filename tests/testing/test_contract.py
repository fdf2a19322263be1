"""Every registered plugin, ours first, meets its contract; a new one is tested here with no edit."""

import json

import pytest

import fdgm
from fdgm import registry, testing
from fdgm.persistence import decode, encode
from fdgm.ratios import RuLSIF

CONTRACTS = {
    "divergence": testing.check_divergence,
    "architecture": testing.check_architecture,
    "objective": testing.check_objective,
    "density_ratio": testing.check_density_ratio,
    "joint_objective": testing.check_joint_objective,
    "regularizer": testing.check_regularizer,
}

#: Image networks take seconds to make at their published sizes, and ratios to fit, and the contract makes many.
SMALL = {
    ("architecture", "dcgan"): {"width": 8},
    ("architecture", "resnet"): {"width": 8},
    ("architecture", "sagan"): {"width": 2},
    ("density_ratio", "logistic"): {"max_iter": 8, "n_critic_steps": 10},
    ("density_ratio", "telescoping"): {"base": RuLSIF(width=1.0, penalty=0.01), "n_bridges": 2},
}


def subject(family, name):
    cls = registry.get(family, name)
    return cls(**SMALL[family, name]) if (family, name) in SMALL else cls


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{name}-{check.name}")
        for family, contract in CONTRACTS.items()
        for name in fdgm.available(family)
        for check in contract(subject(family, name))
    ],
)
def test_contract(check):
    check()


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family in CONTRACTS for name in fdgm.available(family)]
)
def test_what_is_registered_is_stored_by_its_name(family, name):
    value = registry.get(family, name)()
    again = decode(json.loads(json.dumps(encode("Estimator", family, value))))
    assert type(again) is type(value)
    assert encode("Estimator", family, again) == encode("Estimator", family, value)  # a tuple comes back as a list


def test_every_family_has_a_contract():
    """That of the estimators is tried in test_estimators.py. Options have none."""
    assert set(CONTRACTS) == set(registry.FAMILIES) - {"estimator", "option"}
