"""Names that an orchestrator accepts, derived from users' names. The result is always the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

_DIGEST_LENGTH = 8


@lru_cache(maxsize=4096)
def slug(name: str, separator: str = "-") -> str:
    """Convert a name to lowercase ASCII letters and digits.

    A name that loses letters, such as a Japanese one, gets a digest, so that it stays distinct. Differences in accents,
    case and punctuation are lost: see `distinct_slugs`.

    Parameters
    ----------
    name : str
    separator : str, default "-"
        Separator of words. With ``_`` the slug is an identifier, unless it begins with a digit.

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
    """Give each name a distinct slug.

    The first of several names with the same slug keeps it, so that a new component changes no existing slug. The
    others get a digest.

    Parameters
    ----------
    names : iterable of str
        Distinct names, oldest first.
    separator : str, default "-"

    Returns
    -------
    dict of str to str
        Slugs by name.

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
    """Shorten a string to a maximum length. A shortened string gets a digest of the whole, so that it stays distinct.

    Parameters
    ----------
    text : str
    longest : int
        Maximum number of characters; more than 8.
    separator : str, default "-"
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - _DIGEST_LENGTH - len(separator)]}{separator}{_digest(text)}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
