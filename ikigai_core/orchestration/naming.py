"""Names that an orchestrator accepts, made of names that people gave: always the same ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

_DIGEST_LENGTH = 8


@lru_cache(maxsize=4096)
def slug(name: str, separator: str = "-") -> str:
    """A name in lowercase ASCII letters and digits.

    Names that lose letters on the way, such as Japanese ones, get a digest, so that they stay distinct. Accents, case
    and punctuation make no difference: see `distinct_slugs`.

    Parameters
    ----------
    name : str
    separator : str, default "-"
        What stands between words; ``_`` makes it an identifier, if it does not begin with a digit.

    Examples
    --------
    >>> slug("Late flights"), slug("Late flights", "_")
    ('late-flights', 'late_flights')
    """
    plain = unicodedata.normalize("NFKD", name)
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    loses_letters = any(letter.isalnum() and not letter.isascii() for letter in plain)
    return separator.join([*words, _digest(name)] if loses_letters or not words else words)


def distinct_slugs(names: Iterable[str], separator: str = "-") -> dict[str, str]:
    """Give each of several names a slug of its own.

    The first of those that would have the same slug keeps it, so that a component that is made later changes nothing.
    The others get a digest.

    Parameters
    ----------
    names : iterable of str
        Distinct names, oldest first.
    separator : str, default "-"

    Returns
    -------
    dict of str to str
        Slug by name.

    Examples
    --------
    >>> list(distinct_slugs(["Late flights", "Sales"]).values())
    ['late-flights', 'sales']
    """
    taken: dict[str, str] = {}
    for name in names:
        plain = slug(name, separator)
        taken.setdefault(plain if plain not in taken else f"{plain}{separator}{_digest(name)}", name)
    return {name: unique for unique, name in taken.items()}


def shortened(text: str, longest: int, separator: str = "-") -> str:
    """A text of at most so many characters; one that is cut gets a digest of all of it, so that it stays distinct.

    Parameters
    ----------
    text : str
    longest : int
        Characters; more than 8.
    separator : str, default "-"
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - _DIGEST_LENGTH - len(separator)]}{separator}{_digest(text)}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
