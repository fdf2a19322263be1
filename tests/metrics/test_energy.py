"""Energy distance: its axioms, closed forms, and independence of the chunk size."""

import functools

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import make_moons

from fdgm.metrics import energy_distance, energy_distance_unit, energy_units, mean_distance

EPS = np.finfo(float).eps
SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)


def samples(width):
    shape = st.tuples(st.integers(1, 12), st.just(width))
    return hnp.arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))


def pairs(max_width=4):
    return st.integers(1, max_width).flatmap(lambda width: st.tuples(samples(width), samples(width)))


def tolerance(*arrays, shift=0.0):
    """Rounding of at most 12² distances and their sums: well under 64 of these units in the largest coordinate.

    Distances below 1e-154 are lost besides, since their squares underflow: 1e-150 is past the sum of them.
    """
    return 64 * EPS * (max(np.abs(a).max() for a in arrays) + shift) * np.sqrt(arrays[0].shape[1]) + 1e-150


def folded_mean(mu, variance):
    """E|Z| for Z ~ N(mu, variance)."""
    s = np.sqrt(variance)
    return s * np.sqrt(2 / np.pi) * np.exp(-(mu**2) / (2 * variance)) + mu * (1 - 2 * stats.norm.cdf(-mu / s))


class TestAxioms:
    @SETTINGS
    @given(samples(3))
    def test_zero_on_the_same_sample(self, X):
        assert energy_distance(X, X.copy(), chunk_size=5) == 0.0

    @SETTINGS
    @given(samples(2), st.randoms(use_true_random=False))
    def test_order_and_duplication_of_rows_do_not_count(self, X, random):
        again = np.repeat(X, 2, axis=0)
        random.shuffle(order := list(range(len(again))))
        assert energy_distance(X, again[order]) <= tolerance(X)

    @SETTINGS
    @given(pairs())
    def test_never_negative(self, pair):
        assert energy_distance(*pair) >= 0.0

    @SETTINGS
    @given(pairs())
    def test_symmetric(self, pair):
        X, Y = pair
        assert energy_distance(X, Y) == pytest.approx(energy_distance(Y, X), rel=0, abs=tolerance(X, Y))

    @SETTINGS
    @given(pairs(), st.floats(-1e3, 1e3))
    def test_translation_invariant(self, pair, t):
        X, Y = pair
        shifted = energy_distance(X + t, Y + t)
        assert shifted == pytest.approx(energy_distance(X, Y), rel=0, abs=tolerance(X, Y, shift=abs(t)))

    @SETTINGS
    @given(pairs(), st.integers(0, 100))
    def test_rotation_invariant(self, pair, seed):
        X, Y = pair
        width = X.shape[1]
        Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0]
        rotated = energy_distance(X @ Q, Y @ Q)
        assert rotated == pytest.approx(energy_distance(X, Y), rel=0, abs=4 * tolerance(X, Y))

    @SETTINGS
    @given(pairs(), st.integers(-8, 8))
    def test_homogeneous(self, pair, power):
        X, Y = pair
        c = 2.0**power
        assert energy_distance(c * X, c * Y) == pytest.approx(c * energy_distance(X, Y), abs=c * tolerance(X, Y))


class TestClosedForms:
    @SETTINGS
    @given(pairs(max_width=1))
    def test_square_of_scipys_in_one_dimension(self, pair):
        X, Y = pair
        expected = stats.energy_distance(X[:, 0], Y[:, 0]) ** 2
        assert energy_distance(X, Y) == pytest.approx(expected, rel=1e-12, abs=tolerance(X, Y))

    @pytest.mark.parametrize("n_real", [1, 7])
    def test_point_masses_at_distance_d_give_2d(self, n_real):
        assert energy_distance([[0.0, 0.0]] * n_real, [[3.0, 4.0]] * 5) == 10.0

    @pytest.mark.parametrize("m", [0.5, 1.0, 3.0])
    def test_shifted_gaussians(self, m):
        n = 3000
        rng = np.random.default_rng(0)
        X, Y = rng.standard_normal((n, 1)), m + rng.standard_normal((n, 1))
        within = folded_mean(0.0, 2.0)
        # The pairs of a point with itself add within/n twice.
        expected = 2 * folded_mean(m, 2.0) - 2 * within + 2 * within / n
        # First order: each sample adds the mean of 2h, h(x) = E|x − Y| − E|x − X'|; the next order is of size 1/n.
        nodes, weights = np.polynomial.hermite_e.hermegauss(60)
        h = folded_mean(nodes - m, 1.0) - folded_mean(nodes, 1.0)
        variance = np.cov(h, aweights=weights, ddof=0)
        assert energy_distance(X, Y) == pytest.approx(expected, abs=4 * np.sqrt(8 * variance / n) + 5 / n)


class TestInput:
    @pytest.mark.parametrize("chunk_size", [1, 2, 7, 64, 10_000])
    def test_chunk_size_changes_nothing(self, chunk_size):
        rng = np.random.default_rng(0)
        X, Y = rng.standard_normal((65, 3)), rng.standard_normal((40, 3))
        # The distances are the same bits; sums of N terms >= 0 in any order are within N units of rounding.
        assert energy_distance(X, Y, chunk_size=chunk_size) == pytest.approx(
            energy_distance(X, Y), rel=0, abs=4 * 65**2 * EPS * np.abs(X).max()
        )

    def test_trailing_shape_is_flattened(self):
        rng = np.random.default_rng(0)
        X, Y = rng.standard_normal((2, 9, 1, 2, 3))
        assert energy_distance(X, Y) == energy_distance(X.reshape(9, 6), Y.reshape(9, 6))

    def test_is_a_float_computed_in_float64(self):
        X = np.array([[1.0], [1.0 + 2**-20]], dtype=np.float32)
        distance = energy_distance(X[:1], X[1:])
        assert type(distance) is float
        assert distance == 2 * 2**-20

    def test_inputs_are_unchanged(self):
        X = np.arange(6.0).reshape(3, 2)
        energy_distance(X, X + 1)
        assert X.tolist() == [[0, 1], [2, 3], [4, 5]]

    def test_objects_that_are_numbers_are_converted(self):
        assert energy_distance(np.array([[1], [2]], dtype=object), [[1], [2]]) == 0.0

    @pytest.mark.parametrize(
        ("X", "received"),
        [
            ([[0.0, 1.0], [2.0, np.nan]], "got nan in row 1, column 1"),
            ([[-np.inf, 1.0]], "got -inf in row 0, column 0"),
            (np.empty((0, 2)), r"got shape \(0, 2\)"),
            (np.empty((2, 0)), r"got shape \(2, 0\)"),
            ([1.0, 2.0], r"got shape \(2,\) \(for one feature, use X.reshape\(-1, 1\)\)"),
            (3.0, "got float"),
            ([["1", "2"]], "got the string '1'"),
            (np.array([[1.0, "2"]], dtype=object), "got the string '2'"),
            ([[1j, 2.0]], "got dtype complex128"),
            ([[1.0, 2.0], [3.0]], "got list: .*inhomogeneous"),
        ],
    )
    def test_refuses_rows(self, X, received):
        good = [[0.0, 0.0]]
        with pytest.raises(ValueError, match=f"X_real of energy_distance must .*{received}"):
            energy_distance(X, good)
        with pytest.raises(ValueError, match=f"X_generated of energy_distance must .*{received}"):
            energy_distance(good, X)

    def test_refuses_different_widths(self):
        with pytest.raises(ValueError, match=r"X_generated of energy_distance .* has 2, got 3"):
            energy_distance(np.zeros((4, 2)), np.zeros((4, 3)))

    @pytest.mark.parametrize("chunk_size", [0, 1.5, None])
    def test_refuses_chunk_size(self, chunk_size):
        with pytest.raises(ValueError, match=f"chunk_size of energy_distance .* got {chunk_size}"):
            energy_distance([[0.0]], [[1.0]], chunk_size=chunk_size)


class TestUnit:
    @staticmethod
    def normal(n, rng):
        return rng.standard_normal((n, 1))

    def test_is_the_bias_of_the_v_statistic(self):
        n, n_pairs = 100, 300
        unit = energy_distance_unit(self.normal, n_samples=n, n_pairs=n_pairs, random_state=0)
        expected = 2 * folded_mean(0.0, 2.0) / n
        # Each is near a weighted sum of χ²(1) with weights > 0, whose deviation is at most √2 times its mean.
        assert unit == pytest.approx(expected, rel=4 * np.sqrt(2 / n_pairs))

    def test_same_seed_same_bits(self):
        unit = functools.partial(energy_distance_unit, self.normal, n_samples=20, n_pairs=3)
        assert unit(random_state=1) == unit(random_state=1) != unit(random_state=2)

    def test_pairs_are_independent_draws(self):
        sizes = []

        def sampler(n, rng):
            sizes.append(n)
            return rng.standard_normal((n, 2))

        energy_distance_unit(sampler, n_samples=6, n_pairs=4, random_state=0)
        assert sizes == [6] * 8

    def test_global_state_is_untouched(self):
        before = np.random.get_state()[1].copy()
        energy_distance_unit(self.normal, n_samples=5, n_pairs=2)
        assert (np.random.get_state()[1] == before).all()

    def test_refuses_what_is_no_sampler(self):
        with pytest.raises(TypeError, match=r"sampler of energy_distance_unit .* got 'ring'"):
            energy_distance_unit("ring")

    def test_refuses_another_number_of_rows(self):
        with pytest.raises(ValueError, match="sampler of energy_distance_unit must return 5 rows, got 4"):
            energy_distance_unit(lambda n, rng: np.zeros((n - 1, 2)), n_samples=5)

    @pytest.mark.parametrize("bad", [{"n_samples": 0}, {"n_pairs": -1}, {"random_state": "seed"}])
    def test_refuses(self, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=f"{name} of energy_distance_unit .* got {value!r}"):
            energy_distance_unit(self.normal, **bad)


def moons(n, rng):
    """Two moons, whose generator puts its points evenly along the arcs."""
    return make_moons(n, noise=0.05, random_state=int(rng.integers(2**31)))[0]


def independent_moons(n, rng):
    """As good as independent: n random rows of 50 n."""
    return moons(50 * n, rng)[rng.choice(50 * n, n, replace=False)]


class TestUnits:
    @staticmethod
    def normal(n, rng):
        return rng.standard_normal((n, 2))

    @pytest.mark.parametrize("draw", [normal, independent_moons], ids=["normal", "moons"])
    @pytest.mark.parametrize("sizes", [(60, 60), (90, 40)])
    def test_real_samples_have_one_on_average(self, draw, sizes):
        """Under the null (1/n + 1/m)⁻¹ U is near Σ λᵢ (χᵢ²(1) − 1) with λᵢ >= 0 and Σ λᵢ = Δ.

        So e has variance 2 Σ λᵢ² / Δ² <= 2, and a mean of k draws a deviation of at most √(2/k).
        """
        rng, k = np.random.default_rng(0), 200
        delta = mean_distance(draw(2000, rng))
        units = [energy_units(*(draw(n, rng) for n in sizes), real_distance=delta) for _ in range(k)]
        assert np.mean(units) == pytest.approx(1, abs=4 * np.sqrt(2 / k))
        assert np.std(units) < np.sqrt(2)

    def test_rows_that_a_generator_of_data_spreads_evenly_are_nearer_than_independent_ones(self):
        rng, k = np.random.default_rng(0), 100
        delta = mean_distance(moons(2000, rng))
        even, fair = (
            np.mean([energy_units(draw(100, rng), draw(100, rng), real_distance=delta) for _ in range(k)])
            for draw in (moons, independent_moons)
        )
        assert even < fair - 4 * np.sqrt(2 / k)

    def test_grows_with_the_samples_at_a_distance(self):
        """U estimates a fixed distance D, so e − 1 is near D n/(2Δ) for n = m."""
        rng = np.random.default_rng(0)
        X, Y = rng.normal([[[0.0]], [[1.0]]], size=(2, 3000, 1))
        delta = mean_distance(X)
        few, many = (energy_units(X[:n], Y[:n], real_distance=delta) - 1 for n in (750, 3000))
        # The relative deviation of U at 750 rows is about 2 √(Var h / n) / D, some 0.1 here.
        assert many / few == pytest.approx(4, rel=0.4)

    def test_in_closed_form(self):
        """X at 0 and 2, Y at 1 and 5: U = 2 · (1 + 5 + 1 + 3)/4 − 2 − 4 = −1; Δ = 2, and 1/n + 1/m = 1."""
        assert energy_units([[0.0], [2.0]], [[1.0], [5.0]]) == pytest.approx(1 - 1 / 2)
        assert energy_units([[0.0], [2.0]], [[1.0], [5.0]], real_distance=4.0) == pytest.approx(1 - 1 / 4)

    def test_has_no_units(self):
        X, Y = np.random.default_rng(0).normal(size=(2, 30, 3))
        assert energy_units(1e-200 * X, 1e-200 * Y) == pytest.approx(energy_units(X, Y))
        delta = mean_distance(X)
        assert mean_distance(1e200 * X) == pytest.approx(1e200 * delta)
        assert energy_units(1e200 * X, 1e200 * Y, real_distance=1e200 * delta) == pytest.approx(energy_units(X, Y))

    def test_features_are_compared_in_place_of_rows(self):
        X, Y = np.random.default_rng(0).normal(size=(2, 30, 3))
        first = functools.partial(energy_units, features=lambda rows: rows[:, :1])
        assert first(X, Y) == energy_units(X[:, :1], Y[:, :1])
        assert mean_distance(X, features=lambda rows: rows[:, :1]) == mean_distance(X[:, :1])

    @pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "large", True])
    def test_refuses_a_distance(self, value):
        with pytest.raises(ValueError, match=f"real_distance of energy_units .* got {value!r}"):
            energy_units([[0.0], [1.0]], [[0.0], [1.0]], real_distance=value)

    def test_refuses_single_and_equal_rows(self):
        two = [[0.0], [1.0]]
        with pytest.raises(ValueError, match="X_real of energy_units must have at least 2 rows, got 1"):
            energy_units([[0.0]], two)
        with pytest.raises(ValueError, match="X_generated of energy_units must have at least 2 rows, got 1"):
            energy_units(two, [[0.0]])
        with pytest.raises(ValueError, match="X of mean_distance must have at least 2 rows, got 1"):
            mean_distance([[0.0]])
        with pytest.raises(ValueError, match=r"X_real of energy_units must have different rows .* got equal ones"):
            energy_units([[1.0], [1.0]], two)
