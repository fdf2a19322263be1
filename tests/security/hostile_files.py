"""Files that mean harm, each loaded in a child of its own: a program, which `test_hostile_files.py` runs.

It prints one line of JSON for each file: its kind, what was done, how loading ended, and what that cost.
"""

import json
import os
import random
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as load_tensors

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner, GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import Gradient, Network, RMSprop
from fdgm.persistence import _file
from fdgm.ratios import LogisticRatio, TelescopingRatio, uLSIF

SMALL = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 1, "random_state": 0}
SPARE = 4 * 2**30  # bytes of address space that a child may take: an attack that works must not stop the machine


def honest(folder):
    """Files of each kind of estimator, and what is in them: description and tensors."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    vgrow = {"generator": Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=2)}
    vgrow = VGrowSampler(**SMALL, **vgrow, record_particles=[1]).fit(X)
    kernels = uLSIF(width=1.0, penalty=0.1, n_centers=5, random_state=0)
    logistic = LogisticRatio(architecture=MLP(width=8, depth=1), max_iter=1, n_critic_steps=2, random_state=0)
    made = {
        "vgrow": vgrow,
        "gan": GANSampler(
            **SMALL, n_generator_steps=2, n_warmup_steps=0, n_critic_steps=1, critic_optimizer=RMSprop()
        ).fit(X),
        "age": AGEBidirectional(**SMALL, method=Gradient(n_warmup_steps=2, n_updates=2)).fit(X),
        "refiner": DGflowRefiner(vgrow, ratio=kernels, n_steps=1, random_state=0, step_size=0.01, stop=None).fit(X),
        "logistic": logistic.fit(X + 1, X),
        "telescoping": TelescopingRatio(kernels, n_bridges=1, random_state=0).fit(X + 1, X),
    }
    files = {}
    for name, estimator in made.items():
        path = folder / name
        estimator.save(path)
        fdgm.load(path)  # everything that it imports is imported once, before the children
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        text = json.loads(data[8 : 8 + length])["__metadata__"]["fdgm"][64:]
        files[name] = json.loads(text), load_tensors(data), data
    return files


def places(value, path=()):
    """Where there is anything in a description, except in the card, whose text is shown and never used."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        if key != "card":
            yield from places(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def of_shape(rng, description, tensors):
    name = rng.choice(sorted(tensors))
    old = tensors[name]
    shapes = [(), (0,), (1,), (3,), (2**31, 0), (*old.shape, 1), (*old.shape[:-1], 2 * (old.shape or (1,))[-1] + 1)]
    if old.dim() and name.endswith(("log_ratio_p_", "log_ratio_q_", "rows")):
        shapes = [(), (*old.shape, 1)]  # as long as one likes
    if "history" in name or "progress" in name or "losses" in name or "first" in name or "tried" in name:
        shapes = [(*old.shape, 1)]
    if "particles" in name or "row_ends" in name or "streams" in name:
        shapes = [(), (*old.shape, 1)]
    shape = rng.choice([shape for shape in shapes if shape != tuple(old.shape)])
    tensors[name] = torch.ones(shape, dtype=old.dtype)
    return f"{name}: {tuple(old.shape)} to {shape}"


def of_dtype(rng, description, tensors):
    name = rng.choice(sorted(tensors))
    old = tensors[name].dtype
    others = [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int32, torch.uint8, torch.bool]
    dtype = rng.choice([d for d in others if d != old])
    if name.endswith("rows"):
        dtype = torch.bool
    tensors[name] = tensors[name].to(dtype)
    return f"{name}: {old} to {dtype}"


def of_name(rng, description, tensors):
    name = rng.choice(sorted(tensors))
    way = rng.choice(["drop", "rename", "add"])
    if "/particles/" in name or name.endswith("/rows"):
        way = "add"  # there may be fewer
    tensor = tensors[name] if way == "add" else tensors.pop(name)
    if way != "drop":
        tensors[rng.choice([f"{name}x", f"x{name}", name.upper() + "_", f"../{name}", "é", f"{name}/0"])] = tensor
    return f"{way} {name}"


def of_value(rng, description, tensors):
    """NaN and infinity where they cannot be, and what no optimizer, scaler or stream holds."""
    bounds = ("/lower", "/upper", "/low", "/high")  # infinite where there are none
    free = (*bounds, "history", "losses", "first", "constants", "distance", "tried", "row_ends", "streams", "best")
    name = rng.choice([n for n, t in tensors.items() if t.is_floating_point() and not any(f in n for f in free)])
    bad = rng.choice([float("nan"), float("inf"), -float("inf")])
    if name.endswith("log_weights_"):
        bad = float("nan")
    if name.endswith(("scaler/scale", "exp_avg_sq", "square_avg", "step", "_scale")) and rng.random() < 0.5:
        bad = -1.0
    tensor = tensors[name] = tensors[name].clone()
    if not tensor.numel():
        return of_value(rng, description, tensors)
    tensor.view(-1)[rng.randrange(tensor.numel())] = bad
    return f"{bad} in {name}"


def of_params(rng, description, tensors):
    """Parameters that no constructor takes, and networks that the tensors are not of."""
    params = [p for p in places(description["object"]) if p and p[-1] == "params"]
    owner = at(description["object"], rng.choice(params))
    nets = [p for p in places(description["object"]) if p and p[-1] == "architecture"]
    way = rng.choice(["unknown", "missing", "call", "junk", "size" if nets else "unknown"])
    if way == "size":
        size = {"width": 20_000, "depth": 20_000, "hidden": 10**9, "generator": Network(latent_size=10**7)}
        name = rng.choice(sorted(size))
        path = rng.choice(nets)
        inner = at(description["object"], path[:-1])
        if name == "hidden":
            inner["architecture"] = {
                "family": "architecture", "name": "hierarchical",
                "params": {"base": None, "top": None, "hidden_size": 10**9, "between": None},
            }  # fmt: skip
        elif name == "latent_size" and name in inner:
            inner[name] = size[name]
        elif isinstance(inner["architecture"], dict):
            inner["architecture"]["params"]["width" if name == "latent_size" else name] = size["width"]
        else:  # a name, of an architecture that does not exist at this size either
            inner["architecture"] = {"family": "architecture", "name": "mlp", "params": {"width": size["width"]}}
        return f"{name} of {path}"
    name = rng.choice(sorted(owner)) if owner else "x"
    if way == "unknown" or not owner:
        owner[rng.choice(["x", "__class__", "generator_", "", "é" * 300])] = 1
    elif way == "missing":
        del owner[name]
    elif way == "call":
        name = rng.choice(["checkpoint", "n_jobs", "device", "verbose", "callbacks"])
        owner[name] = {"checkpoint": "/tmp/x", "n_jobs": 64, "device": "cuda", "verbose": 1, "callbacks": []}[name]
    else:
        junk = [{"family": "divergence", "name": "kl"}, {"x": 1}, {"family": "os", "name": "system", "params": {}}]
        owner[name] = rng.choice(junk)
    return f"{way} {name}"


def of_nesting(rng, description, tensors):
    """JSON that is deep, large, or of another type than what is read."""
    way = rng.choice(["deep", "wide", "type", "class", "estimator"])
    if way == "type":
        # A feature that was false, a list that was empty: only what differs in type is refused in any place.
        path = rng.choice(
            [p for p in places(description["object"]) if p and isinstance(at(description["object"], p), dict)]
        )
        at(description["object"], path[:-1])[path[-1]] = rng.choice([3, "x", [1], -1e300])
        return f"no object at {path}"
    if way == "class":
        name = rng.choice(["os", "VGrow", "", "x" * 10_000, 3, None, ["GANSampler"]])
        description["object"][rng.choice(["name", "family"])] = name
        return f"class {str(name)[:20]!r}"
    if way == "estimator":
        inner = json.loads(json.dumps(description["object"]))
        for _ in range(rng.choice([3, 100])):
            inner = {"family": "estimator", "name": "DGflowRefiner", "params": {}, "left_out": {}, "generator/": inner}
        description["object"] = inner
        return "estimators in one another"
    size = rng.choice([100, 3000, 100_000])
    if way == "deep":
        name = rng.choice(["x", "params", "format"])
        return f"deep {name}", json.dumps(description)[:-1] + f', "{name}": ' + "[" * size + "]" * size + "}"
    holder = at(description["object"], rng.choice([(), ("params",), ("state/",)]))
    holder["y" * 10] = [{} for _ in range(size)]
    return f"wide by {size}"


def of_count(rng, description, tensors):
    """Very many tensors, and numbers past any that are kept."""
    way = rng.choice(["tensors", "number", "number", "boolean"])
    if way == "tensors":
        n = 70_000 if rng.random() < 0.1 else 1000
        tensors |= {f"t{k}": torch.zeros(0) for k in range(n)}
        return f"{n} tensors more"
    whole = [
        path for path in places(description["object"])
        if path and type(at(description["object"], path)) is int and "params" not in path
    ]  # fmt: skip
    path = rng.choice(whole or [("family",)])
    value = rng.choice([-1, 2**70, 10**400, -(2**70)]) if way == "number" else True
    if path[-1] == "entropy":
        value = rng.choice([-1, 2**200])
    at(description["object"], path[:-1])[path[-1]] = 0 if str(path[-1]).endswith("sign") else value
    return f"{str(value)[:10]} at {path}"


KINDS = {
    "shape": of_shape, "dtype": of_dtype, "name": of_name, "value": of_value,
    "params": of_params, "nesting": of_nesting, "count": of_count,
}  # fmt: skip


def crafted(files, n):
    """Files with a digest that matches."""
    for case in range(n):
        kind = sorted(KINDS)[case % len(KINDS)]
        rng = random.Random(case)
        owner = rng.choice(sorted(files))
        description, tensors, _ = files[owner]
        description, tensors = json.loads(json.dumps(description)), dict(tensors)
        what = KINDS[kind](rng, description, tensors)
        what, text = what if isinstance(what, tuple) else (what, json.dumps(description))
        tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        yield kind, f"{owner}: {what}", _file._pack(text, tensors)


def damaged(files, n):
    """Truncations, and flips of one bit, in the header as in the tensors."""
    for case in range(n):
        rng = random.Random(case)
        owner = rng.choice(sorted(files))
        data = bytearray(files[owner][2])
        if case % 2:
            end = rng.randrange(len(data))
            yield "truncation", f"{owner}: {end}", data[:end]
        else:
            header = int.from_bytes(data[:8], "little") + 8
            place, bit = rng.randrange(header if case % 4 else len(data)), rng.randrange(8)
            data[place] ^= 1 << bit
            yield "flip", f"{owner}: bit {bit} of {place}", data


def address_space():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def attempt(path):
    """How loading a file ends in a child, and its seconds of the processor and bytes beyond the parent's."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            before = resident()  # less than the parent's: what was mapped from files is not there until it is used
            limit = address_space() + SPARE
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
            try:
                end = type(fdgm.load(path)).__name__, "loaded"
            except BaseException as error:
                end = type(error).__name__, str(error)
            os.write(writing, json.dumps([end[0], end[1][:1000], before]).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status, usage = os.wait4(child, 0)
    name, message, before = json.loads(told) if told else ("killed", f"status {status}", 0)
    return name, message, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 - before


def main(n):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = honest(folder)
        for cases in (crafted(files, n), damaged(files, n)):
            for kind, what, data in cases:
                path = folder / "bad"
                path.write_bytes(data)
                error, message, seconds, memory = attempt(path)
                row = {"kind": kind, "what": what, "error": error, "message": message}
                print(json.dumps({**row, "seconds": seconds, "memory": memory}), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]))
