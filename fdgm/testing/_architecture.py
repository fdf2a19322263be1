"""The contract of an architecture: what its networks take and return, their seeds, their gradients and their files."""

import random
from numbers import Integral

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from ..architectures import DISTRIBUTIONS, Architecture
from ._check import Checks, Property, require
from ._component import check_copies, given_by_plugin, global_states, instance
from ._networks import Trial, applied

__all__ = ["check_architecture"]

# One row and a batch use different routines. Each of many layers then rounds a float32 by 6e-8 in another way.
_CLOSE = 1e-3


def check_architecture(cls: type[Architecture] | Architecture) -> Checks:
    """The contract of an architecture, as named checks.

    Parameters
    ----------
    cls : class of Architecture, or an instance
        A class is checked with its default parameters. Networks are made for its `example_shapes`.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest. An encoder and a critic of pairs are checked if the
        architecture offers them.

    Raises
    ------
    TypeError
        If `cls` is not an architecture.

    Notes
    -----
    The other checks rely on three: shapes, finite outputs and deterministic evaluation. While one of these fails, the
    others are skipped.

    Examples
    --------
    >>> from fdgm.architectures import MLP
    >>> from fdgm.testing import check_architecture
    >>> check_architecture(MLP(width=8, depth=1)).run()
    """
    architecture: Architecture = instance("check_architecture", cls, Architecture)
    properties: list[Property] = [
        generated_data_are_in_range,
        gradients_are_attached,
        rows_are_judged_one_by_one,
        seed_decides_the_weights,
        global_state_is_untouched,
        networks_are_made_afresh,
        state_dict_holds_everything,
        can_be_saved,
    ]
    if given_by_plugin(architecture, Architecture, "make_encoder"):
        properties.append(conditional_networks_have_the_right_shape)
    return Checks(Trial(architecture), [has_the_right_shape, is_finite, evaluation_is_deterministic], properties)


def has_the_right_shape(trial: Trial) -> None:
    for shape in {network.shape for network in trial.networks}:
        size = trial.architecture.latent_size(shape)
        require(
            isinstance(size, Integral) and size >= 1,
            f"latent_size of {trial!r} must be an int of at least 1 for data of shape {shape}, got {size!r}",
        )
    for network in [*trial.networks, *trial.with_more_latents]:
        module = network.make()
        for n in (2, 1):
            output = applied(network, module, network.inputs(n))
            require(
                output.shape == (n, *network.output_shape) and output.dtype == torch.float32,
                f"{network} must return shape {(n, *network.output_shape)} and float32, got {tuple(output.shape)} and"
                f" {output.dtype}",
            )
        trained = applied(network, module.train(), network.inputs()).shape
        require(
            trained == (2, *network.output_shape),
            f"{network} must return shape {(2, *network.output_shape)} in training mode too, got {tuple(trained)}",
        )


def is_finite(trial: Trial) -> None:
    for network in trial.networks:
        for scale in (1, 30):
            output = network.make()(*(scale * x for x in network.inputs()))
            require(torch.isfinite(output).all(), f"{network} must be finite, but is not at {scale} standard normals")


def evaluation_is_deterministic(trial: Trial) -> None:
    for network in trial.networks:
        module, inputs = network.make(), network.inputs()
        require(
            torch.equal(module(*inputs), module(*inputs)),
            f"{network} must give the same output twice in evaluation mode; randomness, and what updates itself, is"
            " for training mode",
        )


def generated_data_are_in_range(trial: Trial) -> None:
    for network in trial.networks:
        bounds = trial.architecture.data_range(network.shape)
        if network.kind == "generator" and bounds is not None:
            rows = network.make()(*(30 * x for x in network.inputs(8)))
            require(
                bounds[0] <= rows.min() and rows.max() <= bounds[1],
                f"{network} must keep to its data_range, {bounds}, but makes values from {rows.min().item():.4g} to"
                f" {rows.max().item():.4g}",
            )


def gradients_are_attached(trial: Trial) -> None:
    for network in trial.networks:
        module = network.make()
        inputs = [x.requires_grad_() for x in network.inputs()]
        output = module(*inputs)
        require(output.requires_grad, f"{network} must be differentiable, but its output is detached")
        weights = [weight for weight in module.parameters() if weight.requires_grad]
        require(weights, f"{network} must have parameters to train, but has none that require a gradient")
        gradients = torch.autograd.grad(output.square().sum(), [*inputs, *weights], allow_unused=True)
        for x in gradients[: len(inputs)]:
            # Each latent must matter. A pixel need not, at a corner that strides pass over.
            reached = x is not None and (x.abs().sum(dim=0).all() if x.dim() == 2 else x.any())
            require(
                reached and torch.isfinite(x).all(),
                f"{network} must have a gradient in its input, along which points move, but it is detached, zero or not"
                " finite, in all of the input or in one column",
            )
        require(
            any(x is not None and x.any() for x in gradients[len(inputs) :]),
            f"{network} must have a gradient in its parameters, but all are detached or zero",
        )


def rows_are_judged_one_by_one(trial: Trial) -> None:
    for network in trial.networks:
        module, inputs = network.make(), network.inputs()
        with torch.no_grad():
            together = module(*inputs)
            alone = torch.cat([module(*(x[i : i + 1] for x in inputs)) for i in range(len(together))])
        require(
            torch.allclose(together, alone, rtol=_CLOSE, atol=_CLOSE),
            f"{network} must judge each row by itself in evaluation mode, but a row's output changes with the others by"
            f" up to {(together - alone).abs().max().item():.3g}",
        )


def _output(trial: Trial, seed: int) -> list[Tensor]:
    with torch.no_grad():
        return [network.make(seed)(*network.inputs()) for network in trial.networks]


def seed_decides_the_weights(trial: Trial) -> None:
    before = np.random.get_state(), random.getstate()
    outputs = []
    for seed in (1, 1, 2):
        np.random.seed(0)  # who draws from the global states is found out by the next check
        random.seed(0)
        outputs.append(_output(trial, seed))
    np.random.set_state(before[0])
    random.setstate(before[1])
    for network, first, again, other in zip(trial.networks, *outputs, strict=True):
        require(torch.equal(first, again), f"{network} must have the same weights for the same seed, but has others")
        require(
            not torch.equal(first, other),
            f"{network} must have other weights for another seed, but the seed is ignored",
        )


def global_state_is_untouched(trial: Trial) -> None:
    before = global_states()
    for network in trial.networks:
        module = network.make()
        module(*network.inputs())
        module.train()(*network.inputs())
    changed = [name for name, state in global_states().items() if state != before[name]]
    require(
        not changed,
        f"{trial!r} must draw its weights through torch, whose state is put back, and nothing in use; it moved the"
        f" global state of {', '.join(changed)}",
    )


def networks_are_made_afresh(trial: Trial) -> None:
    for network in trial.networks:
        both = network.make(), network.make()
        one, other = ({weight.data_ptr() for weight in module.parameters()} for module in both)
        require(not one & other, f"{network} must be a new module each time, but two share weights")


def state_dict_holds_everything(trial: Trial) -> None:
    for network in trial.networks:
        trained, fresh = network.make(1), network.make(2)
        trained.train()(*network.inputs())  # changes what training changes besides weights
        stored = {name: tensor.clone().contiguous() for name, tensor in trained.eval().state_dict().items()}
        fresh.load_state_dict(load(save(stored)))
        inputs = network.inputs()
        require(
            torch.equal(trained(*inputs), fresh(*inputs)),
            f"{network} must be wholly in its state_dict, but another that loaded it gives other outputs; make what it"
            " holds parameters or buffers",
        )


def can_be_saved(trial: Trial) -> None:
    def layers(architecture: Architecture) -> list[object]:
        modules = [network.make() for network in Trial(architecture).networks]
        kinds = [type(layer).__name__ for module in modules for layer in module.modules()]
        return [kinds, *({key: value.shape for key, value in module.state_dict().items()} for module in modules)]

    check_copies(trial.architecture, lambda a, b: layers(a) == layers(b))


def conditional_networks_have_the_right_shape(trial: Trial) -> None:
    architecture = trial.architecture
    for shape in architecture.example_shapes:
        size = architecture.latent_size(shape)
        for distribution in DISTRIBUTIONS:
            for kind, taken, given in (("generator", (size,), shape), ("encoder", shape, (size,))):
                make = getattr(architecture, f"conditional_{kind}")
                module = make(shape, size, distribution=distribution, seed=0).eval()
                what = f"the {distribution} {kind} of {trial!r} for data of shape {shape}"
                output = applied(
                    what,
                    module,
                    [
                        torch.zeros(2, *taken, dtype=torch.float32, device="cpu"),
                        torch.zeros(2, module.noise_size, dtype=torch.float32, device="cpu"),
                    ],
                )
                require(
                    output.shape == (2, *given),
                    f"{what} must return shape {(2, *given)}, got {tuple(output.shape)}",
                )
