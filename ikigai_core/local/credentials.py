"""Who may use the platform: one user with one key."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from ikigai_core.local.signing import write_private

DEFAULT_EMAIL = "user@example.com"
FILE_NAME = "credentials.json"


@dataclass(frozen=True)
class Credentials:
    """The user's email address and key; `file` is where they are kept, if anywhere."""

    user_email: str
    api_key: str = field(repr=False)
    file: Path | None = None

    def match(self, user_email: str, api_key: str) -> bool:
        """Say whether these are the user and the key, in a time that does not depend on them."""
        same_user = hmac.compare_digest(_folded(user_email), _folded(self.user_email))
        same_key = hmac.compare_digest(api_key.encode(), self.api_key.encode())
        return same_user & same_key


def load_credentials(data_dir: Path, user_email: str | None, api_key: str | None) -> Credentials:
    """Return the credentials that were given, completed by those kept in the data directory; keep new ones there.

    Parameters
    ----------
    data_dir : Path
        The data directory.
    user_email, api_key : str, optional
        What was given; a key that was given is not written down.

    Raises
    ------
    ValueError
        If the email address is not one that clients accept, or the key cannot be sent in a header.
    """
    file = data_dir / FILE_NAME
    kept = json.loads(file.read_text()) if file.exists() else {}
    email = _checked_email(user_email or kept.get("user_email") or DEFAULT_EMAIL)
    if api_key:
        return Credentials(email, _checked_key(api_key))
    key = kept.get("api_key") or secrets.token_urlsafe(32)
    content = {"user_email": email, "api_key": key}
    if content != kept:
        write_private(file, json.dumps(content, indent=2).encode())
    return Credentials(email, key, file)


def _checked_email(email: str) -> str:
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"user email {email!r} is not valid: {error}") from None
    return email


def _checked_key(key: str) -> str:
    if not key.isascii() or not key.isprintable() or key.strip() != key:
        raise ValueError("the API key must be printable ASCII without spaces around it")
    return key


def _folded(email: str) -> bytes:
    return email.casefold().encode()
