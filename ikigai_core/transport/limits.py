"""Limits of requests: their time in total, and the size of their answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ikigai_core.api.call import Call
from ikigai_core.config import Config
from ikigai_core.errors import UnexpectedAnswerError

LEAST = 64 << 10
"""Bytes of a transfer that have to arrive in each period of `call_timeout`."""

READ_SIZE = 64 << 10
"""Bytes of an answer that are read at once."""

LARGEST_ERROR = 64 << 10
"""Bytes that are read of an answer that is an error."""

_SHORTEST = 0.05
_ENCODINGS = ("", "identity", "gzip", "deflate")

ENCODINGS = {"Accept-Encoding": "gzip, deflate"}
"""The header of every request to the platform. Other encodings may expand a few bytes to any size at once."""


class TimeLimit:
    """The time that a request may take in total. It begins with the first use.

    Parameters
    ----------
    seconds : float
    deadline : float, optional
        An earlier end, on the monotonic clock.
    """

    def __init__(self, seconds: float, deadline: float | None = None) -> None:
        self._seconds = seconds
        self._deadline = deadline
        self._until: float | None = None

    @property
    def until(self) -> float:
        """The end, on the monotonic clock."""
        if self._until is None:
            self._until = time.monotonic() + self._seconds
            if self._deadline is not None:
                self._until = min(self._until, self._deadline)
        return self._until

    @property
    def left(self) -> float:
        """Seconds until the end; never 0, because some libraries take 0 as no timeout."""
        return max(self.until - time.monotonic(), _SHORTEST)

    @property
    def is_over(self) -> bool:
        """True after the end."""
        return time.monotonic() >= self.until

    def moved(self, size: int) -> bool:
        """Count bytes that have arrived. Returns True if that extends the time."""
        return False


class Pace(TimeLimit):
    """The time limit of a transfer: it is extended by its length whenever `LEAST` bytes have arrived."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._size = 0

    def moved(self, size: int) -> bool:
        """Count bytes that have arrived. Returns True if that extends the time."""
        self._size += size
        if self._size < LEAST:
            return False
        self._size, self._until = 0, None
        return True


class Body:
    """The body of an answer as far as it has arrived.

    Raises
    ------
    UnexpectedAnswerError
        The answer is too large, or in an unknown encoding.
    """

    def __init__(self, call: Call[Any], config: Config, status: int, headers: Mapping[str, str]) -> None:
        self._call = call
        self._is_error = status >= 300
        self._limit = LARGEST_ERROR if self._is_error else config.answer_limit
        self._chunks: list[bytes] = []
        self._size = 0
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise UnexpectedAnswerError(f"The answer has the unknown encoding {encoding[:50]!r}.", call=call.label)

    def add(self, chunk: bytes) -> bool:
        """Take the next bytes. Returns False if no more are needed: an error is cut."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size <= self._limit:
            return True
        if not self._is_error:
            raise UnexpectedAnswerError(
                f"{self._call.label} was answered with more than {self._limit} bytes. If that is right, set the "
                "client's answer_limit.",
                call=self._call.label,
            )
        return False

    @property
    def content(self) -> bytes:
        """The bytes that have arrived."""
        return b"".join(self._chunks)
