"""When a request is sent again, and after how long. One policy for both drivers."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from ikigai_core.errors import ConnectionFailedError, IkigaiError, RateLimitedError
from ikigai_core.logs import fields

logger = logging.getLogger(__name__)

LONGEST_RETRY_AFTER = 120.0


def may_repeat(error: BaseException, *, repeatable: bool) -> bool:
    """Whether a request may be sent again after this error.

    What was never sent, or was turned away at the door (429), may always be repeated. Where nobody knows whether the
    request was carried out, only one that does no harm twice (`repeatable`) is.
    """
    if not isinstance(error, IkigaiError) or not error.transient:
        return False
    if isinstance(error, ConnectionFailedError):
        return True
    if isinstance(error, RateLimitedError) and error.status != 408:
        return True
    return repeatable


def retry_after_seconds(header: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, section 10.2.3).

    Returns
    -------
    float or None
        Seconds to wait; None where there is no header, or none that makes sense (negative, beyond two minutes).
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return seconds if 0 <= seconds <= LONGEST_RETRY_AFTER else None


class _WaitAsAsked(wait_base):
    """Full jitter, and never less than what the platform asked for."""

    def __init__(self, first: float, longest: float) -> None:
        self._jitter = wait_random_exponential(multiplier=first, max=longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return max(self._jitter(retry_state), getattr(error, "retry_after", None) or 0.0)


class _StopByKind(stop_base):
    """A platform that is not there is given up within the connect timeout; one that answers badly gets longer."""

    def __init__(self, unreachable: stop_base, other: stop_base) -> None:
        self._unreachable = unreachable
        self._other = other

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        stop = self._unreachable if isinstance(error, ConnectionFailedError) else self._other
        return stop(retry_state)


def _log_failure(what: str, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = state.next_action.sleep if state.next_action else 0.0
    logger.warning(
        "%s failed, and is tried again in %.1f s: %s",
        what,
        pause,
        error,
        extra=fields(
            attempt=state.attempt_number,
            status=getattr(error, "status", None),
            request_id=getattr(error, "request_id", ""),
        ),
    )


@dataclass(frozen=True)
class RetryPolicy:
    """How patient the transport is with one request.

    Attributes
    ----------
    attempts : int
        Most tries of one request.
    elapsed : float
        Seconds after which no further try is begun.
    first, longest : float
        Seconds: the scale of the first pause, and the cap of all.
    """

    attempts: int = 6
    elapsed: float = 60.0
    first: float = 0.25
    longest: float = 15.0

    def options(self, what: str, *, repeatable: bool, connect_timeout: float) -> dict[str, Any]:
        """The keyword arguments of tenacity's `Retrying` and `AsyncRetrying` for a request that is called `what`."""
        return {
            "stop": _StopByKind(
                unreachable=stop_before_delay(connect_timeout),
                other=stop_after_attempt(self.attempts) | stop_before_delay(self.elapsed),
            ),
            "wait": _WaitAsAsked(self.first, self.longest),
            "before_sleep": partial(_log_failure, what),
            "retry": retry_if_exception(partial(may_repeat, repeatable=repeatable)),
            "reraise": True,
        }
