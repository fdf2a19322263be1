"""An order of two samples that does not depend on the order in which they are given."""

import numpy as np

__all__ = ["comes_first"]


def comes_first(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether `one` is the first of the two: the shorter, or the smaller at the first element that differs.

    A missing value, NaN, counts as greater than any number and equal to another NaN. A method that treats its samples
    alike except for a sign learns from them in this order. Exchanging them then changes the sign and no other bit.
    """
    if len(one) != len(other):
        return len(one) < len(other)
    for a, b in zip(one, other, strict=True):
        a, b = (np.where(np.isnan(row), np.inf, row) for row in (a, b))  # samples contain no infinity
        different = a != b
        if different.any():
            return bool((a < b)[different].flat[0])
    return True
