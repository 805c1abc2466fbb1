"""Refusals of the platform: each has a status and a message for the caller."""

from __future__ import annotations


class RefusalError(Exception):
    """A request that cannot be served.

    Parameters
    ----------
    status : int
        HTTP status of the answer, 4xx.
    message : str
        The problem and the field or object that caused it; sent to the caller.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class RunStoppedError(Exception):
    """The platform is stopping. Background work ends, and the next start finishes it or marks it as failed."""


def bad_request(message: str) -> RefusalError:
    """Return a 400: the request itself is wrong."""
    return RefusalError(400, message)


def forbidden(message: str) -> RefusalError:
    """Return a 403: the caller may not do this."""
    return RefusalError(403, message)


def not_found(noun: str, name: str) -> RefusalError:
    """Return a 404: there is no object of this kind with this id or name."""
    return RefusalError(404, f"{noun} was not found: {name!r}")


def conflict(message: str) -> RefusalError:
    """Return a 409: the request conflicts with the current state."""
    return RefusalError(409, message)
