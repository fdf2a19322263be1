"""The checks of single values: what passes comes back as a plain number, what fails is named with its bounds."""

import re
from pathlib import Path

import numpy as np
import pytest

from fdgm._checks import (
    as_generator,
    check_count,
    check_flag,
    check_fraction,
    check_number,
    check_option,
    check_params,
    check_probabilities,
)

SOURCES = Path(__file__).parents[1] / "fdgm"


@pytest.mark.parametrize("value", [0, -1, 2.5, "a", True, None])
@pytest.mark.parametrize("error", [ValueError, TypeError])
def test_a_count_is_an_int_of_at_least_its_minimum(value, error):
    with pytest.raises(error, match=f"n_samples of sample must be an int of at least 1, got {value!r}"):
        check_count(value, "n_samples", "sample")
    assert check_count(np.int64(3), "n_samples", "sample", minimum=3) == 3
    assert type(check_count(np.int64(3), "n_samples", "sample")) is int


@pytest.mark.parametrize("value", [np.inf, np.nan, -1.0, 0, True, "a"])
def test_a_number_is_finite_and_positive(value):
    with pytest.raises(ValueError, match=f"weight of R1 must be a finite number above 0, got {value!r}"):
        check_number(value, "weight", "R1")


def test_a_number_that_need_not_be_positive_may_be_zero():
    assert check_number(0, "noise", "circles", positive=False) == 0.0
    with pytest.raises(ValueError, match="of at least 0, got -1"):
        check_number(-1, "noise", "circles", positive=False)


@pytest.mark.parametrize("value", [0, 1, 1.5, "a", True])
def test_a_fraction_lies_between_its_ends(value):
    with pytest.raises(ValueError, match=re.escape(f"test_size of f must be a number in (0, 1), got {value!r}")):
        check_fraction(value, "test_size", "f")


def test_flags_and_options():
    assert check_flag(np.True_, "squared", "f") is True
    with pytest.raises(TypeError, match="squared of f must be a bool, got 1"):
        check_flag(1, "squared", "f")
    with pytest.raises(ValueError, match=r"norm of f must be one of \['a', 'b'\], got 'c'"):
        check_option("c", "norm", "f", {"b", "a"})


def test_probabilities_sum_to_one_however_large_the_weights():
    np.testing.assert_allclose(check_probabilities([1e308, 1e308], 2, "weights", "f"), [0.5, 0.5])
    with pytest.raises(ValueError, match=r"weights of f must be None or 2 finite numbers > 0.* got \[1, 0\]"):
        check_probabilities([1, 0], 2, "weights", "f")


def test_attributes_are_checked_by_name():
    class Layer:
        width, depth = 3, 0

    check_params(Layer(), check_count, "width")
    with pytest.raises(ValueError, match="depth of Layer must be an int of at least 1, got 0"):
        check_params(Layer(), check_count, "width", "depth")


def test_one_seed_gives_one_stream_and_a_generator_is_used_itself():
    stream = np.random.default_rng(0)
    assert as_generator(stream, "f") is stream
    assert as_generator(3, "f").random() == as_generator(3, "f").random()
    with pytest.raises(ValueError, match=r"random_state of f must be .* got 'a'"):
        as_generator("a", "f")


def test_private_modules_of_scikit_learn_are_imported_in_one_place():
    private = re.compile(r"^\s*(?:from|import) sklearn[\w.]*\._", re.MULTILINE)
    found = {path.name for path in SOURCES.rglob("*.py") if private.search(path.read_text())}
    assert found == {"_sklearn.py"}
