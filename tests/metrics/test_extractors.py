"""Extractors by name and by callable, and what the Inception network's loader says and checks."""

import hashlib
import urllib.error

import numpy as np
import pytest
import torch

from fdgm.metrics import (
    Extractor,
    energy_distance,
    frechet_distance,
    get_extractor,
    inception_score,
    kernel_inception_distance,
    kernel_mmd,
    load_inception,
    mode_coverage,
    mode_score,
    register_extractor,
)

WITH_FEATURES = [energy_distance, frechet_distance, kernel_mmd]


def pair(n=30, m=25):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 1, 4, 4)), 0.5 + rng.standard_normal((m, 1, 4, 4))


def halves(X):
    """Two features: the means of the upper and of the lower half."""
    return X.reshape(len(X), 2, -1).mean(axis=2)


def softmax(X):
    return torch.softmax(torch.from_numpy(halves(X)), dim=1)


class TestFeatures:
    @pytest.mark.parametrize("metric", WITH_FEATURES)
    def test_a_callable_is_applied_to_both(self, metric):
        X, Y = pair()
        assert metric(X, Y, features=halves) == metric(halves(X), halves(Y))

    @pytest.mark.parametrize("metric", WITH_FEATURES)
    def test_a_name_is_looked_up(self, metric):
        register_extractor("halves", lambda: Extractor("halves", features=halves))
        X, Y = pair()
        assert metric(X, Y, features="halves") == metric(X, Y, features=halves)

    def test_it_sees_arrays_as_they_are_in_chunks(self):
        shapes = []

        def features(X):
            shapes.append((X.shape, X.dtype))
            return halves(X)

        X, Y = (a.astype(np.float32) for a in pair(5, 3))
        energy_distance(X, Y, features=features, chunk_size=2)
        assert [shape[0] for shape, _ in shapes] == [2, 2, 1, 2, 1]
        assert {(shape[1:], dtype) for shape, dtype in shapes} == {((1, 4, 4), np.dtype("float32"))}

    @pytest.mark.parametrize("chunk_size", [1, 4, 100])
    def test_chunk_size_changes_nothing(self, chunk_size):
        X, Y = pair()
        value = frechet_distance(X, Y, features=halves, chunk_size=chunk_size)
        assert value == pytest.approx(frechet_distance(X, Y, features=halves), rel=1e-12)

    def test_a_network_is_a_callable(self):
        net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 2)).requires_grad_(False).double()
        value = energy_distance(*pair(), features=lambda X: net(torch.from_numpy(X)))
        assert value == pytest.approx(
            energy_distance(*(a.reshape(len(a), 16) @ net[1].weight.numpy().T for a in pair())), rel=1e-12
        )

    @pytest.mark.parametrize(
        ("features", "received"),
        [
            ("vgg", r"features of frechet_distance must .* one of \[.*'inception'.*\], got 'vgg'"),
            (3, "features of frechet_distance must .* got 3"),
            (
                lambda X: halves(X)[:-1],
                "features of frechet_distance must return a row for each of the 30 given, got 29",
            ),
            (lambda X: X.sum(), "what features returns for X_real of frechet_distance must .* got float64"),
            (lambda X: halves(X) * np.nan, "what features returns for X_real .* must be finite, got nan in row 0"),
        ],
    )
    def test_refuses(self, features, received):
        with pytest.raises(ValueError, match=received):
            frechet_distance(*pair(), features=features)

    def test_refuses_a_sample_with_nan_before_it_reaches_the_network(self):
        X, Y = pair()
        Y[7] = np.nan
        with pytest.raises(ValueError, match=r"X_generated of energy_distance must be finite, got .* in row 7"):
            energy_distance(X, Y, features=halves)


class TestClassifier:
    def test_scores_ask_it(self):
        X, Y = pair()
        register_extractor("halves", lambda: Extractor("halves", features=halves, probabilities=softmax))
        assert inception_score(Y, classifier="halves") == inception_score(softmax(Y))
        assert mode_score(X, Y, classifier=softmax) == mode_score(softmax(X), softmax(Y))
        assert mode_coverage(X, Y, classifier=softmax).reverse_kl == mode_coverage(softmax(X), softmax(Y)).reverse_kl

    def test_refuses_an_extractor_without_classes(self):
        register_extractor("halves", lambda: Extractor("halves", features=halves))
        with pytest.raises(ValueError, match=r"classifier of inception_score must have classes, got 'halves'"):
            inception_score(pair()[0], classifier="halves")

    def test_refuses_what_it_returns(self):
        with pytest.raises(ValueError, match=r"classifier of inception_score returns .* must be class probabilities"):
            inception_score(pair()[0], classifier=halves)


class TestRegistry:
    def test_loaded_once_and_when_first_asked(self):
        loads = []
        register_extractor("mine", lambda: loads.append(1) or Extractor("mine", features=halves))
        assert loads == []
        assert get_extractor("mine") is get_extractor("mine")
        assert loads == [1]

    def test_refuses_a_taken_name(self):
        with pytest.raises(ValueError, match=r"name of register_extractor must be none of .* got 'inception'"):
            register_extractor("inception", load_inception)

    @pytest.mark.parametrize(("name", "load"), [(3, load_inception), ("mine", 3)])
    def test_refuses_types(self, name, load):
        with pytest.raises(TypeError, match=r"of register_extractor must be .* got 3"):
            register_extractor(name, load)

    def test_refuses_an_unknown_name(self):
        with pytest.raises(ValueError, match=r"one of \[.*'inception'.*\], got 'resnet'"):
            get_extractor("resnet")


@pytest.fixture
def folders(tmp_path, monkeypatch, fidelity):
    """Empty folders for the weights, and no network."""

    def unreachable(*_, **__):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setenv("FDGM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    (tmp_path / "data").mkdir()
    return tmp_path


class TestInceptionWithoutWeights:
    def test_says_which_file_to_fetch_and_where_to_put_it(self, folders, fidelity):
        url = fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3
        with pytest.raises(FileNotFoundError) as caught:
            kernel_inception_distance(*pair(), features="inception")
        message = str(caught.value)
        assert f"Fetch {url} " in message
        assert all(str(place) in message for place in (folders / "data", folders / "hub" / "checkpoints"))
        assert "no network in tests" in message

    def test_names_the_variable_where_it_is_not_set(self, folders, monkeypatch):
        monkeypatch.delenv("FDGM_DATA")
        with pytest.raises(FileNotFoundError, match="environment variable FDGM_DATA"):
            load_inception()

    def test_refuses_another_file_of_the_name(self, folders, fidelity):
        name = fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3.rsplit("/", 1)[1]
        (folders / "data" / name).write_bytes(b"weights of something else")
        with pytest.raises(ValueError, match="must be the file whose SHA-256 starts with 6726825d, got one with "):
            load_inception()

    def test_a_download_goes_to_the_hub_under_the_checked_name(self, folders, fidelity, monkeypatch):
        calls = []

        def download(url, target, hash_prefix, progress):
            calls.append((url, target, hash_prefix))
            raise RuntimeError('invalid hash value (expected "6726825d", got "00000000")')

        monkeypatch.setattr(torch.hub, "download_url_to_file", download)
        with pytest.raises(FileNotFoundError, match="invalid hash value"):
            load_inception()
        url = fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3
        assert calls == [(url, str(folders / "hub" / "checkpoints" / url.rsplit("/", 1)[1]), "6726825d")]

    def test_names_the_extra_where_the_import_fails(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "torch_fidelity", None)
        with pytest.raises(ImportError, match=r"install the extra fdgm\[inception\]"):
            load_inception()


@pytest.fixture(scope="module")
def weights(fidelity, tmp_path_factory):
    module = fidelity.feature_extractor_inceptionv3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_: None)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = module.FeatureExtractorInceptionV3("random", ["2048", "logits_unbiased"])
    folder = tmp_path_factory.mktemp("weights")
    torch.save(net.state_dict(), folder / "file")
    prefix = hashlib.sha256((folder / "file").read_bytes()).hexdigest()[:8]
    (folder / "file").rename(folder / f"weights-inception-{prefix}.pth")
    return net, folder, f"https://localhost/weights-inception-{prefix}.pth"


@pytest.mark.slow
class TestInceptionWithWeights:
    """The real network and the real loading code; its weights are random, since they come without a network."""

    @pytest.fixture
    def extractor(self, weights, folders, fidelity, monkeypatch):
        _, folder, url = weights
        monkeypatch.setenv("FDGM_DATA", str(folder))
        monkeypatch.setattr(fidelity.feature_extractor_inceptionv3, "URL_INCEPTION_V3", url)
        return get_extractor("inception")

    def test_features_and_probabilities_are_torch_fidelitys(self, weights, extractor):
        images = np.random.default_rng(0).integers(256, size=(3, 3, 32, 32), dtype=np.uint8)
        pooled, logits = weights[0](torch.from_numpy(images))
        np.testing.assert_allclose(extractor.features(images), pooled, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(extractor.probabilities(images), logits.softmax(dim=1), rtol=1e-4)

    def test_floats_from_minus_one_to_one_are_the_same_images(self, extractor):
        images = np.random.default_rng(0).integers(256, size=(2, 3, 32, 32), dtype=np.uint8)
        floats = (images / 127.5 - 1).astype(np.float32)
        np.testing.assert_array_equal(extractor.features(floats), extractor.features(images))

    def test_one_channel_is_repeated(self, extractor):
        images = np.random.default_rng(0).integers(256, size=(2, 1, 28, 28), dtype=np.uint8)
        np.testing.assert_array_equal(extractor.features(images), extractor.features(images.repeat(3, axis=1)))

    @pytest.mark.parametrize(
        ("images", "received"),
        [
            (np.zeros((2, 2, 8, 8), np.uint8), r"got shape \(2, 2, 8, 8\)"),
            (np.zeros((0, 3, 8, 8)), r"at least one, got shape \(0, 3, 8, 8\)"),
            (np.full((2, 3, 8, 8), 255.0), "got float64 from 255 to 255"),
            (np.zeros((2, 3, 8, 8), np.int64), "got int64 from 0 to 0"),
        ],
    )
    def test_refuses(self, extractor, images, received):
        with pytest.raises(ValueError, match=f"The Inception network takes images .* {received}"):
            extractor.features(images)
