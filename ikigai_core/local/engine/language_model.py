"""A language model at any endpoint that speaks OpenAI's protocol for chats."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_base, wait_random_exponential

from ikigai_core.local.engine.connections import Connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.transport.retry import retry_after_seconds

_SECONDS = 120.0
_SIDE_BY_SIDE = 4
# So many questions are taken ahead of the answer that is next: a slow one does not hold up the others.
AHEAD = 4 * _SIDE_BY_SIDE
ATTEMPTS = 6
FIRST_PAUSE = 0.5
"""Scale of the first pause before a question is asked again, in seconds."""
_LONGEST_PAUSE = 30.0
# After so many seconds a question is not asked again.
_LONGEST = 600.0


class _BusyError(FlowError):
    """The endpoint may answer the same question later. `pause` are the seconds that it asks for."""

    def __init__(self, message: str, pause: float) -> None:
        super().__init__(message)
        self.pause = pause


class _PauseAsAsked(wait_base):
    """Waits with jitter, but at least as long as the endpoint asked."""

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        jitter = wait_random_exponential(multiplier=FIRST_PAUSE, max=_LONGEST_PAUSE)
        return max(jitter(retry_state), getattr(error, "pause", 0.0))


@dataclass(frozen=True)
class LanguageModel:
    """The model of a connection with `base_url`, `model` and, if the endpoint wants one, `api_key`."""

    connection: Connection

    def answers(self, system: str, questions: Iterable[str]) -> Iterator[str]:
        """Yield the answer to each question, in their order; some are asked side by side.

        A question is asked again, a few times, if the endpoint cannot be reached or answers with 408, 429 or 5xx.
        Only as many questions are held in memory as are asked, or wait for an earlier answer.

        Raises
        ------
        FlowError
            The endpoint cannot be reached, refuses, or answers with something else.
        """
        pool = ThreadPoolExecutor(_SIDE_BY_SIDE)
        asked: deque[Future[str]] = deque()
        try:
            for question in questions:
                asked.append(pool.submit(self._answer, system, question))
                if len(asked) == AHEAD:
                    yield asked.popleft().result()
            while asked:
                yield asked.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _answer(self, system: str, question: str) -> str:
        again = Retrying(
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(_LONGEST),
            wait=_PauseAsAsked(),
            retry=retry_if_exception_type((_BusyError, requests.ConnectionError, requests.Timeout)),
            reraise=True,
        )
        with self.connection.reporting("answer"):
            return again(self._ask, system, question)

    def _ask(self, system: str, question: str) -> str:
        place = self.connection
        messages = [{"role": role, "content": text} for role, text in (("system", system), ("user", question)) if text]
        key = place.settings.get("api_key")
        answer = requests.post(
            str(place.setting("base_url")).rstrip("/") + "/chat/completions",
            json={"model": str(place.setting("model")), "messages": messages, "temperature": 0},
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=_SECONDS,
            allow_redirects=False,
        )
        self._check(answer)
        try:
            return str(answer.json()["choices"][0]["message"]["content"] or "").strip()
        except (ValueError, LookupError, TypeError):
            raise FlowError(
                f"the model of connection '{place.name}' answered something else than a chat; check its base_url"
            ) from None

    def _check(self, answer: requests.Response) -> None:
        if answer.ok:
            return
        told = self.connection.without_secrets(answer.text[:300])
        message = f"the model of connection '{self.connection.name}' refused with {answer.status_code}: {told}"
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _BusyError(message, retry_after_seconds(answer.headers.get("Retry-After")) or 0.0)
        raise FlowError(message)
