"""Threads and processes: the bits of a fit, and what copies of one model draw."""

import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner, GANSampler
from fdgm.architectures import MLP, Architecture
from fdgm.ratios import KLIEP

from .conftest import SMALL, X, as_bytes, gan, images, logistic, vgrow


@pytest.mark.parametrize("scenario", [vgrow, gan, images, logistic], ids=lambda scenario: scenario.__name__)
def test_fits_in_threads_have_the_bits_that_they_have_alone(scenario):
    alone = as_bytes(scenario())
    before = torch.default_generator.get_state()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(scenario) for _ in range(4)]:
            assert as_bytes(done.result()) == alone
    assert torch.equal(before, torch.default_generator.get_state())


class Strange(Architecture):
    """Not this package's own: it draws from torch's global generator as it is made."""

    def make_generator(self, data_shape, latent_size):
        net = MLP(width=8, depth=1).make_generator(data_shape, latent_size)
        net[0].weight.data = torch.nn.functional.dropout(net[0].weight.data, 0.5)  # which takes no generator
        return net

    def make_critic(self, data_shape):
        return MLP(width=8, depth=1).make_critic(data_shape)


def test_strange_networks_are_made_by_one_thread_at_a_time():
    def made(seed):
        return Strange().generator((2,), 3, seed=seed)[0].weight.detach().numpy().copy()

    before = torch.default_generator.get_state()
    alone = [made(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for one, other in zip(alone, pool.map(made, range(8)), strict=True):
                np.testing.assert_array_equal(one, other)
    assert torch.equal(before, torch.default_generator.get_state())
    assert not np.array_equal(alone[0], alone[1])


def test_threads_that_sample_one_model_draw_different_rows():
    model = GANSampler(**SMALL, n_generator_steps=1, n_warmup_steps=0).fit(X)
    with ThreadPoolExecutor(4) as pool:
        drawn = [done.result() for done in [pool.submit(model.sample, 2) for _ in range(16)]]
    assert len({rows.tobytes() for rows in drawn}) == 16


def fitted(kind, random_state):
    sampler = GANSampler(**{**SMALL, "random_state": random_state}, n_generator_steps=1, n_warmup_steps=0)
    if kind == "sampler":
        return sampler.fit(X)
    mixture = GaussianMixture(random_state=0).fit(X)
    return DGflowRefiner(
        mixture, ratio=KLIEP(width=1.0), n_steps=1, random_state=random_state, step_size=0.01, stop=None
    ).fit(X)


def copies(model, way, tmp_path):
    """Three copies of a model, as workers have them."""
    if way == "pickle":
        return [pickle.loads(pickle.dumps(model)) for _ in range(3)]
    model.save(tmp_path / "model")
    generator = {"generator": model.generator_} if isinstance(model, DGflowRefiner) else {}
    return [fdgm.load(tmp_path / "model", **generator) for _ in range(3)]


@pytest.mark.parametrize("way", ["pickle", "load"])
@pytest.mark.parametrize("kind", ["sampler", "refiner"])
def test_copies_replay_the_stream_of_a_seed_and_differ_without_one(kind, way, tmp_path):
    seeded, fresh = fitted(kind, 0), fitted(kind, None)
    replayed = [copy.sample(3).tobytes() for copy in copies(seeded, way, tmp_path)]
    assert set(replayed) == {seeded.sample(3).tobytes()}
    assert len({copy.sample(3).tobytes() for copy in (fresh, *copies(fresh, way, tmp_path))}) == 4


def test_workers_with_seeds_of_their_own_draw_different_rows_again_and_again():
    model = fitted("sampler", 0)

    def draw():
        children = np.random.SeedSequence(7).spawn(3)
        return [
            copy.sample(3, random_state=np.random.default_rng(child))
            for copy, child in zip((pickle.loads(pickle.dumps(model)) for _ in range(3)), children, strict=True)
        ]

    first = draw()
    assert len({rows.tobytes() for rows in first}) == 3
    np.testing.assert_array_equal(first, draw())


def _sent(model, connection):
    connection.send(
        model._key(None)
    )  # what `sample` is seeded from; a fork of a process with OpenMP's threads may hang


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forks_of_a_model_without_a_seed_draw_different_rows():
    model, context = fitted("sampler", None), multiprocessing.get_context("fork")
    drawn = []
    for _ in range(2):
        here, there = context.Pipe()
        worker = context.Process(target=_sent, args=(model, there))
        worker.start()
        assert here.poll(60)
        drawn.append(here.recv())
        worker.join(60)
    assert drawn[0] != drawn[1]
