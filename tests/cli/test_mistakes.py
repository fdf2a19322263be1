"""Mistakes and misfortunes: one line each, and an exit code."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

FIT = ("--out", "m.fdgm", "--set", "max_iter=1")

BAD = {
    "empty": (b"", "bad.csv: empty; a table has a header and rows"),
    "header alone": (b"a,b\n", "bad.csv: a header and no rows"),
    "no header": (b"1,2\n3,4\n5,6\n", "bad.csv: no header; the first line holds numbers alone."),
    "ragged": (b"a,b\n1,2\n3,4,5\n", "bad.csv, line 3: 3 fields, but the header has 2"),
    "short row": (b"a,b\n1,2\n3\n", "bad.csv, line 3: 1 fields, but the header has 2"),
    "twice": (b"a,b,a\n1,2,3\n", "bad.csv: the header has the column 'a' more than once; rename it"),
    "latin-1": ("a,b\nä,2\n".encode("latin-1"), "bad.csv: not in utf-8 (byte 0xe4); give its encoding"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16-le"), "bad.csv, line 1: holds a NUL"),
    "open quote": (b'a,b\n1,"2\n', "bad.csv: not a table of text (unexpected end of data)"),
    "million columns": (b",".join(b"c%d" % k for k in range(10**6)) + b"\n", "bad.csv, line 1: longer than"),
    "one row": (b"a,b\n1,2\n", "must have at least 2 row(s)"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_table_is_one_line(run, tmp_path, kind):
    content, message = BAD[kind]
    (tmp_path / "bad.csv").write_bytes(content)
    done = run("fit", "bad.csv", *FIT, "--estimator", "vgrow")
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert os.listdir(tmp_path) == ["bad.csv"]


@pytest.mark.parametrize("content", [b"a,b\n1,x\n2,y\n3,z\n", b"a,b\n1,2\n,4\n5,6\n"], ids=["text", "missing value"])
def test_a_network_takes_text_and_missing_values(run, tmp_path, content):
    (tmp_path / "mixed.csv").write_bytes(content)
    done = run("fit", "mixed.csv", *FIT, "--estimator", "vgrow")
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "none.csv", *FIT), "fdgm: none.csv: no such file or folder"),
        (("fit", "real.xlsx", *FIT), "fdgm: real.xlsx: unknown suffix '.xlsx'; use .csv"),
        (("fit", "real.csv", "--out", "no/m.fdgm"), "fdgm: no/m.fdgm: no folder 'no'; make it first"),
        (("fit", "real.csv", *FIT, "-e", "magic"), "fdgm: --estimator: unknown 'magic'; one of age, gan,"),
        (("fit", "real.csv", *FIT, "--set", "speed=3"), "fdgm: --set speed=3: must be name=value"),
        (("fit", "real.csv", *FIT, "--set", "batch_size=-1"), "batch_size"),
        (("fit", "broken.npy", *FIT), "fdgm: broken.npy: not an NPY array of numbers"),
        (("fit", "pickle.npy", *FIT), "fdgm: pickle.npy: not an NPY array of numbers"),
        (("fit", "line.npy", *FIT), "fdgm: line.npy: shape (3,); rows are needed"),
        (("fit", "nothing", *FIT), "fdgm: nothing: a folder without images"),
        (("sample", "real.csv"), "fdgm: path of load must be a file that fdgm wrote"),
        (("sample", "none.fdgm"), "fdgm: none.fdgm: no such file"),
        (("info", "none.fdgm"), "fdgm: none.fdgm: no such file"),
        (("evaluate", "real.csv", "other.csv"), "columns"),
        (("fit", "real.csv", *FIT, "--encoding", "klingon"), "fdgm: --encoding: unknown encoding 'klingon'"),
    ],
)
def test_a_mistake_is_one_line(run, tmp_path, arguments, message):
    (tmp_path / "real.csv").write_text("a,b\n" + "1.0,2.0\n2.0,1.0\n3.0,5.0\n" * 10)
    (tmp_path / "other.csv").write_text("a,c\n" + "1.0,2.0\n2.0,1.0\n3.0,5.0\n" * 10)
    (tmp_path / "real.xlsx").write_bytes(b"PK")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY nonsense")
    np.save(tmp_path / "pickle.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    np.save(tmp_path / "line.npy", np.arange(3.0))
    (tmp_path / "nothing").mkdir()
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "m.fdgm").exists()


def test_excels_mark_and_another_encoding_are_read(run, tmp_path):
    (tmp_path / "a.csv").write_bytes("größe,b\n".encode("latin-1") + b"1.0,2.0\n2.0,1.0\n" * 20)
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbfa,b\n" + b"1.0,2.0\n2.0,1.0\n" * 20)
    for name, more, column in (("a.csv", ("--encoding", "latin-1"), "größe"), ("b.csv", (), "a")):
        assert run("fit", name, *FIT, *more).exit_code == 0
        assert run("sample", "m.fdgm", "-n", 1).stdout.startswith(f"{column},b\n")


def test_one_column_is_enough(run, tmp_path):
    (tmp_path / "one.csv").write_text("a\n" + "1.0\n2.0\n5.0\n" * 20)
    assert run("fit", "one.csv", *FIT).exit_code == 0
    assert len(run("sample", "m.fdgm", "-n", 3).stdout.splitlines()) == 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and sparse files of Linux")
@pytest.mark.parametrize("content", [b"\0", b"x", b"\xff\n"], ids=["zeros", "one line", "lines"])
def test_a_gigabyte_of_nonsense_takes_no_memory_and_no_time(fdgm_command, tmp_path, content):
    """Within 2 GiB of address space more than Python, torch and their libraries take."""
    with (tmp_path / "bad.csv").open("wb") as file:
        for _ in range(4):
            file.write(content * (2**22 // len(content)))
        file.truncate(2**30)  # the rest is a hole
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = fdgm_command("fit", "bad.csv", *FIT, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("fdgm: bad.csv")
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after < max(before, 2**20)  # kB: a gigabyte


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full of Linux")
def test_a_full_disk_is_one_line(fdgm_command, folder):
    with open("/dev/full", "w") as full:
        done = fdgm_command("sample", "model.fdgm", "-n", 3, cwd=folder, stdout=full)
    assert (done.returncode, done.stderr) == (1, "fdgm: [Errno 28] No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_fills_leaves_the_old_model(fdgm_command, folder, tmp_path):
    def little_space():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    (tmp_path / "m.fdgm").write_bytes(b"the old one")
    done = fdgm_command("fit", folder / "real.csv", *FIT, cwd=tmp_path, preexec_fn=little_space)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr
    assert (tmp_path / "m.fdgm").read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["m.fdgm"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_has_seen_enough_is_no_error(fdgm_command, folder):
    command = [sys.executable, "-m", "fdgm", "sample", "model.fdgm", "-n", "100000"]
    with subprocess.Popen(
        command, cwd=folder, env=fdgm_command.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "height,weight\n"
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (141, "")
