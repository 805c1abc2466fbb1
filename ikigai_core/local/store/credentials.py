"""Users of the platform: its own user and further users, each with a key."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from ikigai_core.local.store.signing import write_private

DEFAULT_EMAIL = "user@example.com"
FILE_NAME = "credentials.json"


@dataclass
class Credentials:
    """Email address and key of the platform's own user; `file` keeps them, if it is given.

    `others` maps the email addresses of further users to their keys, which are kept in `data_dir`. Changes replace the
    whole dict because requests read it at any time.
    """

    user_email: str
    api_key: str = field(repr=False)
    data_dir: Path
    file: Path | None = None
    others: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._changing = threading.Lock()

    def user_of(self, user_email: str, api_key: str) -> str | None:
        """Return the user with this email address and key, None if there is none. Runs in constant time."""
        user = None
        for email, key in ((self.user_email, self.api_key), *self.others.items()):
            same_user = hmac.compare_digest(_folded(user_email), _folded(email))
            same_key = hmac.compare_digest(api_key.encode(), key.encode())
            if same_user & same_key:
                user = email
        return user

    def known_as(self, email: str) -> str | None:
        """Return a user's email address as originally written; None if there is no such user."""
        emails = (self.user_email, *self.others)
        return next((other for other in emails if other.casefold() == email.casefold()), None)

    def add_user(self, email: str) -> str:
        """Add a further user; return the user's key.

        Raises
        ------
        ValueError
            If the email address is not valid for clients.
        """
        key = _new_key()
        self._change({_checked_email(email): key})
        return key

    def rotate_key(self, email: str, api_key: str | None = None) -> str | None:
        """Replace a further user's key with `api_key` or a new one; return it. None if there is no such user.

        Raises
        ------
        ValueError
            If the key cannot be sent in a header.
        """
        known = self.known_as(email)
        if known is None or known == self.user_email:
            return None
        key = _checked_key(api_key or _new_key())
        self._change({known: key})
        return key

    def remove_user(self, email: str) -> bool:
        """Remove a further user; return whether the user existed."""
        known = self.known_as(email)
        is_other = known is not None and known != self.user_email
        if is_other:
            self._change({str(known): None})
        return is_other

    def _change(self, changes: dict[str, str | None]) -> None:
        with self._changing:
            others = {**self.others, **changes}
            self.others = {email: key for email, key in others.items() if key is not None}
            file = self.data_dir / FILE_NAME
            kept = json.loads(file.read_text()) if file.exists() else {}
            write_private(file, json.dumps({**kept, "users": self.others}, indent=2).encode())


def load_credentials(
    data_dir: Path, user_email: str | None, api_key: str | None, others: Iterable[str] = ()
) -> Credentials:
    """Return the given credentials, completed from the data directory. Missing ones are created and kept there.

    Parameters
    ----------
    data_dir : Path
        The data directory.
    user_email, api_key : str, optional
        The given credentials. A given key is not written to disk.
    others : iterable of str
        Email addresses of further users. Their keys are created and kept in the data directory. Keys of earlier starts
        stay valid.

    Raises
    ------
    ValueError
        If an email address is not valid for clients, or the key cannot be sent in a header.
    """
    file = data_dir / FILE_NAME
    kept = json.loads(file.read_text()) if file.exists() else {}
    email = _checked_email(user_email or kept.get("user_email") or DEFAULT_EMAIL)
    content = dict(kept)
    if not api_key:
        content |= {"user_email": email, "api_key": kept.get("api_key") or _new_key()}
    keys = _keys(others, kept.get("users") or {})
    if keys:
        content["users"] = keys
    if content != kept:
        write_private(file, json.dumps(content, indent=2).encode())
    # The platform's own user has only one key, even if an earlier start added the same user as a further one.
    others_keys = {other: key for other, key in keys.items() if other.casefold() != email.casefold()}
    if api_key:
        return Credentials(email, _checked_key(api_key), data_dir, None, others_keys)
    return Credentials(email, content["api_key"], data_dir, file, others_keys)


def _keys(emails: Iterable[str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of users by email address: the kept ones, and new ones for users without a key."""
    keys = dict(kept)
    for email in emails:
        known = {other.casefold() for other in keys}
        if _checked_email(email).casefold() not in known:
            keys[email] = _new_key()
    return keys


def _new_key() -> str:
    return secrets.token_urlsafe(32)


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
