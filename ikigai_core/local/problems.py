"""What the platform refuses: every refusal has a status and a sentence for the caller."""

from __future__ import annotations


class Problem(Exception):
    """A request that cannot be served.

    Parameters
    ----------
    status : int
        HTTP status of the answer, 4xx.
    message : str
        What was wrong and with what; sent to the caller.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Stopped(Exception):
    """The platform is stopping: work in the background ends here and is settled at the next start."""


def bad_request(message: str) -> Problem:
    """The request itself is wrong (400)."""
    return Problem(400, message)


def forbidden(message: str) -> Problem:
    """The caller may not do this (403)."""
    return Problem(403, message)


def not_found(noun: str, name: str) -> Problem:
    """Nothing of this kind has this id or name (404)."""
    return Problem(404, f"{noun} was not found: {name!r}")


def conflict(message: str) -> Problem:
    """The request does not fit the state that things are in (409)."""
    return Problem(409, message)
