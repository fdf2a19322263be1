"""The named checks of a contract, which run one by one or all together."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload
from unittest import SkipTest

__all__ = ["Check", "Checks", "Property", "named", "require"]

Property = Callable[[Any], None]


def require(holds: object, message: str) -> None:
    """Fail the check with what is wrong."""
    if not holds:
        raise AssertionError(message)


def named(subject: object) -> str:
    """The name in errors. A full repr for each of thousands of examples would take longer than the examples."""
    return type(subject).__name__


class Check:
    """One property of one plugin. A call raises an AssertionError that says what is wrong.

    Attributes
    ----------
    name : str
        Name of the property.
    subject : object
        The object that is checked.
    __name__ : str
        Subject and name, which pytest shows as the test's id.
    """

    def __init__(self, subject: Any, holds: Property, premises: Sequence["Check"] = ()) -> None:
        self.name = holds.__name__
        self.subject = subject
        self.__name__ = f"{_label(subject)}-{self.name}"
        self._holds = holds
        self._premises = tuple(premises)

    def __call__(self) -> None:
        """Run the check.

        Raises
        ------
        AssertionError
            If the property does not hold.
        unittest.SkipTest
            If a property that it relies on does not hold. pytest shows it as skipped.
        """
        for premise in self._premises:
            if premise._failure is not None:
                raise SkipTest(f"{self.name} cannot be judged while {premise.name} fails") from premise._failure
        self._holds(self.subject)

    @cached_property
    def _failure(self) -> Exception | None:
        """The failure, found once for all checks that rely on this one."""
        try:
            self._holds(self.subject)
        except Exception as error:
            return error.with_traceback(None)
        return None

    def __repr__(self) -> str:
        return f"<Check {self.__name__}>"


class Checks(Sequence[Check]):
    """The checks of a contract, to loop over, to parametrise a test with, or to `run`.

    A test whose checks are never run cannot fail. So the object warns if it is dropped unused.
    """

    def __init__(self, subject: Any, premises: Sequence[Property], properties: Sequence[Property]) -> None:
        self._label = _label(subject)
        self._used = False
        checks: list[Check] = []
        for premise in premises:
            checks.append(Check(subject, premise, checks))
        self._checks = [*checks, *(Check(subject, holds, checks) for holds in properties)]

    def __iter__(self) -> Iterator[Check]:
        self._used = True
        return iter(self._checks)

    def __len__(self) -> int:
        return len(self._checks)

    @overload
    def __getitem__(self, index: int) -> Check: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Check]: ...
    def __getitem__(self, index: int | slice) -> Check | Sequence[Check]:
        self._used = True
        return self._checks[index]

    def run(self) -> None:
        """Run all checks, also outside pytest.

        Raises
        ------
        ExceptionGroup
            Contains every failure, each with the check's name.
        """
        failures: list[Exception] = []
        for check in self:
            try:
                check()
            except SkipTest:
                continue
            except Exception as error:
                error.add_note(f"in the check {check.name}")
                failures.append(error)
        if failures:
            raise ExceptionGroup(f"{self._label} does not meet its contract", failures)

    def __repr__(self) -> str:
        return f"<Checks of {self._label}: {', '.join(check.name for check in self._checks)}>"

    def __del__(self) -> None:
        if not self._used:
            warnings.warn(
                f"the checks of {self._label} were made and not run: call run(), or hand them to"
                " pytest.mark.parametrize('check', ...)",
                RuntimeWarning,
                stacklevel=2,
            )


def _label(subject: Any) -> str:
    """Its repr on one line."""
    return " ".join((subject.__name__ if isinstance(subject, type) else repr(subject)).split())
