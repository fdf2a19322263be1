"""Values outside the ranges of an estimator's parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

from .._sklearn import generate_invalid_param_val, make_constraint
from ..options import Option

__all__ = ["invalid_params"]


class _Unknown:
    """An object that no parameter takes."""

    def __repr__(self) -> str:
        return "an unknown object"


_UNKNOWN = _Unknown()
#: A name of nothing. A path may be any text.
_NAME, _PATHS = "no_such_name", frozenset({"checkpoint", "path"})


def invalid_params(owner: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give name and invalid value for every parameter of an estimator and of its options.

    A value is an object of an unknown class, NaN for numbers or an unknown name for names. It may also lie outside an
    interval or a list of choices.
    """
    for name, value in _values(owner._parameter_constraints, owner.get_params(deep=False)):
        yield f"{prefix}{name}", value
    for name, option in _options(owner).items():
        yield from invalid_params(option, f"{prefix}{name}__")


def _options(owner: Any) -> dict[str, Option]:
    """The options that a nested name reaches: given ones, and those that None, a name or a number stand for."""
    if isinstance(owner, Option):
        defaults = {name: kind() for name, kind in owner._options.items()}
    else:
        defaults = getattr(owner, "_option_defaults", {})
    given = {name: value for name, value in owner.get_params(deep=False).items() if isinstance(value, Option)}
    return {**defaults, **given}


def _values(constraints: Mapping[str, list[Any]], params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in params:
        given = constraints.get(name, [])
        if given == "no_validation":
            given = []
        allowed = [make_constraint(one) for one in given]
        candidates: list[Any] = [_UNKNOWN]
        for one in allowed:
            try:
                candidates.append(generate_invalid_param_val(one))
            except NotImplementedError:  # a constraint without values outside
                continue
        if any(one.is_satisfied_by(0.5) for one in allowed):
            candidates.append(float("nan"))
        if any(one.is_satisfied_by("") for one in allowed) and name not in _PATHS:
            candidates.append(_NAME)
        for value in candidates:
            by_type = value is _UNKNOWN or value == _NAME
            if by_type or not any(one.is_satisfied_by(value) for one in allowed):
                yield name, value
