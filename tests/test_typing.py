"""Types say what the checks of values say, and a type checker finds wrong names."""

import inspect
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Literal, Union, get_args, get_origin

import numpy as np
import pytest

import fdgm
from fdgm import architectures, datasets, metrics, objectives, registry, regularizers
from fdgm._sklearn import StrOptions, make_constraint
from fdgm.plot import SampleDisplay

ROOT = Path(__file__).parents[1]


def names_in(annotation):
    """The names that a Literal in it allows."""
    if get_origin(annotation) is Literal:
        return {value for value in get_args(annotation) if isinstance(value, str)}
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*map(names_in, get_args(annotation)))
    return set()


def public():
    """Every public class and function, of fdgm and of its modules."""
    modules = (getattr(fdgm, name) for name in fdgm.__all__ if inspect.ismodule(getattr(fdgm, name)))
    for module in (fdgm, *modules):
        for item in (getattr(module, name) for name in module.__all__):
            if inspect.isclass(item) or inspect.isfunction(item):
                yield item


def parameters(function):
    return {name: parameter.annotation for name, parameter in inspect.signature(function).parameters.items()}


CHECKED = {item for item in public() if inspect.isclass(item) and hasattr(item, "_parameter_constraints")}
CONSTRAINED = sorted(
    ((item, name) for item in CHECKED for name in parameters(item) if name in item._parameter_constraints),
    key=lambda pair: (pair[0].__name__, pair[1]),
)


def test_all_kinds_of_estimators_are_among_those_compared():
    assert {fdgm.VGrowSampler, fdgm.OutlierDetector, fdgm.DGflowRefiner, fdgm.TreeSampler} <= CHECKED
    assert {registry.get("estimator", name) for name in registry.available("estimator")} <= CHECKED


@pytest.mark.parametrize(("owner", "name"), CONSTRAINED, ids=[f"{o.__name__}-{name}" for o, name in CONSTRAINED])
def test_a_constructor_names_the_options_that_its_check_allows(owner, name):
    constraints = [make_constraint(one) for one in owner._parameter_constraints[name]]
    allowed = set().union(*(one.options for one in constraints if isinstance(one, StrOptions)))
    assert names_in(parameters(owner)[name]) == allowed


def images(make):
    return make.generator((1, 32, 32), 4, seed=0)


ROWS = np.zeros((3, 2))
#: Options that are checked elsewhere than in `_parameter_constraints`: a call with that name, and what it belongs to.
CALLS = {
    (architectures.MLP, "activation"): lambda name: images(architectures.MLP(activation=name)),
    (architectures.MLP, "critic_activation"): lambda name: images(architectures.MLP(critic_activation=name)),
    (architectures.DCGAN, "critic_norm"): lambda name: images(architectures.DCGAN(critic_norm=name)),
    (architectures.SAGAN, "backbone"): lambda name: images(architectures.SAGAN(backbone=name)),
    (architectures.Hierarchical, "between"): lambda name: architectures.Hierarchical(
        between=name
    ).conditional_generator((2,), 2, seed=0),
    (architectures.Architecture.conditional_generator, "distribution"): lambda name: (
        architectures.MLP().conditional_generator((2,), 2, distribution=name, seed=0)
    ),
    (architectures.Architecture.conditional_encoder, "distribution"): lambda name: (
        architectures.MLP().conditional_encoder((2,), 2, distribution=name, seed=0)
    ),
    (objectives.FGAN, "activation"): lambda name: objectives.FGAN(activation=name).log_ratio(None),
    (SampleDisplay, "kind"): lambda name: SampleDisplay(ROWS, ROWS, kind=name).plot(),
    (fdgm.VGrowSampler.preset, "name"): lambda name: fdgm.VGrowSampler.preset(name),
    (metrics.kernel_mmd, "kernel"): lambda name: metrics.kernel_mmd(ROWS, ROWS, kernel=name),
    (metrics.kernel_mmd, "estimator"): lambda name: metrics.kernel_mmd(ROWS, ROWS, estimator=name),
    (metrics.one_nn_accuracy, "of"): lambda name: metrics.one_nn_accuracy(ROWS, ROWS, of=name),
    (metrics.load_classifier, "name"): lambda name: metrics.load_classifier(name),
    (datasets.load_mnist, "split"): lambda name: datasets.load_mnist(name),
    (datasets.load_fashion_mnist, "split"): lambda name: datasets.load_fashion_mnist(name),
    (datasets.load_cifar10, "split"): lambda name: datasets.load_cifar10(name),
    (datasets.load_stl10, "split"): lambda name: datasets.load_stl10(name),
    (datasets.load_celeba, "split"): lambda name: datasets.load_celeba(name),
    (datasets.make_stacked_mnist, "split"): lambda name: datasets.make_stacked_mnist(split=name),
}


@pytest.mark.parametrize(("owner", "name"), CALLS, ids=[f"{o.__qualname__}-{name}" for o, name in CALLS])
def test_the_message_about_a_wrong_name_lists_the_options_of_the_signature(owner, name):
    with pytest.raises(ValueError, match="no_such_name") as caught:
        CALLS[owner, name]("no_such_name")
    listed = str(caught.value).partition(", got ")[0]
    assert set(re.findall(r"'([\w-]+)'", listed)) == names_in(parameters(owner)[name])


#: Numbers that "auto" can stand for, whose check says no more of names.
NUMBERS = {
    (objectives.AGE, "scale_clip"): lambda value: objectives.AGE(scale_clip=value).resolved(),
    (objectives.Relativistic, "penalty"): lambda value: objectives.Relativistic(value).regularizers[0].weights(3),
    (regularizers.R1R2, "weight"): lambda value: regularizers.R1R2(value).weights(3),
}


@pytest.mark.parametrize(("owner", "name"), NUMBERS, ids=[f"{o.__name__}-{name}" for o, name in NUMBERS])
def test_auto_is_the_one_name_that_a_number_may_have(owner, name):
    assert names_in(parameters(owner)[name]) == {"auto"}
    NUMBERS[owner, name]("auto")
    with pytest.raises((ValueError, TypeError), match="no_such_name"):
        NUMBERS[owner, name]("no_such_name")


def test_no_public_signature_names_options_that_nothing_here_compares():
    named = {(item, name) for item in public() for name, of in parameters(item).items() if names_in(of)}
    assert {(item, name) for item, name in named - set(CONSTRAINED) if name != "verbose"} <= set(CALLS) | set(NUMBERS)


WRONG = {
    'VGrowSampler(scaling="robst")': "scaling",
    'VGrowSampler(generator="map")': "generator",
    'VGrowSampler(step_size="atuo")': "step_size",
    'GANSampler(precision="float16")': "precision",
    'GANSampler(data_range="none")': "data_range",
    'AGEBidirectional(encoder="gausian")': "encoder",
    'DGflowRefiner(stop="never")': "stop",
    'TreeSampler(condition="X")': "condition",
    'OutlierDetector(method="neighbours")': "method",
    'uLSIF(width="silverman")': "width",
    'MLP(activation="swish")': "activation",
    'load_mnist("valid")': "load_mnist",
}
RIGHT = (
    'VGrowSampler("kl", scaling="rank", generator="network", step_size=0.5, precision="bfloat16")',
    'VGrowSampler("divergence-of-a-plugin", architecture="network-of-a-plugin")',
    'AGEBidirectional(objective="of-a-plugin", encoder="implicit", data_range=(0, 1))',
    'DGflowRefiner(stop=None, step_size="auto", ratio="ratio-of-a-plugin")',
    'TreeSampler(condition=["a", 3], min_samples_leaf=5)',
    "uLSIF(width=[0.1, 1.0], penalty=numpy.logspace(-3, 1))",
)
REVEALED = {
    "TreeSampler().sample(3, return_y=True)": "tuple[Any, numpy.ndarray",
    "TreeSampler().sample(3)": "Any",
    "VGrowSampler().sample(3, return_y=True)": "tuple[Any, numpy.ndarray",
    "RejectionRefiner().refine(frame)": "pandas.core.frame.DataFrame",
    "RejectionRefiner().refine(numpy.zeros((2, 2)))": "numpy.ndarray",
    "DGflowRefiner().transform(frame)": "pandas.core.frame.DataFrame",
    "load_mnist()": "numpy.ndarray",
    "load_mnist(return_labels=True)": "tuple[numpy.ndarray",
}


@pytest.mark.slow
def test_mypy_finds_wrong_names_alone_and_knows_what_calls_return(tmp_path):
    pytest.importorskip("mypy")
    head = [
        "import numpy",
        "import pandas",
        "from fdgm import AGEBidirectional, DGflowRefiner, GANSampler, OutlierDetector, TreeSampler, VGrowSampler",
        "from fdgm.architectures import MLP",
        "from fdgm.datasets import load_mnist",
        "from fdgm.ratios import uLSIF",
        "from fdgm.refiners import RejectionRefiner",
        "frame = pandas.DataFrame()",
    ]
    lines = [*head, *RIGHT, *WRONG, *(f"reveal_type({call})" for call in REVEALED)]
    (tmp_path / "calls.py").write_text("\n".join(lines) + "\n")
    (tmp_path / "mypy.ini").write_text(
        # torch is large, and no signature here needs it
        "[mypy]\nignore_missing_imports = True\n[mypy-torch.*]\nfollow_imports = skip\n"
    )
    options = ["--follow-imports=silent", "--config-file=mypy.ini", "--cache-dir=cache"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "calls.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    said = {}
    for line, kind, message in re.findall(r"^calls\.py:(\d+): (error|note): (.*)$", done.stdout, flags=re.M):
        said.setdefault(lines[int(line) - 1], []).append((kind, message))
    errors = {call for call, messages in said.items() if any(kind == "error" for kind, _ in messages)}
    assert errors == set(WRONG), done.stdout + done.stderr
    for call, parameter in WRONG.items():
        assert any(kind == "error" and f'"{parameter}"' in message for kind, message in said[call]), said[call]
    for call, kind in REVEALED.items():
        (message,) = (message for _, message in said[f"reveal_type({call})"])
        assert message.startswith(f'Revealed type is "{kind}'), message
