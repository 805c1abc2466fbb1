"""Ids of 27 characters that sort by the second of their creation, like those of the real platform."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EPOCH = 1_400_000_000
_LENGTH = 27
_RANDOM_BITS = 128


def new_id() -> str:
    """Return a new id (a KSUID): 32 bits of time and 128 random bits, in base 62."""
    number = (int(time.time()) - _EPOCH) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
