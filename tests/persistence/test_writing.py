"""Where and how files are written: at once or not at all, and nothing else is touched."""

import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

import fdgm
from fdgm.persistence import State, check_target, read, write
from fdgm.ratios import KLIEP

X = np.random.default_rng(0).normal(size=(30, 2))


@pytest.fixture(scope="module")
def ratio():
    return KLIEP(width=1.0, n_centers=5, random_state=0).fit(X + 1, X)


def test_two_threads_that_save_to_one_path_leave_one_whole_file(ratio, tmp_path):
    path, errors = tmp_path / "r", []
    start = threading.Barrier(4)

    def save():
        start.wait()
        try:
            for _ in range(25):
                ratio.save(path)
                fdgm.load(path)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert os.listdir(tmp_path) == ["r"]


def test_a_symbolic_link_stays_one(ratio, tmp_path):
    (tmp_path / "folder").mkdir()
    there, link = tmp_path / "folder" / "there", tmp_path / "link"
    link.symlink_to(there)
    for _ in range(2):  # to nothing yet, and to a file
        ratio.save(link)
        assert link.is_symlink()
        assert there.is_file()
    fdgm.load(link)
    assert os.listdir(tmp_path / "folder") == ["there"]


def test_the_mode_of_a_file_is_kept_and_a_new_one_follows_the_umask(ratio, tmp_path):
    path = tmp_path / "r"
    before = os.umask(0o027)
    try:
        ratio.save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        ratio.save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_folders_devices_and_pipes_are_refused_and_left_alone(ratio, tmp_path):
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    to_null = tmp_path / "null"
    to_null.symlink_to("/dev/null")
    for path, what in ((folder, "a folder"), (pipe, "a device, a pipe"), (to_null, "a device, a pipe")):
        with pytest.raises(ValueError, match=rf"path of save must be a file.* got '{path}', which is {what}"):
            ratio.save(path)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["folder", "null", "pipe"]
    assert os.listdir(folder) == []


def test_a_missing_folder_is_named(ratio, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must be in a folder that exists.*nowhere"):
        ratio.save(tmp_path / "nowhere" / "r")
    with pytest.raises(FileNotFoundError, match="checkpoint of Mine"):
        check_target(tmp_path / "nowhere" / "r", "checkpoint of Mine")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(ratio, tmp_path, monkeypatch, failing):
    path = tmp_path / "r"
    ratio.save(path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        with pytest.raises(OSError, match="No space left"):
            ratio.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["r"]


def test_what_a_killed_writer_left_goes_with_a_later_save(ratio, tmp_path, monkeypatch):
    """Of the same file, after an hour: others may be writing it, or other files, now."""

    def killed(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        patch.setattr(Path, "unlink", killed)
        for name in ("r", "r", "other"):
            with pytest.raises(SystemExit):
                ratio.save(tmp_path / name)
    left = sorted(tmp_path.iterdir())
    assert len(left) == 3
    ratio.save(tmp_path / "r")
    assert len(os.listdir(tmp_path)) == 4
    for path in left:
        os.utime(path, (0, 0))
    ratio.save(tmp_path / "r")
    assert len(os.listdir(tmp_path)) == 2  # the file, and what belongs to the other


def test_the_folder_is_synced_once_the_file_has_its_name(ratio, tmp_path, monkeypatch):
    """Else the name may be lost with the power, though the bytes are there."""
    synced, original = [], os.fsync

    def fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        synced.append((kind, Path(tmp_path / "r").exists()))
        original(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    ratio.save(tmp_path / "r")
    assert synced == [("file", False), ("folder", True)]


def test_a_state_comes_back_as_it_was(tmp_path):
    """Empty tensors and parts too, and names with slashes that are no parts."""
    tensors = {"a/b": np.zeros((0, 3)), "c": np.arange(4.0)}
    inner = State({}, {"n": 1}, {"empty": State()})
    made = State({name: fdgm.persistence.as_tensor(array) for name, array in tensors.items()}, {}, {"part": inner})
    write(tmp_path / "s", made)
    again = read(tmp_path / "s")
    for name, array in tensors.items():
        np.testing.assert_array_equal(again.array(name, array.shape), array)
    part = again.part("part")
    assert part.integer("n") == 1
    part.part("empty")
    again.finish()
