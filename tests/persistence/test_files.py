"""Files: what comes back, and what is refused."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load as load_tensors

import fdgm
from fdgm import GANSampler, VGrowSampler
from fdgm.exceptions import FileError
from fdgm.options import Network
from fdgm.persistence import _file

TINY = {"batch_size": 32, "random_state": 0, "generator": Network(n_particles=64, n_particle_steps=3, passes=2)}
X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


@pytest.fixture(scope="module")
def sampler():
    architecture = fdgm.architectures.MLP(width=8, depth=2)
    alpha = fdgm.divergences.Alpha(2.0)
    return VGrowSampler(alpha, architecture=architecture, max_iter=3, record_particles=[2], **TINY).fit(X)


@pytest.fixture(scope="module")
def path(sampler, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "sampler.fdgm"
    sampler.save(path)
    return path


@pytest.mark.parametrize("what", ["params", "history", "particles", "schedule", "log_ratio", "score"])
def test_what_was_learned_comes_back(sampler, path, what):
    again = fdgm.load(path)
    if what == "params":
        assert again.get_params(deep=False) == {**sampler.get_params(deep=False), "record_particles": (2,)}
    elif what == "history":
        pd.testing.assert_frame_equal(again.history_, sampler.history_)
    elif what == "particles":
        np.testing.assert_array_equal(again.particles_[2], sampler.particles_[2])
    elif what == "schedule":
        assert (again.replay_, again.n_iter_, again.stop_reason_) == (
            sampler.replay_, sampler.n_iter_, sampler.stop_reason_)  # fmt: skip
    elif what == "log_ratio":
        np.testing.assert_array_equal(again.log_ratio(X), sampler.log_ratio(X))
    else:
        assert again.score(X) == sampler.score(X)


def test_a_data_frames_columns_come_back(tmp_path):
    VGrowSampler(max_iter=1, **TINY).fit(pd.DataFrame(X, columns=["a", "b"])).save(tmp_path / "s")
    again = fdgm.load(tmp_path / "s")
    assert list(again.sample(2).columns) == list(again.feature_names_in_) == ["a", "b"]


def test_what_is_set_after_fit_reaches_no_file(tmp_path):
    """Neither a file nor a pickle puts networks under parameters that they were not made with."""
    model = GANSampler(max_iter=1, n_generator_steps=1, n_warmup_steps=0, batch_size=32, random_state=0).fit(X)
    before = model.log_ratio(X)
    model.set_params(objective="least_squares", architecture="resnet").save(tmp_path / "s")
    loaded, unpickled = fdgm.load(tmp_path / "s"), pickle.loads(pickle.dumps(model))
    for again in (loaded, unpickled):
        np.testing.assert_array_equal(again.log_ratio(X), before)
    assert (loaded.objective, unpickled.objective, model.objective) == (
        "relativistic",
        "least_squares",
        "least_squares",
    )


def test_what_needs_pickle_is_refused_by_name(tmp_path):
    sampler = VGrowSampler(max_iter=1, **{**TINY, "random_state": np.random.RandomState(0)}).fit(X)
    with pytest.raises(TypeError, match=r"random_state of VGrowSampler .*RandomState.*set it to None first"):
        sampler.save(tmp_path / "s")
    sampler.set_params(random_state=None).save(tmp_path / "s")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "s").log_ratio(X), sampler.log_ratio(X))


class Evil:
    """Unpickled, it would leave a mark."""

    def __reduce__(self):
        return (pytest.fail, ("code from a file was run",))


@pytest.mark.parametrize("disguise", ["pickle", "torch", "empty", "text", "zip"])
def test_other_files_are_refused_and_run_no_code(tmp_path, disguise):
    bad = tmp_path / "s.fdgm"
    if disguise == "torch":
        torch.save({"x": Evil()}, bad)
    else:
        zipped = b"PK\x03\x04" + b"0" * 99
        contents = {"pickle": pickle.dumps(Evil()), "empty": b"", "text": b"hello" * 99, "zip": zipped}
        bad.write_bytes(contents[disguise])
    with pytest.raises(FileError, match="damaged or something else"):
        fdgm.load(bad)


def rewritten(path, tmp_path, **changes):
    """The same tensors under a description that says something else, with a digest that matches."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    text = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["fdgm"][64:])
    bad = tmp_path / "rewritten"
    bad.write_bytes(_file._pack(json.dumps({**text, **changes}), load_tensors(data)))
    return bad


def test_other_formats_say_which_version_wrote_them(path, tmp_path):
    with pytest.raises(FileError, match=r"got format 99, written by fdgm 7\.0; upgrade"):
        fdgm.load(rewritten(path, tmp_path, format=99, fdgm="7.0"))
    with pytest.raises(FileError, match=r"got format 1, written by fdgm 0\.1; save it again"):
        fdgm.load(rewritten(path, tmp_path, format=1, fdgm="0.1"))


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fdgm.load(tmp_path / "nowhere")
