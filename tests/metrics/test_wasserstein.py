"""Wasserstein distances: POT's figures, closed forms, axioms."""

import builtins
import itertools
import threading
import time

import hypothesis.extra.numpy as hnp
import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fdgm.exceptions import PrecisionWarning
from fdgm.metrics import _transport as module
from fdgm.metrics import sliced_wasserstein_distance, wasserstein_distance
from fdgm.metrics._interrupt import interruptible

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)
POWERS = pytest.mark.parametrize("p", [1, 2])
BOTH = pytest.mark.parametrize("distance", [wasserstein_distance, sliced_wasserstein_distance])
line = hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.just(1)), elements=st.floats(-100, 100))


def pair(n=40, m=30, width=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, width)), 0.5 + 2 * rng.standard_normal((m, width))


class TestExact:
    @POWERS
    @pytest.mark.parametrize("width", [1, 3, 80])
    def test_agrees_with_pot(self, p, width):
        X, Y = pair(width=width)
        expected = ot.emd2([], [], ot.dist(X, Y, metric="euclidean") ** p) ** (1 / p)
        assert wasserstein_distance(X, Y, p=p) == pytest.approx(expected, rel=1e-9)

    @POWERS
    @pytest.mark.parametrize("seed", range(3))
    def test_is_the_best_of_all_matchings(self, p, seed):
        X, Y = pair(5, 5, 2, seed)
        cost = np.linalg.norm(X[:, None] - Y, axis=2) ** p
        best = min(cost[range(5), order].mean() for order in itertools.permutations(range(5)))
        assert wasserstein_distance(X, Y, p=p) == pytest.approx(best ** (1 / p), rel=1e-12)

    @SETTINGS
    @given(line, line)
    def test_agrees_with_scipy_on_a_line(self, X, Y):
        expected = stats.wasserstein_distance(X[:, 0], Y[:, 0])
        assert wasserstein_distance(X, Y) == pytest.approx(expected, rel=1e-12, abs=1e-12)

    @POWERS
    @SETTINGS
    @given(line, line)
    def test_a_line_in_the_plane_is_a_line(self, p, X, Y):
        # One feature is sorted, two go through the solver; it sums up to 18 products of rounding 1e-16 · 200².
        value = wasserstein_distance(X, Y, p=p)
        flat = wasserstein_distance(*(np.hstack([a, np.zeros_like(a)]) for a in (X, Y)), p=p)
        assert flat**p == pytest.approx(value**p, rel=1e-9, abs=1e-9)

    def test_gaussians_on_a_line(self):
        n = 20_000
        z = stats.norm.ppf((np.arange(n) + 0.5) / n)[:, None]  # quantiles, so that no statistical error is left
        # The tails beyond the outermost quantiles hold less than 1e-3 of the variance.
        assert wasserstein_distance(2 * z + 1, z, p=2) == pytest.approx(np.sqrt(2), rel=1e-3)

    @POWERS
    @pytest.mark.parametrize("width", [2, 70])
    def test_costs_made_as_needed_give_the_same(self, p, width, monkeypatch):
        X, Y = pair(width=width)
        kept = wasserstein_distance(X, Y, p=p)
        monkeypatch.setattr(module, "_DENSE", 0)
        assert wasserstein_distance(X, Y, p=p) == pytest.approx(kept, rel=1e-9)

    @pytest.mark.parametrize("chunk_size", [1, 7, 1000])
    def test_chunk_size_changes_nothing(self, chunk_size):
        X, Y = pair(width=70)
        assert wasserstein_distance(X, Y, chunk_size=chunk_size) == pytest.approx(wasserstein_distance(X, Y), rel=1e-10)

    def test_names_the_extra_without_pot(self, monkeypatch):
        real_import = builtins.__import__

        def missing(name, *args, **kwargs):
            if name == "ot":
                raise ImportError("no ot")
            return real_import(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", missing)
        with pytest.raises(ImportError, match=r"wasserstein_distance needs POT .* extra fdgm\[metrics\]"):
            wasserstein_distance(*pair())
        assert wasserstein_distance([[0.0]], [[2.0]]) == 2.0  # one feature needs none


class TestSliced:
    @POWERS
    @pytest.mark.parametrize("m", [40, 30])
    def test_agrees_with_pot(self, p, m):
        X, Y = pair(m=m)
        directions = ot.sliced.get_random_projections(3, 120, seed=0)
        expected = ot.sliced_wasserstein_distance(X, Y, p=p, projections=directions)
        value = sliced_wasserstein_distance(X, Y, p=p, projections=directions.T)
        assert value == pytest.approx(expected, rel=1e-9)

    @POWERS
    def test_translation(self, p):
        # W_p along θ is |θ·t|; in the plane E|cos| = 2/π and E cos² = 1/2.
        X, _ = pair(width=2)
        angles = np.arange(1000) * 2 * np.pi / 1000
        value = sliced_wasserstein_distance(
            X, X + np.array([3.0, 4.0]), p=p, projections=np.column_stack([np.cos(angles), np.sin(angles)])
        )
        assert value == pytest.approx(5 * {1: 2 / np.pi, 2: np.sqrt(0.5)}[p], rel=1e-4)

    @POWERS
    def test_at_most_the_exact_distance(self, p):
        X, Y = pair()
        assert sliced_wasserstein_distance(X, Y, p=p, random_state=0) <= wasserstein_distance(X, Y, p=p)

    def test_random_directions_are_uniform(self):
        # The mean of cos² over the sphere in three dimensions is 1/3, its deviation √(4/45).
        t = np.array([1.0, 0.0, 0.0])
        value = sliced_wasserstein_distance([[0.0] * 3], [t], p=2, n_projections=5000, random_state=0)
        assert value**2 == pytest.approx(1 / 3, abs=4 * np.sqrt(4 / 45 / 5000))

    def test_lengths_of_projections_do_not_count(self):
        X, Y = pair()
        directions = np.random.default_rng(0).standard_normal((5, 3))
        value = sliced_wasserstein_distance(X, Y, projections=directions)
        assert sliced_wasserstein_distance(X, Y, projections=4 * directions) == pytest.approx(value, rel=1e-12)

    def test_same_seed_same_bits(self):
        values = [sliced_wasserstein_distance(*pair(), n_projections=5, random_state=seed) for seed in (1, 1, 2)]
        assert values[0] == values[1] != values[2]

    @pytest.mark.parametrize(
        ("bad", "received"),
        [
            ({"n_projections": 0}, "n_projections of sliced_wasserstein_distance .* got 0"),
            ({"n_projections": 5, "projections": np.eye(3)}, "n_projections .* None beside projections, .* got 5"),
            ({"projections": np.eye(2)}, r"projections of sliced_wasserstein_distance .* got shape \(2, 2\)"),
            ({"projections": [[0, 0, 0]]}, r"projections of sliced_wasserstein_distance .* got \[\[0, 0, 0\]\]"),
            ({"random_state": "a"}, "random_state of sliced_wasserstein_distance .* got 'a'"),
        ],
    )
    def test_refuses(self, bad, received):
        with pytest.raises(ValueError, match=received):
            sliced_wasserstein_distance(*pair(), **bad)


@BOTH
class TestAxioms:
    @POWERS
    def test_zero_on_the_same_sample(self, distance, p):
        X, _ = pair()
        assert distance(X, X.copy()[::-1], p=p) == 0.0

    @POWERS
    def test_symmetric(self, distance, p):
        X, Y = pair()
        forth = distance(X, Y, p=p, **self.seed(distance))
        assert forth == pytest.approx(distance(Y, X, p=p, **self.seed(distance)), rel=1e-10)

    def test_duplication_of_rows_does_not_count(self, distance):
        X, Y = pair()
        value = distance(np.repeat(X, 3, axis=0), Y, **self.seed(distance))
        assert value == pytest.approx(distance(X, Y, **self.seed(distance)), rel=1e-10)

    def test_homogeneous(self, distance):
        X, Y = pair()
        assert distance(4 * X, 4 * Y, p=2, **self.seed(distance)) == pytest.approx(
            4 * distance(X, Y, p=2, **self.seed(distance)), rel=1e-10
        )

    @pytest.mark.parametrize("p", [0, 3, 1.5, True, "2"])
    def test_refuses_power(self, distance, p):
        with pytest.raises(ValueError, match=f"^p of {distance.__name__} must be 1 or 2, got {p!r}"):
            distance(*pair(), p=p)

    def test_refuses_nan(self, distance):
        with pytest.raises(ValueError, match=f"X_real of {distance.__name__} must be finite, got nan"):
            distance([[np.nan, 0.0]], [[0.0, 0.0]])

    @staticmethod
    def seed(distance):
        return {"random_state": 0} if distance is sliced_wasserstein_distance else {}


class TestLargeRanges:
    def test_two_groups_far_apart(self):
        X, Y = pair(width=2, n=30, m=30)
        whole = [np.vstack([Z, Z + 1e9]) for Z in (X, Y)]  # of which 1e9 takes nine digits
        assert wasserstein_distance(*whole, p=2) == pytest.approx(wasserstein_distance(X, Y, p=2), rel=1e-5)

    @pytest.mark.parametrize("p", [1, 2])
    def test_an_outlier_of_one_sample_counts(self, p):
        X, Y = pair(width=2, n=30, m=30)
        X[0] = 1e9
        assert wasserstein_distance(X, Y, p=p) == pytest.approx(1e9 * np.sqrt(2) / 30 ** (1 / p), rel=1e-6)

    def test_a_range_that_leaves_no_digits_warns(self, monkeypatch):
        monkeypatch.setattr(module, "_DENSE", 0)  # costs that are made as needed cannot be lowered
        X, Y = pair(width=2, n=30, m=30)
        X[0] = Y[0] = 1e9
        with pytest.warns(PrecisionWarning, match="wasserstein_distance is too small beside .* Remove outliers"):
            wasserstein_distance(X, Y, p=2)


class TestInterrupt:
    def test_is_answered_while_the_solver_works(self, interrupted_after):
        """In a second, of which the signal waits for a quarter; and the solver is told to end."""
        seen = []
        begun = time.monotonic()
        with interrupted_after(0.25), pytest.raises(KeyboardInterrupt):
            interruptible(lambda stopped: seen.append(stopped.wait(10)))
        assert time.monotonic() - begun < 1
        assert _soon(lambda: seen == [True])

    def test_the_solver_lets_go_of_the_interpreter(self, interrupted_after):
        X, Y = np.random.default_rng(0).standard_normal((2, 1500, 3))
        before = threading.active_count()
        with interrupted_after(0.05), pytest.raises(KeyboardInterrupt):
            wasserstein_distance(X, Y)
        assert _soon(lambda: threading.active_count() == before, seconds=30)

    def test_slices_reach_the_same_optimum(self, monkeypatch):
        X, Y = pair(100, 100)
        whole = wasserstein_distance(X, Y)
        monkeypatch.setattr(module, "_SLICE", 50)
        assert wasserstein_distance(X, Y) == pytest.approx(whole, rel=1e-12)

    def test_an_error_of_the_thread_is_raised(self):
        with pytest.raises(ZeroDivisionError):
            interruptible(lambda stopped: 1 / 0)


def _soon(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()
