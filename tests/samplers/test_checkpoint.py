"""A fit that was killed goes on to the same bits."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback

from fdgm import VGrowSampler
from fdgm.architectures import DCGAN
from fdgm.options import Checkpoint, Network

TINY = {"batch_size": 32, "random_state": 0, "generator": Network(n_particles=64, n_particle_steps=3, passes=2)}
X = np.random.default_rng(0).normal(size=(300, 2))

CODE = """
import sys, hashlib, numpy as np
from fdgm import VGrowSampler
from fdgm.options import Checkpoint, Network
X = np.random.default_rng(0).normal(size=(300, 2))
checkpoint = Checkpoint(sys.argv[1], seconds=0.1) if len(sys.argv) > 1 else None
s = VGrowSampler(generator=Network(n_particles=64, n_particle_steps=5, passes=3), max_iter=400, random_state=0,
                 record_particles=[2], checkpoint=checkpoint).fit(X)
print(hashlib.sha256(s.sample(50).tobytes() + s.log_ratio(X).tobytes() + s.particles_[2].tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    whole = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    path = tmp_path / "checkpoint"
    command = [sys.executable, "-c", CODE, str(path)]
    rng = np.random.default_rng(0)
    for _ in range(3):
        before = path.stat().st_mtime_ns if path.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if path.exists() and path.stat().st_mtime_ns > before:  # it made progress of its own
                time.sleep(rng.uniform(0, 0.2))
                break
            time.sleep(0.01)
        process.kill()  # nothing, where it has ended already
        process.wait()
    assert path.exists()
    resumed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(resumed.strip()) == 64
    assert resumed == whole
    assert not path.exists()


class Killed(Exception):
    """Stands for a crash in the middle of a fit."""


class Kills(Callback):
    """Crashes as the second iteration ends."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise Killed


def crash(path, data=X, **params):
    with pytest.raises(Killed):
        VGrowSampler(**{**TINY, **params}, checkpoint=Checkpoint(path, seconds=0), callbacks=[Kills()]).fit(data)


def test_a_crashed_fit_of_convolutions_goes_on(tmp_path):
    """Their kernels are kept channels last, and stored files in C order."""
    images = np.random.default_rng(0).normal(size=(40, 2, 8, 8))
    params = {**TINY, "architecture": DCGAN(width=4), "max_iter": 4}
    crash(tmp_path / "checkpoint", images, **params)
    resumed = VGrowSampler(checkpoint=tmp_path / "checkpoint", **params).fit(images)
    np.testing.assert_array_equal(resumed.sample(2), VGrowSampler(**params).fit(images).sample(2))


NAMED = pd.DataFrame(X.astype(np.float32).astype(np.float64), columns=["a", "b"])
OTHERS = {
    "names": NAMED.set_axis(["c", "d"], axis=1),
    "integer names": NAMED.set_axis([0, 1], axis=1),
    "container": NAMED.to_numpy(),
    "dtype": NAMED.astype("float32"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_checkpoint_of_the_same_values_in_another_form_is_refused(other, tmp_path):
    """Samples would come in the columns, container and dtype of the fit that was killed."""
    path = tmp_path / "checkpoint"
    crash(path, NAMED, max_iter=4)
    with pytest.raises(ValueError, match="which another fit wrote"):
        VGrowSampler(max_iter=4, checkpoint=path, **TINY).fit(other)


def test_the_checkpoint_of_other_arguments_is_refused(tmp_path):
    crash(tmp_path / "checkpoint", max_iter=4)
    with pytest.raises(ValueError, match=r"checkpoint of VGrowSampler .* which another fit wrote"):
        VGrowSampler(**TINY, max_iter=4, step_size=0.04, checkpoint=tmp_path / "checkpoint").fit(X)
