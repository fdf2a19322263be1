"""Read a pickle of bytes, integers, lists and arrays of bytes without unpickling it.

Unpickling runs code from the file, and numpy trusts the given state. Here the few opcodes of such files build plain
values, and an array is made from its shape and its bytes. The published files have protocol 2, written by Python 2.
Those that Python 3 writes are read too.
"""

import math
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["read_pickle"]


class _Mark:
    """Where the elements of a tuple or a list begin."""


class _Global:
    """A name that a pickle refers to; nothing is imported for it."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Type:
    """numpy's type of bytes."""


class _Array:
    """An array of bytes, empty until its shape and bytes have been read."""

    def __init__(self) -> None:
        self.value = np.empty(0, np.uint8)


#: What the files refer to, with the spaces of `pickletools`; numpy 2 and Python 3 have other names for it.
_KNOWN = {
    "numpy.core.multiarray _reconstruct": "reconstruct",
    "numpy._core.multiarray _reconstruct": "reconstruct",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
    "_codecs encode": "encode",  # how Python 3 writes bytes for Python 2
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_VALUES = {"BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"}
_STRINGS = {"SHORT_BINSTRING", "BINSTRING"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_pickle(data: bytes) -> dict[bytes, Any]:
    """The dict that a pickle holds: of bytes, integers, lists, and arrays of uint8.

    Raises
    ------
    ValueError
        If it holds, or does, anything else.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            machine.step(opcode.name, argument)
        (result,) = machine.stack
    except (IndexError, KeyError) as error:
        raise ValueError("its parts do not fit together") from error
    if type(result) is not dict:
        raise ValueError("it holds no dict")
    return {key: value.value if isinstance(value, _Array) else value for key, value in result.items()}


class _Machine:
    """A stack and a memo, as pickle has them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.actions: dict[str, Callable[[], None]] = {
            "PROTO": lambda: None,
            "FRAME": lambda: None,
            "STOP": lambda: None,
            "MARK": lambda: self.stack.append(_Mark()),
            "EMPTY_DICT": lambda: self.stack.append({}),
            "EMPTY_LIST": lambda: self.stack.append([]),
            "TUPLE": lambda: self.stack.append(tuple(self.marked())),
            "APPEND": lambda: self.extend([self.stack.pop()]),
            "APPENDS": lambda: self.extend(self.marked()),
            "SETITEM": lambda: self.update(self.popped(2)),
            "SETITEMS": lambda: self.update(self.marked()),
            "MEMOIZE": lambda: self.memo.update({len(self.memo): self.stack[-1]}),
            "STACK_GLOBAL": lambda: self.refer(" ".join(map(str, self.popped(2)))),
            "REDUCE": self.reduce,
            "BUILD": self.build,
        }

    def step(self, name: str, argument: Any) -> None:
        """One opcode."""
        if name in self.actions:
            self.actions[name]()
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _VALUES:
            self.stack.append(argument)
        elif name in _STRINGS:  # bytes of Python 2, which pickletools decodes
            self.stack.append(argument.encode("latin1"))
        elif name in _TUPLES:
            self.stack.append(tuple(self.popped(_TUPLES[name])))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name == "GLOBAL":
            self.refer(argument)
        else:
            raise ValueError(f"it has the opcode {name}")

    def popped(self, n: int) -> list[Any]:
        """The last `n` values, taken off."""
        if len(self.stack) < n:
            raise IndexError
        values = self.stack[-n:]
        del self.stack[-n:]
        return values

    def marked(self) -> list[Any]:
        """The values after the last mark, taken off with it."""
        values: list[Any] = []
        while not isinstance(value := self.stack.pop(), _Mark):
            values.append(value)
        return values[::-1]

    def extend(self, values: list[Any]) -> None:
        """Put values at the end of the list below them."""
        if type(self.stack[-1]) is not list:
            raise ValueError("it appends to what is no list")
        self.stack[-1].extend(values)

    def update(self, values: list[Any]) -> None:
        """Put pairs of keys and values into the dict below them."""
        if type(self.stack[-1]) is not dict or len(values) % 2 or any(type(key) is not bytes for key in values[::2]):
            raise ValueError("it has a dict whose keys are not bytes")
        self.stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def refer(self, name: str) -> None:
        """Put a name that is known, and stands for itself."""
        if name not in _KNOWN:
            raise ValueError(f"it refers to {ascii(name.replace(' ', '.')[:100])[1:-1]}")
        self.stack.append(_Global(_KNOWN[name]))

    def reduce(self) -> None:
        """Put what a call would make: bytes, numpy's type of bytes, or an array that is empty so far."""
        function, arguments = self.popped(2)
        name = function.name if isinstance(function, _Global) else None
        kinds = [type(argument) for argument in arguments] if type(arguments) is tuple else None
        if name == "encode" and kinds == [str, str] and arguments[1] == "latin1":
            self.stack.append(arguments[0].encode("latin1"))
        elif name == "dtype" and kinds is not None and len(kinds) == 3 and arguments[0] in ("u1", b"u1"):
            self.stack.append(_Type())
        elif name == "reconstruct" and kinds is not None and kinds[:1] == [_Global] and arguments[0].name == "ndarray":
            self.stack.append(_Array())
        else:
            raise ValueError("it makes something other than bytes and arrays of them")

    def build(self) -> None:
        """Fill an array, whose state is (version, shape, type, whether column by column, bytes)."""
        made, state = self.popped(2)
        self.stack.append(made)
        if isinstance(made, _Type):
            return  # the byte order and the like, which bytes do not have
        if not isinstance(made, _Array) or type(state) is not tuple or len(state) != 5:
            raise ValueError("it sets the state of something other than an array")
        _, shape, kind, by_columns, data = state
        whole = type(shape) is tuple and 0 < len(shape) <= 4 and all(type(n) is int and n > 0 for n in shape)
        if not whole or not isinstance(kind, _Type) or by_columns is not False or type(data) is not bytes:
            raise ValueError("it has an array that is not of bytes, row by row")
        if math.prod(shape) != len(data):
            raise ValueError(f"it has an array of {math.prod(shape)} bytes that came with {len(data)}")
        made.value = np.frombuffer(data, np.uint8).reshape(shape)
