"""Ids: 27 characters that sort by the second of their making, as the platform's own do."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EPOCH = 1_400_000_000
_LENGTH = 27
_RANDOM_BITS = 128


def new_id() -> str:
    """Return a new id (a KSUID): 32 bits of time, 128 bits of chance, in base 62."""
    number = (int(time.time()) - _EPOCH) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
