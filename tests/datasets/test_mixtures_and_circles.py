"""The synthetic sets have the modes, fractions, noise and seeds that they promise."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from fdgm.datasets import (
    grid_centers,
    make_circles,
    make_grid,
    make_imbalanced_grid,
    make_ring,
    make_swiss_roll,
    ring_centers,
)

MAKERS = [make_ring, make_grid, make_circles]
MIXTURES = [(make_ring, ring_centers), (make_grid, grid_centers)]


@pytest.mark.parametrize("make", MAKERS)
class TestEveryMaker:
    def test_shapes_and_dtypes(self, make):
        X, labels = make(37, return_labels=True, random_state=0)
        assert (X.shape, X.dtype, labels.shape, labels.dtype) == ((37, 2), np.float64, (37,), np.int64)

    def test_labels_do_not_change_the_samples(self, make):
        assert_array_equal(make(50, random_state=3), make(50, return_labels=True, random_state=3)[0])

    @pytest.mark.parametrize("source", [lambda: 7, lambda: np.random.default_rng(7), lambda: np.random.RandomState(7)])
    def test_same_seed_same_bits(self, make, source):
        assert_array_equal(make(50, random_state=source()), make(50, random_state=source()))

    @pytest.mark.parametrize("rng", [None, np.random.default_rng(7), np.random.RandomState(7)])
    def test_successive_draws_differ(self, make, rng):
        assert not np.array_equal(make(50, random_state=rng), make(50, random_state=rng))

    def test_numpy_integers_are_seeds(self, make):
        assert_array_equal(make(5, random_state=np.int32(4)), make(5, random_state=4))

    @pytest.mark.parametrize("random_state", [None, 0])
    def test_global_state_is_untouched(self, make, random_state):
        before = np.random.get_state()[1:3]
        make(50, random_state=random_state)
        after = np.random.get_state()[1:3]
        assert_array_equal(before[0], after[0])
        assert before[1] == after[1]

    @pytest.mark.parametrize("n_samples", [0, -3, 2.0, True, "10"])
    def test_refuses_n_samples(self, make, n_samples):
        with pytest.raises(ValueError, match=rf"n_samples of {make.__name__} .* got {n_samples!r}"):
            make(n_samples)

    @pytest.mark.parametrize("std", [-0.1, np.nan, np.inf, "wide"])
    def test_refuses_std(self, make, std):
        with pytest.raises(ValueError, match=rf"std of {make.__name__} .* got {std!r}"):
            make(10, std=std)

    @pytest.mark.parametrize("random_state", [-1, 0.5, "seed"])
    def test_refuses_random_state(self, make, random_state):
        with pytest.raises(ValueError, match=rf"random_state of {make.__name__} .* got {random_state!r}"):
            make(10, random_state=random_state)


@pytest.mark.parametrize(("make", "centers"), MIXTURES)
class TestMixtures:
    def test_samples_are_the_centers_without_noise(self, make, centers):
        X, labels = make(200, std=0.0, return_labels=True, random_state=0)
        assert_array_equal(X, centers()[labels])

    def test_noise_is_standard_normal_times_std(self, make, centers):
        X, labels = make(2000, std=0.3, return_labels=True, random_state=0)
        noise = (X - centers()[labels]) / 0.3
        assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3

    def test_modes_are_equally_likely(self, make, centers):
        _, labels = make(5000, return_labels=True, random_state=0)
        assert stats.chisquare(np.bincount(labels, minlength=len(centers()))).pvalue > 1e-3


class TestRing:
    @pytest.mark.parametrize("n_modes", [1, 2, 8, 13])
    def test_centers_are_the_roots_of_unity_times_the_radius(self, n_modes):
        x, y = ring_centers(n_modes=n_modes, radius=3.0).T
        assert_allclose((x + 1j * y) ** n_modes, 3.0**n_modes, rtol=1e-12)
        assert (x[0], y[0]) == (3.0, 0.0)
        assert len({*zip(x.round(6), y.round(6), strict=True)}) == n_modes

    def test_centers_go_counter_clockwise(self):
        x, y = ring_centers(n_modes=8).T
        assert_allclose(np.unwrap(np.arctan2(y, x)), np.arange(8) * np.pi / 4, atol=1e-12)

    def test_parameters_reach_the_samples(self):
        X = make_ring(100, n_modes=3, radius=5.0, std=0.0, random_state=0)
        assert_allclose(np.linalg.norm(X, axis=1), 5.0)
        assert len(np.unique(X.round(6), axis=0)) == 3

    @pytest.mark.parametrize("function", [make_ring, ring_centers])
    @pytest.mark.parametrize("bad", [{"n_modes": 0}, {"n_modes": 2.5}, {"radius": 0.0}, {"radius": np.nan}])
    def test_refuses(self, function, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=rf"{name} of {function.__name__} .* got {value!r}"):
            function(**bad)


class TestGrid:
    def test_default_centers_are_those_of_the_25_gaussians(self):
        assert {*map(tuple, grid_centers())} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}

    @pytest.mark.parametrize("side", [1, 2, 5, 6])
    def test_centered_at_the_origin(self, side):
        assert_allclose(grid_centers(side=side, spacing=0.7).sum(axis=0), 0.0, atol=1e-12)

    def test_scale_divides_everything(self):
        args = {"side": 3, "std": 0.5, "random_state": 0}
        assert_allclose(make_grid(50, scale=4.0, **args), make_grid(50, **args) / 4, rtol=1e-12, atol=1e-14)

    def test_imbalance_is_in_the_fractions(self):
        weights = np.where(np.arange(25) % 2, 500, 10_000)
        _, labels = make_grid(50_000, imbalance=weights, return_labels=True, random_state=0)
        expected = 50_000 * weights / weights.sum()
        assert stats.chisquare(np.bincount(labels, minlength=25), expected).pvalue > 1e-3

    def test_weights_count_up_to_a_factor(self):
        draw = functools.partial(make_grid, 50, side=2, random_state=0)
        assert_array_equal(draw(imbalance=[1, 2, 3, 4]), draw(imbalance=[1e307, 2e307, 3e307, 4e307]))

    @pytest.mark.parametrize("imbalance", [[1, 1, 1], [1, 1, 1, 0], [1, 1, 1, -2], [1, 1, 1, np.nan], "abcd", 3])
    def test_refuses_imbalance(self, imbalance):
        with pytest.raises(ValueError, match=r"imbalance of make_grid .* 4 finite numbers > 0") as caught:
            make_grid(10, side=2, imbalance=imbalance)
        assert f"got {imbalance!r}" in str(caught.value)

    @pytest.mark.parametrize("function", [make_grid, grid_centers])
    @pytest.mark.parametrize("bad", [{"side": 0}, {"spacing": -1.0}, {"scale": 0.0}, {"scale": np.inf}])
    def test_refuses(self, function, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=rf"{name} of {function.__name__} .* got {value!r}"):
            function(**bad)


class TestCircles:
    def test_labels_index_the_radii(self):
        radii = np.array([0.5, 3.0, 1.0])
        X, labels = make_circles(300, radii=radii, std=0.0, return_labels=True, random_state=0)
        assert_allclose(np.linalg.norm(X, axis=1), radii[labels])
        assert stats.chisquare(np.bincount(labels, minlength=3)).pvalue > 1e-3

    def test_angles_are_uniform(self):
        x, y = make_circles(2000, std=0.0, random_state=0).T
        assert stats.kstest(np.arctan2(y, x), stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3

    def test_second_moment_is_that_of_circle_plus_noise(self):
        # ‖X‖² with X on a circle of radius r plus N(0, s² I) has mean r² + 2s² and variance 4r²s² + 4s⁴.
        n, r, s = 5000, 2.0, 0.5
        X = make_circles(n, radii=[r], std=s, random_state=0)
        tolerance = 4 * np.sqrt((4 * r**2 * s**2 + 4 * s**4) / n)
        assert abs((X**2).sum(axis=1).mean() - (r**2 + 2 * s**2)) < tolerance

    @pytest.mark.parametrize("radii", [[], [1.0, 0.0], [-1.0], [np.nan], [[1.0]], 2.0, "wide"])
    def test_refuses_radii(self, radii):
        with pytest.raises(ValueError, match="radii of make_circles") as caught:
            make_circles(10, radii=radii)
        assert f"got {radii!r}" in str(caught.value)


class TestImbalancedGrid:
    """AGE's 9 and 25 Gaussians, appendix E.1."""

    @pytest.mark.parametrize(("side", "majority", "minority"), [(3, 5, 4), (5, 13, 12)])
    def test_published_counts(self, side, majority, minority):
        X, labels = make_imbalanced_grid(side, return_labels=True, random_state=0)
        counts = np.bincount(labels)
        assert X.shape == (10_000 * majority + 500 * minority, 2)
        assert counts[::2].tolist() == [10_000] * majority
        assert counts[1::2].tolist() == [500] * minority

    def test_noise_is_standard_normal_times_std(self):
        X, labels = make_imbalanced_grid(3, n_majority=300, n_minority=20, return_labels=True, random_state=0)
        assert stats.kstest(((X - grid_centers(side=3)[labels]) / 0.3).ravel(), "norm").pvalue > 1e-3

    def test_rows_come_in_random_order(self):
        _, labels = make_imbalanced_grid(2, n_majority=500, n_minority=500, return_labels=True, random_state=0)
        # Wald and Wolfowitz: runs of an even split of n = 2000 have mean n/2 + 1 and variance n/4.
        runs = 1 + np.count_nonzero(np.diff(labels % 2))
        assert abs(runs - 1001) < 4 * np.sqrt(500)

    def test_seeds_and_labels(self):
        draw = functools.partial(make_imbalanced_grid, 2, n_majority=9, n_minority=2)
        assert_array_equal(draw(random_state=1), draw(return_labels=True, random_state=1)[0])
        assert not np.array_equal(draw(random_state=1), draw(random_state=2))

    @pytest.mark.parametrize(
        "bad",
        [{"side": 0}, {"n_majority": 0}, {"n_minority": 1.5}, {"std": -1.0}, {"spacing": 0.0}, {"random_state": "a"}],
    )
    def test_refuses(self, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=rf"{name} of make_imbalanced_grid .* got {value!r}"):
            make_imbalanced_grid(**bad)


class TestSwissRoll:
    def test_it_is_scikit_learns_first_and_last_axis(self):
        from sklearn.datasets import make_swiss_roll as in_three

        theirs = in_three(2000, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5
        ours = make_swiss_roll(2000, random_state=0)
        for axis in (0, 1):
            assert stats.ks_2samp(ours[:, axis], theirs[:, axis]).pvalue > 1e-3
        assert stats.ks_2samp(*(np.linalg.norm(X, axis=1) for X in (ours, theirs))).pvalue > 1e-3

    def test_labels_are_where_it_is_on_the_spiral(self):
        X, t = make_swiss_roll(300, noise=0.0, scale=1.0, return_labels=True, random_state=0)
        assert_allclose(X[:, 0] + 1j * X[:, 1], t * np.exp(1j * t))
        assert stats.kstest(t, stats.uniform(1.5 * np.pi, 3 * np.pi).cdf).pvalue > 1e-3

    def test_scale_divides_everything(self):
        draw = functools.partial(make_swiss_roll, 50, random_state=0)
        assert_allclose(draw(scale=3.0), draw(scale=1.0) / 3)

    def test_labels_do_not_change_the_samples(self):
        assert_array_equal(
            make_swiss_roll(9, random_state=1), make_swiss_roll(9, return_labels=True, random_state=1)[0]
        )

    @pytest.mark.parametrize("bad", [{"n_samples": 0}, {"noise": -0.1}, {"scale": 0.0}, {"random_state": -1}])
    def test_refuses(self, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=rf"{name} of make_swiss_roll .* got {value!r}"):
            make_swiss_roll(**bad)
