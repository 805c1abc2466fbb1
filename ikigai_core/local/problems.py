"""What the platform refuses: every refusal has a status and a sentence for the caller."""

from __future__ import annotations


class RefusalError(Exception):
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


class RunStoppedError(Exception):
    """The platform is stopping: work in the background ends here and is settled at the next start."""


def bad_request(message: str) -> RefusalError:
    """The request itself is wrong (400)."""
    return RefusalError(400, message)


def forbidden(message: str) -> RefusalError:
    """The caller may not do this (403)."""
    return RefusalError(403, message)


def not_found(noun: str, name: str) -> RefusalError:
    """Nothing of this kind has this id or name (404)."""
    return RefusalError(404, f"{noun} was not found: {name!r}")


def conflict(message: str) -> RefusalError:
    """The request does not fit the state that things are in (409)."""
    return RefusalError(409, message)
