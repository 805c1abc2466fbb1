"""Sources of a connection's key. With them, long steps get a key that was rotated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ikigai_core.forks import renew_after_fork
from ikigai_core.orchestration.connection_checks import UnusableFieldError


class KeyFile:
    """Reads the key from its file at each call.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __call__(self) -> str:
        """Return the key."""
        try:
            return self._path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableFieldError(
                "api_key_file", f"{str(self._path)!r} cannot be read: {type(error).__name__}."
            ) from None


class RenewableKey:
    """Returns a known key at the first call. Later calls mean that the platform refused it, so they look it up.

    Parameters
    ----------
    known : str
    look_up : callable
        Returns the key as it is stored now. It may block.
    """

    def __init__(self, known: str, look_up: Callable[[], str]) -> None:
        self._known: str | None = known
        self._look_up = look_up
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Wait for no thread of the parent process."""
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return the key."""
        with self._lock:
            known, self._known = self._known, None
        return known if known is not None else self._renewed()

    def _renewed(self) -> str:
        try:
            return self._look_up()
        except Exception as error:
            # Its message may contain anything. The user needs to know that the platform refused the key.
            raise UnusableFieldError("look_up_key", f"failed: {type(error).__name__}.") from None
