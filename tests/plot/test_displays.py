"""Displays: what they draw is what they were given, and what cannot be drawn is refused by name."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fdgm import plot
from fdgm.metrics import report
from fdgm.ratios import KLIEP, two_sample_test

RNG = np.random.default_rng(0)
X, S = RNG.normal(size=(120, 2)), RNG.normal(0.5, 1.0, size=(80, 2))


class Source:
    """Samples like any model's."""

    def sample(self, n, random_state=None):
        return np.random.default_rng(random_state).normal(size=(n, 2))


def points(axis):
    return [np.asarray(collection.get_offsets()) for collection in axis.collections]


def heights(axis):
    return [patch.get_height() for patch in axis.patches]


def test_a_scatter_has_the_points_of_both():
    axis = plot.SampleDisplay.from_predictions(X, S).axes_[0, 0]
    real, generated = points(axis)
    np.testing.assert_array_equal(real, X)
    np.testing.assert_array_equal(generated, S)


def test_as_many_samples_are_drawn_as_there_are_rows():
    display = plot.SampleDisplay.from_estimator(Source(), X, random_state=3)
    np.testing.assert_array_equal(display.X_generated, Source().sample(120, random_state=3))
    assert len(plot.SampleDisplay.from_estimator(Source(), X, n_samples=7).X_generated) == 7


def test_columns_are_matched_by_name():
    real = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    display = plot.SampleDisplay.from_predictions(real, pd.DataFrame({"b": S[:, 1], "a": S[:, 0]}), kind="scatter")
    np.testing.assert_array_equal(points(display.axes_[0, 0])[1], S)
    with pytest.raises(ValueError, match=r"X_generated of SampleDisplay must have the columns of X_real, got .*'c'"):
        plot.SampleDisplay.from_predictions(real, pd.DataFrame({"a": S[:, 0], "c": S[:, 1]}))


def test_categories_are_bars_of_fractions():
    real = pd.DataFrame({"number": np.arange(4.0), "kind": ["a", "a", "a", "b"]})
    generated = pd.DataFrame({"number": np.arange(4.0), "kind": ["a", "b", "c", "c"]})
    axis = plot.SampleDisplay.from_predictions(real, generated).axes_[0, 1]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b", "c"]
    assert heights(axis) == [0.75, 0.25, 0.0, 0.25, 0.25, 0.5]


def test_pairs_have_a_panel_for_each_two():
    wide = RNG.normal(size=(50, 7))
    display = plot.SampleDisplay.from_predictions(wide, wide, kind="pairs")
    assert display.axes_.shape == (5, 5)
    np.testing.assert_array_equal(points(display.axes_[1, 3])[0], wide[:, [3, 1]])


def test_images_become_a_sheet():
    images = np.arange(5 * 4.0).reshape(5, 4)
    display = plot.SampleDisplay.from_predictions(images, images, image_shape=(2, 2))
    picture = display.axes_[0, 0].images[0].get_array()
    assert picture.shape == (5, 8)  # 2 down and 3 across, a line between
    np.testing.assert_allclose(picture[:2, :2], images[0].reshape(2, 2) / 19)
    np.testing.assert_allclose(picture[3:, 3:5], images[4].reshape(2, 2) / 19)


@pytest.mark.parametrize("shape", [(3, 3), "2x2", (2, 1, 2)])
def test_rows_that_are_no_images(shape):
    with pytest.raises(ValueError, match="of SampleDisplay must be"):
        plot.SampleDisplay.from_predictions(X[:, [0, 1, 0, 1]], X[:, [0, 1, 0, 1]], image_shape=shape)


@pytest.mark.parametrize("kind", ["scatter", "pairs"])
def test_one_column_has_distributions_alone(kind):
    with pytest.raises(ValueError, match=f"kind of SampleDisplay must be 'columns'.*got '{kind}'"):
        plot.SampleDisplay.from_predictions(X[:, :1], S[:, :1], kind=kind)
    assert plot.SampleDisplay.from_predictions(X[:, :1], S[:, :1]).axes_.shape == (1, 1)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match=r"kind of SampleDisplay must be one of .*got 'pie'"):
        plot.SampleDisplay.from_predictions(X, S, kind="pie")


def test_pictures_go_into_axes_that_are_given():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    display = plot.SampleDisplay.from_predictions(X, S, ax=axes[1])
    assert display.figure_ is figure
    assert (len(axes[0].collections), len(axes[1].collections)) == (0, 2)
    with pytest.raises(ValueError, match=r"ax of SampleDisplay.plot must be None or one Axes for this picture, got 2"):
        plot.SampleDisplay.from_predictions(X, S, ax=axes)


HISTORY = pd.DataFrame({"critic_loss": [1.4, 1.3, 9.0], "displacement": [0.1, 0.2, 0.3], "seconds": [1.0, 2.0, 3.0]})


def test_a_history_has_a_panel_for_each_figure_except_seconds():
    axes = plot.HistoryDisplay.from_history(HISTORY).axes_
    assert [axis.get_title() for axis in axes.flat] == ["critic loss", "displacement"]
    np.testing.assert_array_equal(axes[0, 0].lines[0].get_ydata(), HISTORY["critic_loss"])
    assert len(axes[0, 0].lines) == 1


@pytest.mark.parametrize("reason", ["explosion", "collapse", "non_finite"])
def test_a_failure_is_marked_after_the_last_iteration_kept(reason):
    display = plot.HistoryDisplay.from_history(HISTORY, stop_reason=reason)
    assert all(axis.lines[1].get_xdata()[0] == 3.5 for axis in display.axes_.flat)
    assert "training failed after iteration 3" in display.figure_.get_suptitle()


def test_particles_are_drawn_in_order():
    display = plot.ParticlesDisplay.from_predictions({10: S, 1: X}, X)
    assert [axis.get_title() for axis in display.axes_[0]] == ["iteration 1", "iteration 10"]
    np.testing.assert_array_equal(points(display.axes_[0, 1])[1], S)
    animation = display.animate()
    assert list(animation.new_frame_seq()) == [0, 1]
    (moved,) = animation._func(1)
    np.testing.assert_array_equal(moved.get_offsets(), S)
    animation._draw_was_started = True  # it is not shown


def test_a_sampler_without_particles_says_what_to_do():
    fitted = SimpleNamespace(particles_={})
    with pytest.raises(ValueError, match=r"got a SimpleNamespace with none; fit it with record_particles="):
        plot.ParticlesDisplay.from_estimator(fitted)


def test_velocity_of_a_known_ratio():
    """T = x gives ∇T = (1, 0), and reverse KL the weight e^T."""

    class Ratio:
        def log_ratio_tensor(self, x):
            return x[:, 0]

    display = plot.VelocityDisplay.from_estimator(Ratio(), X, n=5, divergence="reverse_kl")
    np.testing.assert_allclose(display.velocities[..., 0], np.exp(display.grid[..., 0]))
    np.testing.assert_array_equal(display.velocities[..., 1], 0)
    np.testing.assert_allclose(display.log_ratios, display.grid[..., 0])


def test_velocity_wants_a_plane():
    with pytest.raises(ValueError, match=r"X of VelocityDisplay must have shape \(n_samples, 2\), got \(120, 1\)"):
        plot.VelocityDisplay.from_estimator(None, X[:, :1])


def test_latents_are_turned_to_their_principal_axes():
    Z = RNG.normal(size=(200, 3)) * [5.0, 1.0, 0.0]
    display = plot.LatentDisplay.from_predictions(Z, Z[:, 0] > 0)
    assert display.explained_ == pytest.approx(1.0)
    low, high = points(display.ax_)
    shown = np.concatenate([low, high])  # in the order of the labels
    ordered = np.concatenate([Z[Z[:, 0] <= 0], Z[Z[:, 0] > 0]])
    assert abs(np.corrcoef(shown[:, 0], ordered[:, 0])[0, 1]) > 0.99
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["False", "True"]


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"y of LatentDisplay must have shape \(120,\), got \(80,\)"):
        plot.LatentDisplay.from_predictions(X, S[:, 0])


def test_interpolations_of_rows_in_the_plane_are_paths():
    rows = np.linspace(X[:3], X[3:6], 4, axis=1)
    display = plot.InterpolationDisplay.from_predictions(rows)
    assert [line.get_xydata().tolist() for line in display.axes_[0].lines] == rows.tolist()


@pytest.fixture(scope="module")
def ratio():
    return KLIEP(random_state=0).fit(S[:40], X[:60])


def test_calibration_is_that_of_the_log_ratios(ratio):
    display = plot.RatioCalibrationDisplay.from_estimator(ratio, S[40:], X[60:], n_bins=4)
    assert len(display.calibration) == 4
    np.testing.assert_array_equal(display.ax_.lines[1].get_ydata(), display.calibration["observed"])


def test_the_test_of_a_ratio_and_its_picture_agree(ratio):
    display = plot.TwoSampleTestDisplay.from_estimator(ratio, S[40:], X[60:], n_permutations=99, random_state=0)
    assert display.test.null.shape == (99,)
    assert display.test.p_value == (1 + np.sum(display.test.null >= display.test.statistic)) / 100
    assert display.ax_.lines[0].get_xdata()[0] == display.test.statistic


def test_the_null_is_centred_where_the_samples_are_one():
    test = two_sample_test(X, RNG.normal(size=(120, 2)), random_state=0)
    assert abs(test.null.mean()) < 3 * test.null.std() / np.sqrt(len(test.null))
    assert plot.TwoSampleTestDisplay.from_test(test).test is test


@pytest.fixture(scope="module")
def table():
    return report(X, S, RNG.normal(size=(80, 2)), n_resamples=10, random_state=0)


def test_a_report_has_a_panel_for_each_measure(table):
    display = plot.ReportDisplay.from_report(table)
    assert [axis.get_title().split("\n")[0] for axis in display.axes_.flat if axis.get_visible()] == list(table.index)
    assert display.axes_[0, 0].lines[1].get_xdata()[0] == table["value"].iloc[0]


def test_a_report_in_a_notebook_shows_each_line_with_its_interval(table):
    shown = table._repr_html_()
    assert shown.count("<tr>") == 1 + len(table)
    assert shown.count("<circle") >= 5
    assert f"<b>{table['value'].iloc[0]:.4g}</b>" in shown


def test_a_part_of_a_report_is_a_plain_table_in_a_notebook(table):
    assert "<svg" not in table[["value"]]._repr_html_()
    assert len(repr(table).splitlines()) == 2 + len(table)


def test_from_estimator_makes_the_report_itself():
    display = plot.ReportDisplay.from_estimator(Source(), X, random_state=0, n_resamples=0)
    assert display.report["value"].equals(
        report(X, Source().sample(120, random_state=0), n_resamples=0, random_state=0)["value"]
    )
