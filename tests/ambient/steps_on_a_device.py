"""A training step of each estimator on a device that is not there; a program, since torch may end its process.

Tensors are torch's fake ones: they have a shape, a dtype and a device, and no numbers. Torch refuses an operation on
two devices for them as it does on a GPU. Its autograd engine runs "cuda" on a thread of the driver, and ends the
process where there is no driver. The device is therefore "lazy", which needs no thread, and is as little the CPU.

Where a number is read back, it is 0.5, or 1 as an int. A generator is an object with a device, and what it draws must
be on that device.

It prints a JSON object: for each estimator the error of its step, or null. For one of each kind it has two more
entries: "NAME, a parameter on the CPU" and "NAME, generators on the CPU".
"""

import copy
import json
import traceback
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from unittest.mock import patch

import numpy as np
import torch
from torch._subclasses import FakeTensor, FakeTensorMode

import fdgm
from fdgm import AGEBidirectional, GANSampler, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.nets import Clock, ResidentRows
from fdgm.options import Adam, Flow, Gradient, Maps, Network
from fdgm.ratios import LogisticRatio

LOCK = type(Lock())
DEVICE = torch.device("lazy", 0)
FACTORIES = ("rand", "randint", "randn", "randperm", "normal", "bernoulli", "multinomial")
METHODS = ("normal_", "uniform_", "bernoulli_", "random_", "exponential_")

ROWS = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
IMAGES = np.random.default_rng(0).uniform(-1, 1, size=(12, 1, 8, 8)).astype(np.float32)
TINY = {"architecture": MLP(width=8, depth=2), "batch_size": 16, "max_iter": 1, "random_state": 0}
GAN = {**TINY, "batch_size": 64, "n_generator_steps": 1, "n_warmup_steps": 1, "n_critic_steps": 1}
ON_IMAGES = {**GAN, "architecture": DCGAN(width=4), "batch_size": 4}
NETWORK = Network(n_particles=32, n_particle_steps=1, n_warmup_steps=1, passes=1)
UPDATES, WARMED = Gradient(n_updates=1), Gradient(n_updates=1, n_warmup_steps=1)
AGE = {**TINY, "latent_size": 2, "generator": "gaussian"}

PLAIN = {  # one of each kind of step
    "GANSampler": GANSampler(**GAN),
    "VGrowSampler network": VGrowSampler(**TINY, generator=NETWORK),
    "VGrowSampler maps": VGrowSampler(**TINY, generator=Maps(n_particles=32, n_critic_steps=1)),
    "AGEBidirectional": AGEBidirectional(**AGE, method=WARMED),
    "LogisticRatio": LogisticRatio(**TINY, n_critic_steps=1),
}
ESTIMATORS = {
    **PLAIN,
    "GANSampler f_gan ema": GANSampler("f_gan", ema=0.9, **GAN),
    "GANSampler wasserstein_gp": GANSampler("wasserstein_gp", **GAN),
    "GANSampler DCGAN": GANSampler(**ON_IMAGES),
    **{
        f"GANSampler {name}": GANSampler("non_saturating", regularizer=name, **GAN)
        for name in fdgm.available("regularizer")
    },
    "AGEBidirectional flow": AGEBidirectional(**AGE, method=Flow(n_rounds=1, n_pairs=8, n_moves=1, start=0.0)),
    "AGEBidirectional avb": AGEBidirectional(**AGE, objective="avb", method=WARMED),
    "AGEBidirectional vae": AGEBidirectional(**AGE, objective="vae", method=UPDATES),
}


class Stream:
    """Stands for a random generator."""

    def __init__(self, device="cpu"):
        self.device = torch.device(device)

    def manual_seed(self, seed):
        return self


def sown(function):
    """A function that draws, and that takes such a generator, on its device alone."""

    def draw(*args, generator=None, **kwargs):
        made = function(*args, **kwargs)
        if generator is not None and generator.device != made.device:
            raise RuntimeError(f"expected a generator on {made.device}, got one on {generator.device}")
        return made

    return draw


def numbers(shape):
    """Nested lists of this shape."""
    return [numbers(shape[1:]) for _ in range(shape[0])] if shape else 0.5


def unfused(make):
    """The fused kernel asks for one of the devices that it was written for."""

    def made(option, parameters):
        optimizer = make(option, parameters)
        unfuse(optimizer)
        return optimizer

    return made


def unfuse(optimizer):
    for group in optimizer.param_groups:
        group["fused"] = False


@contextmanager
def readable():
    """Inside, a tensor without numbers can be read, and drawn by a Stream."""
    with ExitStack() as stack:
        for owner, names in ((torch, FACTORIES), (torch.Tensor, METHODS)):
            for name in names:
                stack.enter_context(patch.object(owner, name, sown(getattr(owner, name))))
        for name, value in (("item", 0.5), ("__float__", 0.5), ("__int__", 1), ("__bool__", True)):
            stack.enter_context(patch.object(torch.Tensor, name, lambda tensor, value=value: value))
        stack.enter_context(patch.object(torch.Tensor, "tolist", lambda tensor: numbers(tensor.shape)))
        stack.enter_context(patch.object(torch, "Generator", Stream))
        stack.enter_context(patch.object(Adam, "make", unfused(Adam.make)))
        yield


def fake(tensor, mode, device):
    made = FakeTensor(mode, torch.empty_like(tensor.detach(), device="meta"), device)
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(made, requires_grad=tensor.requires_grad)
    return made


def moved(net, mode, left=None):
    """A copy of a net on the device, except one parameter, which is left on the CPU."""

    def copied(tensor, memo):
        if id(tensor) not in memo:
            memo[id(tensor)] = fake(tensor, mode, torch.device("cpu") if tensor is left else DEVICE)
        return memo[id(tensor)]

    made = object.__new__(type(net))
    with (
        patch.object(torch.Tensor, "__deepcopy__", copied),
        patch.object(torch.nn.Parameter, "__deepcopy__", copied),
        patch.dict(copy._deepcopy_dispatch, {torch._C.Generator: lambda *_: Stream(DEVICE), LOCK: lambda *_: Lock()}),
    ):
        # skorch copies its nets by a file, which holds no such tensors.
        vars(made).update(copy.deepcopy(vars(net), {id(net): made}))
    made.device = str(DEVICE)
    made.clock_ = Clock(1, None)
    made.initialize_history()
    made.history.new_epoch()
    for name in made.optimizer_names:
        optimizer = getattr(made, name)
        optimizer.state.clear()
        unfuse(optimizer)
    return made


def error_of(model, samples, *, mixed=False, sown_elsewhere=False):
    """What one training step of a fitted estimator raises on the device: a text, or None."""
    mode = FakeTensorMode()
    left = next(getattr(model.net_, model.net_.module_names[0]).parameters()) if mixed else None
    net = moved(model.net_, mode, left)
    rows = tuple(ResidentRows(fake(torch.from_numpy(sample), mode, DEVICE)) for sample in samples)
    if sown_elsewhere:
        for name in net.stream_names:
            getattr(net, name).device = torch.device("cpu")
    try:
        with readable(), mode:
            net.train_step(rows)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames if "torch" not in frame.filename]
        return f"{type(error).__name__}: {error} ({' > '.join(where)})"
    return None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = {}
    for name, estimator in ESTIMATORS.items():
        data = IMAGES if "DCGAN" in name else ROWS
        samples = (data, data[::-1] + 1) if isinstance(estimator, LogisticRatio) else (data,)
        samples = [np.ascontiguousarray(sample) for sample in samples]
        model = estimator.fit(*samples)
        found[name] = error_of(model, samples)
        if name in PLAIN:
            found[f"{name}, a parameter on the CPU"] = error_of(model, samples, mixed=True)
            found[f"{name}, generators on the CPU"] = error_of(model, samples, sown_elsewhere=True)
    print(json.dumps(found))
