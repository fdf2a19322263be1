"""Commands as programs on real files."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import fdgm

COMMANDS = ("fit", "sample", "refine", "encode", "evaluate", "compare", "info", "plugins", "demo")


def test_help_names_every_command(fdgm_command, tmp_path):
    done = fdgm_command("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert set(COMMANDS) <= set(done.stdout.split())


def test_a_model_gives_the_samples_that_python_gives(fdgm_command, folder):
    done = fdgm_command("sample", "model.fdgm", "-n", 5, "--seed", 1, cwd=folder)
    expected = fdgm.load(folder / "model.fdgm").sample(5, random_state=1)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(done.stdout)), expected)
    assert done.stderr == ""


def test_codes_keep_their_leading_zeros(run, tmp_path):
    """Also where the second file happens to hold none, and where one is given."""
    codes = ["00025", "00026", "10001"]
    table = pd.DataFrame({"code": np.resize(codes, 90), "size": np.arange(90) % 7 + 0.5})
    table.to_csv("shops.csv", index=False)
    table[table["code"] == "10001"].to_csv("few.csv", index=False)
    made = run("fit", "shops.csv", "--out", "shops.fdgm", "--estimator", "trees", "--seed", 0)
    assert (made.exit_code, made.stderr) == (0, "")
    drawn = run("sample", "shops.fdgm", "-n", 20, "--seed", 0)
    assert set(pd.read_csv(io.StringIO(drawn.stdout), dtype=str)["code"]) <= set(codes)
    asked = run("sample", "shops.fdgm", "-n", 5, "--given", "code=00026")
    assert set(pd.read_csv(io.StringIO(asked.stdout), dtype=str)["code"]) == {"00026"}
    compared = run("evaluate", "shops.csv", "few.csv", "--json")
    assert (compared.exit_code, compared.stderr) == (0, "")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "feather", "npy"])
def test_samples_go_into_the_file_that_the_suffix_says(run, folder, suffix, tmp_path):
    if suffix in ("parquet", "feather"):
        pytest.importorskip("pyarrow")
    out = tmp_path / f"s.{suffix}"
    done = run("sample", folder / "model.fdgm", "-n", 4, "--seed", 1, "--out", out)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    readers = {
        "csv": pd.read_csv,
        "tsv": lambda path: pd.read_csv(path, sep="\t"),
        "parquet": pd.read_parquet,
        "feather": pd.read_feather,
        "npy": lambda path: pd.DataFrame(np.load(path), columns=["height", "weight"]),
    }
    expected = fdgm.load(folder / "model.fdgm").sample(4, random_state=1)
    pd.testing.assert_frame_equal(readers[suffix](out), expected)
    assert os.listdir(tmp_path) == [out.name]  # and nothing half written


def test_images_come_from_a_folder_and_go_into_one(run, tmp_path):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "in").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8)
    for k, picture in enumerate(pixels):
        image.fromarray(picture).save(tmp_path / "in" / f"{k}.png")
    fitted = run("fit", "in", "--out", "m.fdgm", "--set", "max_iter=1", "--seed", 0)
    assert (fitted.exit_code, fitted.stderr) == (0, "")
    assert fdgm.load(tmp_path / "m.fdgm").card_["data"]["shape"] == [1, 8, 8]
    assert run("sample", "m.fdgm", "-n", 3, "--out", "out").exit_code == 0
    with image.open(tmp_path / "out" / "000002.png") as drawn:
        assert (drawn.size, drawn.mode) == ((8, 8), "L")
    assert len(os.listdir(tmp_path / "out")) == 3


def test_info_shows_the_card(run, folder):
    done = run("info", "model.fdgm")
    for line in ("model: VGrowSampler", "license: CC0", "  rows: 200", "  columns: height, weight", "  iterations: 2"):
        assert line in done.stdout.splitlines()
    shown = json.loads(run("info", "model.fdgm", "--json").stdout)
    assert shown == json.loads(json.dumps(fdgm.load(folder / "model.fdgm").card_))


def test_evaluate_is_the_report(run, folder):
    run("sample", "model.fdgm", "-n", 100, "--seed", 1, "--out", "fake.csv")
    done = run("evaluate", "real.csv", "fake.csv", "--json", "--html", "report.html")
    assert done.stderr == "report.html: written\n"
    tables = (pd.read_csv(folder / name) for name in ("real.csv", "fake.csv"))
    expected = fdgm.metrics.report(*tables, random_state=0)
    found = {name: line["value"] for name, line in json.loads(done.stdout).items()}
    assert found.pop("birthday_support") is None  # infinite, which JSON has not
    assert found == pytest.approx(expected["value"].drop("birthday_support").to_dict())
    page = (folder / "report.html").read_text()
    assert page.count("<tr>") == 1 + len(expected)
    assert 'src="data:image/png;base64,' in page


def test_refine_moves_samples_towards_data(run, folder):
    far = pd.read_csv(folder / "real.csv") + 8.0
    far.to_csv(folder / "far.csv", index=False)
    done = run("refine", "far.csv", "real.csv", "--out", "near.csv", "--seed", 0)
    assert done.exit_code == 0, done.stderr
    near, real = (pd.read_csv(folder / name).mean() for name in ("near.csv", "real.csv"))
    assert ((near - real).abs() < 0.9 * (far.mean() - real).abs()).all()


def test_encode_needs_an_encoder(run, folder):
    done = run("encode", "model.fdgm", "real.csv")
    assert done.exit_code == 2
    assert done.stderr == "fdgm: model.fdgm: a VGrowSampler has no encoder; fit one with --estimator age\n"


def test_encode_writes_what_transform_gives(run, folder):
    fit = ("fit", "real.npy", "--out", "age.fdgm", "--estimator", "age", "--set", "max_iter=1", "--seed", 0)
    assert run(*fit).exit_code == 0
    done = run("encode", "age.fdgm", "real.npy")
    model = fdgm.load(folder / "age.fdgm")
    codes = pd.read_csv(io.StringIO(done.stdout))
    assert list(codes.columns) == list(model.get_feature_names_out())
    np.testing.assert_allclose(codes, model.transform(np.load(folder / "real.npy")), rtol=1e-6)


def test_compare_ranks_by_distance(run, folder):
    settings = ("--estimators", "vgrow,gan", "--max-seconds", 1, "--json")
    ranked = json.loads(run("compare", "real.csv", *settings).stdout)
    assert ranked[0]["estimator"] == "real data"
    assert {line["estimator"] for line in ranked[1:]} == {"vgrow", "gan"}
    assert ranked[1]["energy_distance"] <= ranked[2]["energy_distance"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_keeps_the_last_whole_iteration(fdgm_command, folder, tmp_path):
    command = [sys.executable, "-m", "fdgm", "fit", str(folder / "real.csv"), "--out", "m.fdgm", "--seed", "0"]
    settings = ["--set", "max_iter=1000000", "--set", "checkpoint=state", "--set", "checkpoint__seconds=0.01"]
    with subprocess.Popen(
        [*command, *settings], cwd=tmp_path, env=fdgm_command.environment, stderr=subprocess.PIPE, text=True
    ) as running:
        first = None
        while running.poll() is None:  # the checkpoint is written again after each iteration
            state = tmp_path / "state"
            now = state.stat().st_mtime_ns if state.exists() else None
            if first is not None and now not in (None, first):
                break
            first = first or now
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=120)
    model = fdgm.load(tmp_path / "m.fdgm")
    assert running.returncode == 130
    assert said == f"fdgm: interrupted; m.fdgm holds the {model.n_iter_} iterations that were whole\n"
    assert model.stop_reason_ == "interrupted"
    assert model.n_iter_ >= 1


def test_demo_leaves_pictures_samples_and_models(run, tmp_path):
    done = run("demo", "--out", "d", "--seconds", 0.5)
    assert done.exit_code == 0
    assert sorted(os.listdir(tmp_path / "d")) == ["digits.fdgm", "digits.png", "ring.csv", "ring.fdgm", "ring.png"]


@pytest.fixture
def people(tmp_path):
    """A table with text, a number of few values and missing values."""
    n = 120
    rng = np.random.default_rng(0)
    city = np.array(["Oslo", "Rome", None])[rng.integers(3, size=n)]
    table = pd.DataFrame({"city": city, "age": rng.integers(20, 60, size=n), "kind": np.tile(["a", "b"], n // 2)})
    table.to_csv(tmp_path / "people.csv", index=False)
    return table


def test_a_table_with_text_and_a_condition(run, people):
    fit = ("fit", "people.csv", "--out", "m.fdgm", "--condition", "kind", "--seed", 0, "--json")
    assert json.loads(run(*fit).stdout)["estimator"] == "TreeSampler"
    done = run("sample", "m.fdgm", "-n", 40, "--given", "kind=b", "--out", "s.csv")
    assert (done.exit_code, done.stderr) == (0, "")
    drawn = pd.read_csv("s.csv")
    assert list(drawn.columns) == list(people.columns)
    assert set(drawn["kind"]) == {"b"}
    assert set(drawn["city"].dropna()) == {"Oslo", "Rome"}
    found = json.loads(run("evaluate", "people.csv", "s.csv", "--json").stdout)
    assert found["energy_distance"]["value"] > 0


def test_what_is_equal_has_no_distance_though_it_is_text(run, people):
    found = json.loads(run("evaluate", "people.csv", "people.csv", "--json").stdout)
    assert found["energy_distance"]["value"] == pytest.approx(0, abs=1e-9)
