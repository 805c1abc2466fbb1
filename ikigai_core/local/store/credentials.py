"""Who may use the platform: its user, and others beside them, each with a key."""

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
    """The user's email address and key; `file` is where they are kept, if anywhere.

    `others` are the keys of further users, by email address, which are kept in `data_dir`; it is replaced, never
    changed, since requests look into it at any time.
    """

    user_email: str
    api_key: str = field(repr=False)
    data_dir: Path
    file: Path | None = None
    others: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._changing = threading.Lock()

    def user_of(self, user_email: str, api_key: str) -> str | None:
        """Return the user whose email address and key these are, if any, in a time that does not depend on them."""
        user = None
        for email, key in ((self.user_email, self.api_key), *self.others.items()):
            same_user = hmac.compare_digest(_folded(user_email), _folded(email))
            same_key = hmac.compare_digest(api_key.encode(), key.encode())
            if same_user & same_key:
                user = email
        return user

    def known_as(self, email: str) -> str | None:
        """Return the email address of a user as they were added; None if there is no such user."""
        emails = (self.user_email, *self.others)
        return next((other for other in emails if other.casefold() == email.casefold()), None)

    def add_user(self, email: str) -> str:
        """Add a further user; return their key.

        Raises
        ------
        ValueError
            If the email address is not one that clients accept.
        """
        key = _new_key()
        self._change({_checked_email(email): key})
        return key

    def rotate_key(self, email: str, api_key: str | None = None) -> str | None:
        """Give a further user another key, or the one that is wanted; return it. None where there is no such user.

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
        """Remove a further user; say whether there was one of this email address."""
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
    """Return the credentials that were given, completed by those kept in the data directory; keep new ones there.

    Parameters
    ----------
    data_dir : Path
        The data directory.
    user_email, api_key : str, optional
        What was given; a key that was given is not written down.
    others : iterable of str
        Email addresses of further users; their keys are made and kept in the data directory, where those of earlier
        starts stay valid.

    Raises
    ------
    ValueError
        If an email address is not one that clients accept, or the key cannot be sent in a header.
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
    # The platform's user has one key, also if an earlier start had them beside another.
    others_keys = {other: key for other, key in keys.items() if other.casefold() != email.casefold()}
    if api_key:
        return Credentials(email, _checked_key(api_key), data_dir, None, others_keys)
    return Credentials(email, content["api_key"], data_dir, file, others_keys)


def _keys(emails: Iterable[str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of users by email address: the kept ones, and new ones for those who have none."""
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
