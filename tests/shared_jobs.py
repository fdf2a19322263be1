"""What the processes of tests/distributed run: `python shared_jobs.py NAME FOLDER` starts two of them.

Each writes what it found to FOLDER/RANK.json, or FOLDER/RANK-RESTART.json where it may be started again.
"""

import faulthandler
import hashlib
import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from skorch.callbacks import Callback

import fdgm
from fdgm import AGEBidirectional, GANSampler, VGrowSampler
from fdgm.exceptions import StopTraining
from fdgm.options import Checkpoint, Gradient, Network
from fdgm.ratios import LogisticRatio


def rows(n=400, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, size=(n, 2))


def models(**params):
    small = {"max_iter": 2, "random_state": 0, **params}
    network = Network(n_particles=128, n_particle_steps=2, n_warmup_steps=3)
    return {
        "vgrow maps": VGrowSampler(record_particles=[1], **small),
        "vgrow network": VGrowSampler(generator=network, batch_size=64, **small),
        "vgrow ratio": VGrowSampler(ratio="ulsif", generator=network, batch_size=64, **small),
        "gan": GANSampler("wasserstein_gp", n_generator_steps=3, n_warmup_steps=3, **small),
        "relativistic gan": GANSampler(n_generator_steps=3, n_warmup_steps=3, **small),
        "age": AGEBidirectional(**small),
        "age by gradients": AGEBidirectional(
            "kl", method=Gradient(n_updates=3, n_warmup_steps=3, min_critic_loss=1.3), **small
        ),
        "flow matching": fdgm.FlowMatchingSampler(**small),
        "logistic": LogisticRatio(**small),
    }


def fit(model, X):
    return model.fit(X, rows(300, 1.0, 1)) if isinstance(model, LogisticRatio) else model.fit(X)


def bits(model):
    """A digest of all weights and buffers."""
    digest = hashlib.sha256()
    for name in model.net_.module_names:
        for key, tensor in sorted(getattr(model.net_, name).state_dict().items()):
            digest.update(key.encode() + tensor.cpu().contiguous().numpy().tobytes())
    for parameter in (p for name in model.net_.optimizer_names for p in getattr(model.net_, name).state.values()):
        for value in parameter.values():
            digest.update(torch.as_tensor(value).cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def rank():
    return dist.get_rank()


def note(folder, found, name=None):
    (Path(folder) / f"{rank() if name is None else name}.json").write_text(json.dumps(found))


def fit_all(folder):
    found = {}
    for name, model in models().items():
        fit(model, rows())
        history = model.history_.drop(columns="seconds")
        found[name] = {
            "weights": bits(model),
            "history": history.to_numpy().tolist(),
            "n_processes": history["n_processes"].tolist(),
            "streams": [getattr(model.net_, s).get_state().sum().item() for s in model.net_.stream_names],
        }
        if name == "vgrow maps":
            found[name]["particles"] = model.particles_[1].shape
    own = rows(200 + 50 * rank(), shift=3.0 * rank(), seed=rank())  # rows of its own
    parts = VGrowSampler(max_iter=2, random_state=None).fit(own)
    found["rows of its own"] = {
        "weights": bits(parts),
        "mean": parts._scaler.mean.tolist(),
        "n_rows": parts._seen["rows"],
    }
    found["gradient"] = _gradient()
    with fdgm.distributed.alone():
        alone = VGrowSampler(max_iter=1, random_state=rank()).fit(rows())
    found["alone"] = {"weights": bits(alone), "columns": list(alone.history_.columns)}
    note(folder, found)


def _gradient():
    """The gradient of a loss over this process's half of some rows, after an optimizer's hook has averaged it."""
    net = models()["logistic"].fit(rows(), rows()).net_
    layer = torch.nn.Linear(3, 1, dtype=torch.float32)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.fill_(0.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    with fdgm.distributed.together("test") as group:
        net.prepare(optimizer)
        layer(group.part(torch.arange(24.0).view(8, 3))).square().mean().backward()
        optimizer.step()
    return layer.weight.grad.tolist()


class Trouble(Callback):
    """Does something at the end of one process's second iteration."""

    def __init__(self, what):
        self.what = what

    def on_epoch_end(self, net, **kwargs):
        if rank() == 1 and len(net.history) == 2:
            self.what(net)


def _stop(net):
    raise StopTraining("enough")


def _fail(net):
    raise OSError("no such row")


def _interrupt(net):
    os.kill(os.getpid(), signal.SIGINT)


def _poison(net):
    with torch.no_grad():
        net.critic_[0].weight.fill_(torch.nan)


def _explode(net):
    with torch.no_grad():
        for parameter in net.generator_.parameters():
            parameter.mul_(1e4)


def trouble(folder):
    """Each kind of trouble in the second process, and what both see of it, within a minute."""
    faulthandler.dump_traceback_later(60, exit=True)  # from here on: a busy machine takes long to start processes
    found = {}
    network = Network(n_particles=128, n_particle_steps=2, n_warmup_steps=3)
    kinds = {"stop": _stop, "fail": _fail, "interrupt": _interrupt, "nan": _poison, "explosion": _explode}
    for name, what in kinds.items():
        model = VGrowSampler(generator=network, max_iter=50, random_state=0, callbacks=[Trouble(what)])
        found[name] = _outcome(model, rows())
    found["no rows"] = _outcome(VGrowSampler(max_iter=2), rows() if rank() == 0 else rows()[:0])
    found["no rows left"] = _outcome(VGrowSampler(max_iter=2), _batches(rank()))
    found["other parameters"] = _outcome(VGrowSampler(max_iter=2 + rank()), rows())
    found["other budget"] = _outcome(VGrowSampler(max_iter=None, max_seconds=0.5), rows())
    found["fine again"] = _outcome(VGrowSampler(max_iter=2, random_state=0), rows())
    faulthandler.cancel_dump_traceback_later()
    note(folder, found)


def _batches(rank):
    yield rows(100)
    if rank == 1:
        raise EOFError("the source is empty")
    yield rows(100)


def _outcome(model, X):
    start = time.monotonic()
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(X)
        except (Exception, KeyboardInterrupt) as raised:
            error = f"{type(raised).__name__}: {raised}"
    fitted = hasattr(model, "net_")
    return {
        "error": error,
        "warnings": [str(one.message) for one in caught],
        "n_iter": model.n_iter_ if fitted else 0,
        "stop_reason": getattr(model, "stop_reason_", None),
        "weights": bits(model) if fitted else None,
        "seconds": time.monotonic() - start,
    }


def _die(net):
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os.kill(os.getpid(), signal.SIGKILL)


def killed(folder, *, kill=True):
    """A fit whose second process dies after its second iteration, and goes on when it is started again."""
    found = {}
    trained = []
    for name in ("vgrow maps", "gan"):
        path = Path(folder) / f"{name}.checkpoint"
        model = models(max_iter=4, checkpoint=Checkpoint(path, seconds=1e-9))[name]
        model.callbacks = [_Counts(trained), *([Trouble(_die)] if kill and name == "gan" else [])]
        model.fit(rows())
        found[name] = bits(model)
    restart = os.environ["TORCHELASTIC_RESTART_COUNT"]
    note(folder, {"weights": found, "iterations": trained}, f"{rank()}-{restart}")


def unharmed(folder):
    killed(folder, kill=False)


class _Counts(Callback):
    def __init__(self, seen):
        self.seen = seen

    def on_epoch_end(self, net, **kwargs):
        self.seen.append(len(net.history))


def leave_half(folder):
    """A fit that both processes leave after two iterations, with its checkpoint."""
    model = models(max_iter=4, checkpoint=Checkpoint(Path(folder) / "half", seconds=1e-9))["gan"]
    model.callbacks = [_Leaves()]
    try:
        model.fit(rows())
    except RuntimeError:
        note(folder, {"n_iter": model.n_iter_})


class _Leaves(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            raise RuntimeError("enough for today")


def curves(folder):
    found = {}
    for seed in range(3):
        for name, model in curve_models(seed).items():
            found.setdefault(name, []).append(curve(fit(model, rows())))
    note(folder, found)


def curve_models(seed):
    chosen = models(random_state=seed, max_iter=3)
    return {name: chosen[name] for name in ("vgrow network", "gan", "age by gradients", "logistic")}


def curve(model):
    return model.history_[model.net_.history_names[0]].tolist()


def save(folder):
    model = VGrowSampler(max_iter=2, random_state=0).fit(rows())
    if rank() == 0:
        model.save(Path(folder) / "model.fdgm")
    note(folder, {"weights": bits(model), "sample": model.sample(3, random_state=0).tolist()})


if __name__ == "__main__":
    if "LOCAL_RANK" in os.environ:  # under torchrun, or a launcher like it
        dist.init_process_group("gloo")
        globals()[sys.argv[1]](sys.argv[2])
        dist.destroy_process_group()
    else:
        fdgm.distributed.launch(globals()[sys.argv[1]], (sys.argv[2],), n_processes=2, max_restarts=1)
