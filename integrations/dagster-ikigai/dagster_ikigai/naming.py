"""Names that Dagster accepts, made from the platform's free ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

_LONGEST_TAG_VALUE = 63


@lru_cache(maxsize=4096)
def identifier(name: str) -> str:
    """Turn a component's name into letters, digits and underscores.

    Names that lose letters on the way, such as Japanese ones, get a digest, so that distinct names stay distinct.

    Parameters
    ----------
    name : str
        Name on the platform, such as ``Late flights``.

    Returns
    -------
    str
        Such as ``late_flights``.
    """
    plain = unicodedata.normalize("NFKD", name)
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    lost_letters = any(letter.isalnum() and not letter.isascii() for letter in plain)
    if lost_letters or not words:
        words.append(_digest(name))
    return "_".join(words)


def distinct_identifiers(names: Iterable[str]) -> dict[str, str]:
    """Give each of several names an identifier of its own.

    The first of those that would be one identifier keeps it, so that a component that is made later changes nothing;
    the others get a digest.

    Parameters
    ----------
    names : iterable of str
        Oldest first; one that is there twice is one name.

    Returns
    -------
    dict of str to str
        Identifier by name.
    """
    taken: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = identifier(name)
        unique = plain if plain not in taken else f"{plain}_{_digest(name)}"
        taken.setdefault(unique, name)
    return {name: unique for unique, name in taken.items()}


def tag_value(name: str) -> str:
    """Turn a component's name into the value of a tag: at most 63 characters, distinct for distinct identifiers."""
    plain = identifier(name)
    if len(plain) <= _LONGEST_TAG_VALUE:
        return plain
    digest = _digest(name)
    return f"{plain[: _LONGEST_TAG_VALUE - len(digest) - 1]}_{digest}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:8]
