"""The classifiers that come with the package: what they take and give, and how well they do."""

from importlib import resources

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fdgm.datasets import load_fashion_mnist, load_mnist, make_stacked_mnist
from fdgm.metrics import frechet_distance, inception_score, load_classifier, report

NAMES = {"mnist": 1, "fashion-mnist": 1, "stacked-mnist": 3}
LOADERS = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
each = pytest.mark.parametrize("name", NAMES)
# Other routines for other batches and layouts: float32 rounds by 6e-8 in each of some 10 layers.
CLOSE = {"rtol": 1e-3, "atol": 1e-5}


def images(name, n=6, side=28):
    return np.random.default_rng(0).uniform(-1, 1, (n, NAMES[name], side, side)).astype(np.float32)


@each
class TestWhatItGives:
    def test_features(self, name):
        assert load_classifier(name).features(images(name)).shape == (6, 128 * NAMES[name])

    def test_probabilities(self, name):
        p = load_classifier(name).probabilities(images(name))
        assert p.shape == (6, 10 ** NAMES[name])
        assert p.min() >= 0
        assert_allclose(p.sum(axis=1), 1, rtol=1e-12)

    def test_it_is_called_a_classifier_by_name(self, name):
        assert load_classifier(name).name == f"classifier-{name}"

    def test_rows_do_not_depend_on_the_others(self, name):
        classifier, X = load_classifier(name), images(name)
        for look in (classifier.features, classifier.probabilities):
            assert_allclose(np.concatenate([look(x[None]) for x in X]), look(X), **CLOSE)

    def test_bytes_are_the_same_as_floats(self, name):
        b = np.random.default_rng(0).integers(256, size=(4, NAMES[name], 28, 28), dtype=np.uint8)
        classifier = load_classifier(name)
        assert_allclose(classifier.features(b), classifier.features(b / 127.5 - 1), **CLOSE)

    def test_arrays_of_another_layout(self, name):
        classifier, X = load_classifier(name), images(name)
        assert_allclose(classifier.features(np.asfortranarray(X)), classifier.features(X), **CLOSE)

    def test_any_size(self, name):
        assert load_classifier(name).features(images(name, 2, side=40)).shape == (2, 128 * NAMES[name])

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (np.zeros((2, 28, 28)), r"got shape \(2, 28, 28\)"),
            (np.zeros((2, 2, 28, 28)), r"got shape \(2, 2, 28, 28\)"),
            ("none", r"at least one, got shape \(0, "),
            (None, "got float64 from 0 to 255"),
        ],
    )
    def test_refuses(self, name, bad, message):
        X = np.linspace(0, 255, NAMES[name] * 784).reshape(1, -1, 28, 28) if bad is None else bad
        X = images(name, 0) if isinstance(X, str) else X
        with pytest.raises(ValueError, match=f"The classifier of {name} takes images .*{message}"):
            load_classifier(name).features(X)


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"name of load_classifier must be one of .* got 'cifar'"):
        load_classifier("cifar")


def test_a_stack_is_three_digits():
    single, stacked = load_classifier("mnist"), load_classifier("stacked-mnist")
    X = images("stacked-mnist", 5)
    channels = [X[:, [i]] for i in range(3)]
    assert_allclose(stacked.features(X), np.hstack([single.features(x) for x in channels]), **CLOSE)
    digits = np.stack([single.probabilities(x).argmax(axis=1) for x in channels], axis=1)
    assert_array_equal(stacked.probabilities(X).argmax(axis=1), digits @ [100, 10, 1])


@pytest.mark.parametrize("file", ["mnist", "fashion-mnist"])
def test_weights_are_small_and_no_pickle(file):
    data = resources.files("fdgm.metrics").joinpath("weights", f"{file}.safetensors").read_bytes()
    assert len(data) < 2e6
    assert data[8:9] == b"{"  # the header of safetensors is JSON


@pytest.mark.data
class TestOnTheTestSets:
    """Which the classifiers were not trained on."""

    @pytest.mark.parametrize(("name", "least"), [("mnist", 0.99), ("fashion-mnist", 0.905)])
    def test_accuracy(self, name, least, real_data):
        X, labels = LOADERS[name]("test", return_labels=True)
        assert (load_classifier(name).probabilities(X).argmax(axis=1) == labels).mean() >= least

    @pytest.mark.parametrize(("name", "least"), [("mnist", 0.98), ("fashion-mnist", 0.89)])
    def test_accuracy_at_the_papers_size(self, name, least, real_data):
        X, labels = LOADERS[name]("test", image_size=32, return_labels=True)
        # 2,500 images: a standard deviation of 0.3 and 0.6 points, and up to two points for what resizing blurs.
        right = load_classifier(name).probabilities(X[:2500]).argmax(axis=1) == labels[:2500]
        assert right.mean() >= least

    def test_accuracy_of_stacks(self, real_data):
        X, labels = make_stacked_mnist(800, split="test", return_labels=True, random_state=0)
        # Three digits, each right at 0.99, and four standard deviations of 0.6 points.
        right = load_classifier("stacked-mnist").probabilities(X).argmax(axis=1) == labels
        assert right.mean() >= 0.99**3 - 4 * 0.006

    def test_real_digits_have_nearly_ten_classes(self, real_data):
        assert inception_score(load_mnist("test")[:3000], classifier="classifier-mnist") > 9.3

    def test_the_distance_tells_halves_from_another_data_set(self, real_data):
        X, other = load_mnist("test")[:2000], load_fashion_mnist("test")[:1000]
        within = frechet_distance(X[:1000], X[1000:], features="classifier-mnist")
        assert frechet_distance(X[:1000], other, features="classifier-mnist") > 10 * within

    def test_reports_call_it_fd_classifier_and_show_the_ceiling(self, real_data):
        X = load_mnist("test")[:900]
        table = report(
            X[:300], X[300:600], X[600:], features="classifier-mnist", max_rows=100, n_resamples=0, random_state=0
        )
        assert "FD-classifier-mnist" in table.index
        assert table.loc["inception_score", "held_out"] > 8.5
        assert not any(name.startswith(("FID", "KID")) for name in table.index)
