"""Signed URLs: they allow one operation on one piece of data, for limited time, without credentials."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from pathlib import Path
from urllib.parse import quote, urlencode

from ikigai_core.local.problems import forbidden

DATA_PREFIX = "/_data/"
DEFAULT_LIFETIME = 3600.0
_KEY_BYTES = 32
_SPECIAL = re.compile(r"[^\w .()+,=@-]")
_LONGEST_SEGMENT = 100


class Signer:
    """Signs URLs and checks their signatures.

    Parameters
    ----------
    key : bytes
        Secret key for signatures.
    lifetime : float
        Validity of a signature in seconds.
    """

    def __init__(self, key: bytes, lifetime: float = DEFAULT_LIFETIME) -> None:
        self._key = key
        self._lifetime = lifetime

    def url(self, base_url: str, method: str, subject: str, filename: str = "") -> str:
        """Return a URL that allows `method` on `subject`. `filename` is only informative."""
        expires = f"{time.time() + self._lifetime:.3f}"
        path = DATA_PREFIX + subject + (f"/{quote(_plain(filename), safe='')}" if filename else "")
        query = urlencode({"expires": expires, "signature": self._signature(method, subject, expires)})
        return f"{base_url.rstrip('/')}{path}?{query}"

    def check(self, method: str, subject: str, expires: str, signature: str) -> None:
        """Refuse a signature that is expired or was not made here for this method and subject.

        Raises
        ------
        RefusalError
            403.
        """
        expected = self._signature(method, subject, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise forbidden("The signature does not match this URL and method: ask for a new URL")
        if time.time() > float(expires):
            raise forbidden("This URL has expired: ask for a new one")

    def _signature(self, method: str, subject: str, expires: str) -> str:
        return hmac.new(self._key, f"{method}\n{subject}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _plain(filename: str) -> str:
    """Return a name that stays one segment of a path in every URL parser, and keeps the URL short."""
    return _SPECIAL.sub("_", filename)[-_LONGEST_SEGMENT:].lstrip(".") or "_"


def load_key(path: Path) -> bytes:
    """Return the key from a file that only its owner can read; create it if it does not exist."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(_KEY_BYTES)
        write_private(path, key)
        return key


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600, atomically."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
