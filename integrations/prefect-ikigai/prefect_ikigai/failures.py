"""What this package raises beyond the client's own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from ikigai_core.errors import IkigaiError

_SERVER_ERROR = 500


class PrefectUnavailableError(IkigaiError):
    """Prefect's server could not be told of something that must not be forgotten. The same may work later."""

    transient = True


class ThresholdMissedError(IkigaiError):
    """A model's version is not good enough."""


class RunNotEndedError(IkigaiError):
    """The result of a run was asked for before its end was awaited."""


@contextmanager
def reaching_prefect(what_did_not_happen: str) -> Iterator[None]:
    """Turn the failures of Prefect's own client that may pass into `PrefectUnavailableError`."""
    try:
        yield
    except httpx.TransportError as error:
        raise PrefectUnavailableError(f"{what_did_not_happen}: Prefect's server cannot be reached ({error}).") from None
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status < _SERVER_ERROR:
            raise
        raise PrefectUnavailableError(f"{what_did_not_happen}: Prefect's server answered {status}.") from None
