"""Work in chunks: every row once, in order, in one array."""

import numpy as np
import pytest

from fdgm._chunks import apply_in_chunks, slices


@pytest.mark.parametrize(("n", "size", "n_calls"), [(1, 4, 1), (4, 4, 1), (5, 4, 2), (12, 5, 3)])
def test_each_row_is_visited_once_and_in_order(n, size, n_calls):
    rows = np.arange(2.0 * n).reshape(n, 2)
    seen = []
    found = apply_in_chunks(lambda part: seen.append(part) or rows[part] + 1, n, size)
    np.testing.assert_array_equal(found, rows + 1)
    assert len(seen) == n_calls
    assert max(part.stop - part.start for part in seen) <= size


def test_the_result_is_no_view_of_what_the_function_returned():
    held = np.zeros(3)
    apply_in_chunks(lambda part: held[part], 3, 8)[:] = 1
    assert not held.any()


def test_no_rows_are_an_error_and_no_slices():
    assert list(slices(0, 4)) == []
    with pytest.raises(ValueError, match="n of apply_in_chunks must be at least 1, got 0"):
        apply_in_chunks(lambda part: np.zeros(0), 0, 4)
