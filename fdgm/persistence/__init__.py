"""Fitted estimators in files, without pickle, and the protocol of state that pickles and checkpoints share."""

from ._card import forget_card
from ._file import check_target, read, write
from ._learned import Array, Count, Float, Rule, Sign
from ._load import load, refusing, revive
from ._params import OF_A_CALL, decode, encode, encode_params
from ._savable import Savable, describe
from ._state import State, as_tensor

__all__ = [
    "OF_A_CALL",
    "Array",
    "Count",
    "Float",
    "Rule",
    "Savable",
    "Sign",
    "State",
    "as_tensor",
    "check_target",
    "decode",
    "describe",
    "encode",
    "encode_params",
    "forget_card",
    "load",
    "read",
    "refusing",
    "revive",
    "write",
]
