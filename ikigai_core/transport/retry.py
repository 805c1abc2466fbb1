"""The retry policy of both drivers: which requests are repeated, and after what delay."""

from __future__ import annotations

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

from ikigai_core.config import Config
from ikigai_core.errors import ConnectionFailedError, IkigaiError, RateLimitedError
from ikigai_core.logs import fields, get_logger

logger = get_logger(__name__)

LONGEST_RETRY_AFTER = 120.0


def may_repeat(error: BaseException, *, repeatable: bool) -> bool:
    """True if a request may be repeated after this error.

    A request that was never sent, or that was rejected with 429, may always be repeated. If it is not known whether a
    request was carried out, it is repeated only if that does no harm (`repeatable`).
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
        Seconds to wait; None if there is no header, or if its value is not usable (negative, or over two minutes).
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return seconds if 0 <= seconds <= LONGEST_RETRY_AFTER else None


class _WaitAsAsked(wait_base):
    """Waits with full jitter, but at least as long as the platform asked."""

    def __init__(self, first: float, longest: float) -> None:
        self._jitter = wait_random_exponential(multiplier=first, max=longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return max(self._jitter(retry_state), getattr(error, "retry_after", None) or 0.0)


class _StopByKind(stop_base):
    """Stops within the connect timeout if the platform cannot be reached, and later after other errors."""

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
        "%s failed. Retry in %.1f s: %s",
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
    """Limits for the retries of one request.

    Attributes
    ----------
    attempts : int
        Maximum number of attempts.
    elapsed : float
        Seconds after which no new attempt starts.
    first, longest : float
        Seconds: the scale of the first pause, and the maximum of all pauses.
    """

    attempts: int = 6
    elapsed: float = 60.0
    first: float = 0.25
    longest: float = 15.0

    def options(self, what: str, config: Config, *, repeatable: bool) -> dict[str, Any]:
        """The keyword arguments for tenacity's `Retrying` and `AsyncRetrying`. `what` is the request's name."""
        elapsed = min(self.elapsed, config.call_timeout)
        return {
            "stop": _StopByKind(
                unreachable=stop_before_delay(config.connect_timeout),
                other=stop_after_attempt(self.attempts) | stop_before_delay(elapsed),
            ),
            "wait": _WaitAsAsked(self.first, self.longest),
            "before_sleep": partial(_log_failure, what),
            "retry": retry_if_exception(partial(may_repeat, repeatable=repeatable)),
            "reraise": True,
        }
