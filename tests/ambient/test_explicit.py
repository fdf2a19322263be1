"""Every tensor that the package makes says its dtype and its device: defaults of torch are the user's."""

import ast
from pathlib import Path

import pytest

import fdgm

ROOT = Path(fdgm.__file__).parent
BOTH = {"arange", "as_tensor", "empty", "eye", "full", "linspace", "logspace", "normal", "ones", "rand", "randn"}
BOTH |= {"scalar_tensor", "tensor", "zeros"}
DEVICE = {"Generator", "randint", "randperm"}  # of integers, or no tensor


def calls(tree):
    """Calls of torch's functions: (line, name, names of keywords, positional arguments)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("torch."):
            name = ast.unparse(node.func).removeprefix("torch.")
            yield node.lineno, name, {keyword.arg for keyword in node.keywords}, node.args


def silent(source):
    """What is not said, by line."""
    for line, name, keywords, args in calls(ast.parse(source)):
        if name in BOTH:
            yield from (f"{line}: {name} without {word}" for word in ("dtype", "device") if word not in keywords)
        elif (name == "Generator" and not args) or (name in DEVICE - {"Generator"} and "device" not in keywords):
            yield f"{line}: {name} without device"
        elif name == "where" and len(args) == 3 and all(isinstance(arg, ast.Constant) for arg in args[1:]):
            yield f"{line}: where of two numbers, which are of the default dtype"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_factory_says_its_dtype_and_device(path):
    assert list(silent(path.read_text())) == []


@pytest.mark.parametrize(
    "line", ["torch.zeros(3)", "torch.randn(2, device=d)", "torch.Generator()", "torch.where(m, 1.02, 0.98)"]
)
def test_the_check_sees_what_is_silent(line):
    assert list(silent(line))
