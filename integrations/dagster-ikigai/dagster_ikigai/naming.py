"""Names that Dagster accepts, made from the platform's free ones."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256


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
        words.append(sha256(name.encode()).hexdigest()[:8])
    return "_".join(words)
