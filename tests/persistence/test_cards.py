"""Cards: what a model saw, in its file and after it."""

import numpy as np
import pandas as pd
import pytest

import fdgm
from fdgm import DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP
from fdgm.metrics import report
from fdgm.ratios import KLIEP

X = pd.DataFrame({"age": np.linspace(20, 80, 60), "height": np.linspace(150, 199, 60)})
COLUMNS = {"n_columns": 2, "columns": ["age", "height"], "ranges": {"age": [20, 80], "height": [150, 199]}}
TINY = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "random_state": 0, "max_iter": 2}


@pytest.fixture(scope="module")
def sampler():
    return VGrowSampler(**TINY).fit(X)


def test_a_card_says_what_the_model_saw_and_no_row(sampler):
    card = sampler.card_
    assert card["model"] == "VGrowSampler"
    assert card["data"] == {"rows": 60, **COLUMNS}
    assert card["training"]["iterations"] == 2
    assert card["training"]["ended_by"] == "max_iter"
    assert card["parameters"]["batch_size"] == 16
    assert "verbose" not in card["parameters"]
    assert set(card["versions"]) == {"fdgm", "python", "torch", "numpy", "scikit-learn"}


def test_a_card_comes_back_from_the_file_with_licence_and_figures(sampler, tmp_path):
    table = report(X, sampler.sample(40, random_state=0), n_resamples=0, random_state=0)
    sampler.save(tmp_path / "m", license="CC-BY-4.0", report=table)
    loaded = fdgm.load(tmp_path / "m")
    assert loaded.card_["license"] == "CC-BY-4.0"
    assert loaded.card_["report"]["energy_distance"] == [table.loc["energy_distance", "value"], None]
    same = {key: value for key, value in loaded.card_.items() if key not in ("license", "report")}
    assert same == {key: sampler.card_[key] for key in same}
    assert sampler.card_["license"] is None  # saving changes no estimator


def test_another_fit_makes_another_card(sampler, tmp_path):
    sampler.save(tmp_path / "m", license="CC-BY-4.0")
    loaded = fdgm.load(tmp_path / "m").fit(X.iloc[:30])
    assert loaded.card_["license"] is None
    assert loaded.card_["data"]["rows"] == 30


def test_rows_of_later_calls_are_counted():
    sampler = VGrowSampler(**TINY).partial_fit(X.iloc[:30]).partial_fit(X)
    assert sampler.card_["data"] == {"rows": 90, **COLUMNS}


def test_images_have_one_range():
    images = np.random.default_rng(0).uniform(0, 255, size=(40, 1, 8, 8))
    data = VGrowSampler(**TINY).fit(images).card_["data"]
    assert data == {"rows": 40, "shape": [1, 8, 8], "range": [images.min(), images.max()]}


@pytest.mark.parametrize("name", ["refiner", "ratio"])
def test_what_trains_no_networks_has_a_card_too(sampler, name, tmp_path):
    fitted = (
        DGflowRefiner(sampler, ratio=KLIEP(random_state=0), n_steps=1, stop=None, random_state=0).fit(X)
        if name == "refiner"
        else KLIEP(random_state=0).fit(X, X + 5)
    )
    fitted.save(tmp_path / "m", license="mine")
    assert fdgm.load(tmp_path / "m").card_ == {**fitted.card_, "license": "mine"}


@pytest.mark.parametrize(
    ("what", "match"), [({"license": 3}, "license of save .*got 3"), ({"report": [1]}, r"report of save .*got \[1\]")]
)
def test_what_is_no_licence_and_no_report(sampler, tmp_path, what, match):
    with pytest.raises(TypeError, match=match):
        sampler.save(tmp_path / "m", **what)
    assert not list(tmp_path.iterdir())
