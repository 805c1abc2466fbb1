"""Where a connection's key comes from, so that a key that was rotated reaches steps that take long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ikigai_core.orchestration.connection_checks import UnusableFieldError


class KeyFile:
    """Reads a key from its file, whenever it is asked.

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
    """Gives a known key when it is asked first, and looks it up from then on: the platform has refused it.

    Parameters
    ----------
    known : str
    look_up : callable
        Gives the key as it is kept now. It may block.
    """

    def __init__(self, known: str, look_up: Callable[[], str]) -> None:
        self._known: str | None = known
        self._look_up = look_up
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
            # Its text may hold anything. That the platform refused the key is what the user needs to hear.
            raise UnusableFieldError("look_up_key", f"failed: {type(error).__name__}.") from None
