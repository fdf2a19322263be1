"""MNIST and Fashion-MNIST are read from idx files, wherever they lie."""

import gzip
import struct
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fdgm.datasets import _mnist, load_fashion_mnist, load_mnist

LOADERS = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
each = pytest.mark.parametrize("name", LOADERS)
PIXELS = np.random.default_rng(0).integers(256, size=(7, 28, 28), dtype=np.uint8)
LABELS = np.arange(7, dtype=np.uint8)


def idx(array):
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def write(folder, *, split="train", images=PIXELS, labels=LABELS, zipped=True):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        data = idx(array)
        path = folder / f"{split}-{kind}-ubyte{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(data) if zipped else data)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """No files and no network."""

    def fetch_openml(*args, **kwargs):
        raise URLError("no network")

    monkeypatch.delenv("FDGM_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    monkeypatch.setattr(_mnist, "_DEBIAN", {"mnist": (), "fashion-mnist": ()})


@each
@pytest.mark.parametrize("zipped", [True, False])
def test_bytes_become_floats_from_minus_one_to_one(name, zipped, tmp_path):
    write(tmp_path, zipped=zipped)
    X, labels = LOADERS[name](data_home=tmp_path, return_labels=True)
    assert (X.shape, X.dtype, labels.dtype) == ((7, 1, 28, 28), np.float32, np.int64)
    assert_allclose((X[:, 0] + 1) * 127.5, PIXELS, atol=1e-4)
    assert_array_equal(labels, LABELS)


@each
def test_the_test_split_is_t10k(name, tmp_path):
    write(tmp_path, split="t10k")
    assert LOADERS[name]("test", data_home=tmp_path).shape == (7, 1, 28, 28)


@each
@pytest.mark.parametrize("place", ["data_home", "FDGM_DATA"])
def test_the_sub_folder_comes_before_the_folder(name, place, tmp_path, monkeypatch):
    write(tmp_path, images=PIXELS[::-1])
    write(tmp_path / name)
    monkeypatch.setenv("FDGM_DATA", str(tmp_path) if place == "FDGM_DATA" else "/somewhere/else")
    X = LOADERS[name](data_home=tmp_path if place == "data_home" else None)
    assert_allclose((X[:, 0] + 1) * 127.5, PIXELS, atol=1e-4)


def test_debians_package_is_found(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setattr(_mnist, "_DEBIAN", {"mnist": (), "fashion-mnist": (str(tmp_path),)})
    assert load_fashion_mnist().shape == (7, 1, 28, 28)


@pytest.mark.parametrize(("split", "rows"), [("train", slice(60_000)), ("test", slice(60_000, None))])
def test_openml_is_asked_last(split, rows, monkeypatch):
    data, target = np.zeros((60_003, 784)), np.arange(60_003) % 10
    data[:, 0] = target
    asked = []

    def fetch_openml(name, **kwargs):
        asked.append(name)
        return SimpleNamespace(data=data, target=target.astype(str))

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    X, labels = load_mnist(split, return_labels=True)
    assert asked == ["mnist_784"]
    assert_array_equal(labels, target[rows])
    assert_allclose((X[:, 0, 0, 0] + 1) * 127.5, target[rows], atol=1e-4)


@each
def test_where_it_was_looked_for_is_in_the_error(name, tmp_path, monkeypatch):
    monkeypatch.setenv("FDGM_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte .*OpenML.*no network.*Fetch http") as caught:
        LOADERS[name]()
    assert str(tmp_path / name) in str(caught.value)


@each
def test_a_data_home_is_the_only_place(name, tmp_path, monkeypatch):
    write(tmp_path / name)
    monkeypatch.setenv("FDGM_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="/nowhere") as caught:
        LOADERS[name](data_home="/nowhere")
    assert str(tmp_path) not in str(caught.value)


class TestResizing:
    def test_thirty_two_pixels(self, tmp_path):
        write(tmp_path)
        X = load_mnist(image_size=32, data_home=tmp_path)
        assert X.shape == (7, 1, 32, 32)
        assert -1 <= X.min() < X.max() <= 1

    def test_it_is_bilinear(self, tmp_path):
        # A linear ramp stays one under bilinear interpolation, away from the border: pixel centres at (i + ½)·28/32.
        ramp = np.broadcast_to(np.arange(28, dtype=np.uint8) * 9, (1, 28, 28))
        write(tmp_path, images=ramp, labels=LABELS[:1])
        X = load_mnist(image_size=32, data_home=tmp_path)
        expected = ((np.arange(32) + 0.5) * 28 / 32 - 0.5) * 9
        assert_allclose((X[0, 0, 5, 1:-1] + 1) * 127.5, expected[1:-1], atol=1e-3)

    def test_making_smaller_averages(self, tmp_path):
        checkers = np.indices((28, 28)).sum(0) % 2 * 255
        write(tmp_path, images=checkers[None].astype(np.uint8), labels=LABELS[:1])
        X = load_mnist(image_size=7, data_home=tmp_path)
        assert np.abs(X).max() < 0.15  # grey: without averaging, sampled pixels are black or white


class TestDamage:
    def check(self, tmp_path, message):
        with pytest.raises(ValueError, match=message) as caught:
            load_mnist(data_home=tmp_path)
        assert str(tmp_path) in str(caught.value)

    def test_cut_short(self, tmp_path):
        write(tmp_path, zipped=False)
        path = tmp_path / "train-images-idx3-ubyte"
        path.write_bytes(path.read_bytes()[:-1])
        self.check(tmp_path, r"must be an idx file of bytes in 3 dimensions, got one of 5503 bytes")

    def test_something_else(self, tmp_path):
        write(tmp_path)
        (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"<html>not found</html>"))
        self.check(tmp_path, r"begins with 3c68746d")

    def test_not_zipped(self, tmp_path):
        write(tmp_path)
        (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"no gzip")
        self.check(tmp_path, r"gzip's format")

    def test_damaged_within(self, tmp_path):
        write(tmp_path)
        path = tmp_path / "train-images-idx3-ubyte.gz"
        path.write_bytes(path.read_bytes()[:10] + b"\xff" * 50)  # after gzip's header, a block of no known type
        self.check(tmp_path, r"train-images-idx3-ubyte.gz must be a file in gzip's format")

    @pytest.mark.parametrize("n_bytes", [0, 3, 7, 15])
    def test_cut_within_its_header(self, n_bytes, tmp_path):
        write(tmp_path, zipped=False)
        path = tmp_path / "train-images-idx3-ubyte"
        path.write_bytes(path.read_bytes()[:n_bytes])
        self.check(tmp_path, rf"must be an idx file of bytes in 3 dimensions, got one of {n_bytes} bytes")

    @pytest.mark.parametrize("label", [10, 255])
    def test_a_label_that_is_no_class(self, label, tmp_path):
        write(tmp_path, labels=np.where(LABELS == 3, label, LABELS).astype(np.uint8))
        self.check(tmp_path, rf"train-labels-idx1-ubyte.gz must hold labels from 0 to 9, got {label}")

    @pytest.mark.parametrize("shape", [(7, 784, 1), (7, 1, 784), (14, 14, 28), (1, 7 * 784, 1)])
    @pytest.mark.parametrize("zipped", [True, False])
    def test_images_of_another_shape(self, shape, zipped, tmp_path):
        write(tmp_path, images=PIXELS.reshape(shape), zipped=zipped)
        self.check(tmp_path, r"train-images-idx3-ubyte(.gz)? must be an idx file of bytes in 3 dimensions")

    @pytest.mark.parametrize("zipped", [True, False])
    def test_more_images_than_there_are(self, zipped, tmp_path):
        write(tmp_path, split="t10k", zipped=zipped, images=np.zeros((10_001, 28, 28), np.uint8))
        with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte(.gz)? must have at most 7840016 bytes"):
            load_mnist("test", data_home=tmp_path)

    @pytest.mark.parametrize(("pixels", "labels"), [((0, 256), 3), ((-1, 0), 3), ((0, 9), 10)])
    def test_openmls_copy_is_held_to_the_same(self, pixels, labels, monkeypatch):
        data, target = np.zeros((60_001, 784)), np.zeros(60_001)
        data[-1, :2], target[-1] = pixels, labels
        monkeypatch.setattr(
            "sklearn.datasets.fetch_openml", lambda *a, **k: SimpleNamespace(data=data, target=target.astype(int))
        )
        with pytest.raises(ValueError, match=r"OpenML's copy .*must hold .*, got"):
            load_mnist("test")

    def test_labels_of_another_number(self, tmp_path):
        write(tmp_path, labels=LABELS[:3])
        self.check(tmp_path, r"as many labels as images, got 3")


@each
@pytest.mark.parametrize(("parameter", "value"), [("split", "valid"), ("image_size", 0), ("image_size", 2.5)])
def test_parameters_out_of_range(name, parameter, value, tmp_path):
    write(tmp_path)
    function = LOADERS[name]
    with pytest.raises(ValueError, match=f"{parameter} of {function.__name__} .* got {value!r}"):
        function(data_home=tmp_path, **{parameter: value})
