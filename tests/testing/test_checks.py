"""Checks: named, run one by one or together, and never left unrun in silence."""

import gc
import subprocess
import sys
import warnings
from unittest import SkipTest

import pytest

from fdgm.divergences import KL
from fdgm.testing import check_divergence
from fdgm.testing._check import Checks


def holds(subject):
    pass


def fails(subject):
    raise AssertionError("it does not")


def breaks(subject):
    raise RuntimeError("it broke")


def test_a_check_is_named_after_its_subject_and_property():
    check = check_divergence(KL())[2]
    assert (check.name, check.__name__) == ("f_is_zero_at_one", "KL()-f_is_zero_at_one")
    assert repr(check) == "<Check KL()-f_is_zero_at_one>"


def test_names_are_unique():
    names = [check.name for check in check_divergence(KL())]
    assert len(set(names)) == len(names) > 10


def test_a_check_is_skipped_while_what_it_rests_on_fails():
    first, second, third = Checks(3, [fails, holds], [breaks])
    with pytest.raises(AssertionError, match="it does not"):
        first()
    for later in (second, third):
        with pytest.raises(SkipTest, match=f"{later.name} cannot be judged while fails fails"):
            later()


def test_run_gathers_the_failures():
    with pytest.raises(ExceptionGroup, match="3 does not meet its contract") as caught:
        Checks(3, [holds], [fails, breaks]).run()
    assert [type(error) for error in caught.value.exceptions] == [AssertionError, RuntimeError]
    assert [error.__notes__ for error in caught.value.exceptions] == [["in the check fails"], ["in the check breaks"]]


def test_run_is_silent_where_all_hold():
    Checks(3, [holds], [holds]).run()


def test_checks_that_were_never_looked_at_warn():
    with pytest.warns(RuntimeWarning, match=r"the checks of KL\(\) were made and not run"):
        check_divergence(KL())


def test_checks_that_were_looked_at_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(check_divergence(KL()))
        gc.collect()


USE = """
import pytest
from fdgm.divergences import KL
from fdgm.testing import check_divergence

class Wrong(KL):
    def f_prime(self, l):
        return l

@pytest.mark.parametrize("check", check_divergence(Wrong))
def test_contract(check):
    check()
"""


def test_one_line_makes_named_tests_of_a_contract(tmp_path):
    (tmp_path / "test_plugin.py").write_text(USE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert "1 failed" in done.stdout
    assert "test_contract[Wrong()-f_prime_is_the_derivative_of_f]" in done.stdout
    assert "AssertionError: f_prime of Wrong must be the derivative of its f" in done.stdout
    assert list(tmp_path.glob(".hypothesis")) == []


WITHOUT = """
import sys
sys.modules["hypothesis"] = None
import fdgm
fdgm.available("divergence"), fdgm.VGrowSampler
try:
    fdgm.testing.check_divergence
except ImportError as error:
    print(error)
"""


def test_only_the_contracts_need_hypothesis():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert "pip install 'fdgm[testing]'" in done.stdout
