"""The errors of this package, in addition to the client's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from ikigai_core.errors import IkigaiError

_SERVER_ERROR = 500


class PrefectUnavailableError(IkigaiError):
    """A necessary request to Prefect's server failed. A retry may succeed."""

    transient = True


class ThresholdMissedError(IkigaiError):
    """A model version misses a threshold."""


class RunNotEndedError(IkigaiError):
    """The result of a run was requested before its end was awaited."""


@contextmanager
def reaching_prefect(what_did_not_happen: str) -> Iterator[None]:
    """Turn transient failures of Prefect's own client into `PrefectUnavailableError`."""
    try:
        yield
    except httpx.TransportError as error:
        raise PrefectUnavailableError(f"{what_did_not_happen}: Prefect's server cannot be reached ({error}).") from None
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status < _SERVER_ERROR:
            raise
        raise PrefectUnavailableError(f"{what_did_not_happen}: Prefect's server answered {status}.") from None
