"""The form in which everything learned is kept: named tensors, JSON, and parts that are states themselves."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..exceptions import FileError

__all__ = ["State", "as_tensor"]

_MAX_DIMENSIONS = 32  # of a row, as numpy had it for long
_MAX_INT = 2**63 - 1


def as_tensor(array: np.ndarray) -> Tensor:
    """Copy an array into a tensor with the memory layout of files."""
    return torch.from_numpy(np.array(array, order="C"))


class State:
    """What an object has learned, as tensors, JSON and parts.

    Everything that is kept follows one protocol:

    - ``to_state()`` returns a `State`, which unpacks as ``tensors, json``. It holds what was learned, and no
      constructor parameter. Copy a state that is kept while the object learns on.
    - ``from_state(state)`` is the inverse. An object with parameters restores the state of an object with the same
      parameters, and returns itself. A plain value, such as a scaler, has it as a class method.

    Files, pickles, checkpoints, early stopping and refiners all use it. A subclass that learns more extends both
    methods, and calls those of its base.

    A state may come from a hostile file. So `from_state` takes each entry by a method that checks it: `tensor` by
    shape, dtype and finiteness, and `integer`, `choice` and others by their values. Each entry is checked before it is
    used, and before memory is allocated. `finish` refuses entries that nothing took.

    Parameters
    ----------
    tensors : dict of str to Tensor, optional
    json : dict, optional
        None, bools, numbers, strings, and lists of them.
    parts : dict of str to State, optional

    Raises
    ------
    FileError
        By every method that takes an entry, if the entry is missing or is something else.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor] | None = None,
        json: Mapping[str, Any] | None = None,
        parts: "Mapping[str, State] | None" = None,
        *,
        where: str = "",
    ) -> None:
        self.tensors = dict(tensors or {})
        self.json = dict(json or {})
        self.parts = dict(parts or {})
        self._where = where
        self._taken: set[str] = set()

    def __iter__(self) -> Iterator[Any]:
        """Give tensors and JSON, flat: a part's entries have its name and a slash before theirs."""
        tensors, json = dict(self.tensors), dict(self.json)
        for name, part in self.parts.items():
            inner, json[f"{name}/"] = part
            tensors |= {f"{name}/{key}": value for key, value in inner.items()}
        yield tensors
        yield json

    @classmethod
    def from_flat(cls, tensors: Mapping[str, Tensor], json: Any, where: str = "") -> "State":
        """Invert unpacking."""
        if not isinstance(json, dict):
            raise FileError(f"{where or 'the description'} must be a JSON object, got {_short(json)}")
        names = {key[:-1] for key in json if key.endswith("/")}
        own: dict[str, Tensor] = {}
        inner: dict[str, dict[str, Tensor]] = {name: {} for name in names}
        for key, value in tensors.items():
            name, slash, rest = key.partition("/")
            if slash and name in inner:
                inner[name][rest] = value
            else:
                own[key] = value
        parts = {name: cls.from_flat(inner[name], json[f"{name}/"], f"{where}{name}/") for name in sorted(names)}
        return cls(own, {key: value for key, value in json.items() if not key.endswith("/")}, parts, where=where)

    def copy(self) -> "State":
        """Copy the state, so that later changes of the object do not reach it."""
        tensors = {name: tensor.clone() for name, tensor in self.tensors.items()}
        return State(tensors, self.json, {name: part.copy() for name, part in self.parts.items()}, where=self._where)

    @property
    def size(self) -> tuple[int, int]:
        """Number of tensors, parts included, and of numbers in them."""
        sizes = [(len(self.tensors), sum(tensor.numel() for tensor in self.tensors.values()))]
        sizes += [part.size for part in self.parts.values()]
        return sum(n for n, _ in sizes), sum(numbers for _, numbers in sizes)

    def has(self, name: str) -> bool:
        """Whether a tensor, a value or a part has this name."""
        return name in self.tensors or name in self.json or name in self.parts

    def tensor(
        self,
        name: str,
        shape: tuple[int | None, ...],
        *dtypes: torch.dtype,
        finite: bool = True,
        least: float | None = None,
    ) -> Tensor:
        """Take a tensor of this shape and one of these dtypes, without NaN or infinity. A None is any size."""
        found = self._take(self.tensors, name, "tensor")
        fits = len(found.shape) == len(shape) and all(b in (None, a) for a, b in zip(found.shape, shape, strict=False))
        if not fits or found.dtype not in dtypes or found.layout != torch.strided:
            allowed = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
            wanted = str(tuple("any" if size is None else size for size in shape)).replace("'", "")
            got = f"{str(found.dtype).removeprefix('torch.')} of shape {tuple(found.shape)}"
            raise FileError(f"tensor {self._where}{name} must be {allowed} of shape {wanted}, got {got}")
        if finite and not bool(found.isfinite().all()):
            raise FileError(f"tensor {self._where}{name} must be finite, got NaN or infinity in it")
        if least is not None and not bool((found >= least).all()):
            raise FileError(f"tensor {self._where}{name} must be at least {least:g}, got {found.min().item():g} in it")
        return found

    def array(
        self,
        name: str,
        shape: tuple[int | None, ...],
        dtype: str = "float64",
        *,
        finite: bool = True,
        least: float | None = None,
    ) -> np.ndarray:
        """As `tensor`, but an array, which is a copy."""
        found = self.tensor(name, shape, getattr(torch, dtype), finite=finite, least=least)
        return found.detach().cpu().numpy().copy()

    def value(self, name: str) -> Any:
        """Take JSON without a check. The caller checks it."""
        return self._take(self.json, name, "value")

    def integer(self, name: str, least: int = 0, most: int = _MAX_INT) -> int:
        """Take an int from `least` to `most`."""
        found = self.value(name)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            self._refuse(name, f"an int from {least} to {most}", found)
        return int(found)

    def number(self, name: str, least: float = -math.inf, most: float = math.inf) -> float:
        """Take a number from `least` to `most` that is not NaN."""
        found = self.value(name)
        if not isinstance(found, (int, float)) or isinstance(found, bool) or not least <= found <= most:
            self._refuse(name, f"a number from {least:g} to {most:g}", found)
        return float(found)

    def choice(self, name: str, options: Collection[Any]) -> Any:
        """Take one of a few values, of the same type."""
        found = self.value(name)
        if not any(type(found) is type(option) and found == option for option in options):
            self._refuse(name, f"one of {list(options)}", found)
        return found

    def text(self, name: str) -> str:
        """A string."""
        found = self.value(name)
        if not isinstance(found, str):
            self._refuse(name, "a string", found)
        return str(found)

    def texts(self, name: str, n: int) -> list[str]:
        """`n` strings."""
        found = self.value(name)
        if not isinstance(found, list) or len(found) != n or not all(isinstance(item, str) for item in found):
            self._refuse(name, f"{n} strings", found)
        return list(found)

    def shape(self, name: str) -> tuple[int, ...]:
        """Take a shape of rows: one or more positive ints."""
        found = self.value(name)
        sizes = found if isinstance(found, list) else []
        if not (0 < len(sizes) <= _MAX_DIMENSIONS and all(type(n) is int and 0 < n <= _MAX_INT for n in sizes)):
            self._refuse(name, "a shape of rows", found)
        return tuple(sizes)

    def part(self, name: str) -> "State":
        """Take a part."""
        found: State = self._take(self.parts, name, "part")
        return found

    def finish(self) -> None:
        """Refuse entries that nothing took, parts included.

        Raises
        ------
        FileError
            If there is one. The message names the first.
        """
        for name in (*self.tensors, *self.json, *self.parts):
            if name not in self._taken:
                raise FileError(f"{self._where}{name} must not be there: the object has nothing of this name")
        for part in self.parts.values():
            part.finish()

    def _take(self, entries: Mapping[str, Any], name: str, what: str) -> Any:
        if name not in entries:
            raise FileError(f"{what} {self._where}{name} must be there, and is not")
        self._taken.add(name)
        return entries[name]

    def _refuse(self, name: str, wanted: str, found: Any) -> None:
        raise FileError(f"{self._where}{name} must be {wanted}, got {_short(found)}")


def _short(value: Any) -> str:
    """Shorten a value for a message."""
    if isinstance(value, (list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) > _MAX_INT:
        return "an int past 64 bits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
