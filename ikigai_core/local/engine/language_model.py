"""A language model at any endpoint that speaks OpenAI's protocol for chats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from ikigai_core.local.engine.connections import Connection
from ikigai_core.local.engine.errors import FlowError

_SECONDS = 120.0
_SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class LanguageModel:
    """The model of a connection with `base_url`, `model` and, if the endpoint wants one, `api_key`."""

    connection: Connection

    def answers(self, system: str, questions: Iterable[str]) -> Iterator[str]:
        """Yield the answer to each question, in their order; some are asked side by side.

        Raises
        ------
        FlowError
            The endpoint cannot be reached, refuses, or answers with something else.
        """
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            yield from pool.map(lambda question: self._ask(system, question), questions)

    def _ask(self, system: str, question: str) -> str:
        place = self.connection
        messages = [{"role": role, "content": text} for role, text in (("system", system), ("user", question)) if text]
        key = place.settings.get("api_key")
        with place.reporting("answer"):
            answer = requests.post(
                str(place.setting("base_url")).rstrip("/") + "/chat/completions",
                json={"model": str(place.setting("model")), "messages": messages, "temperature": 0},
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=_SECONDS,
                allow_redirects=False,
            )
            if not answer.ok:
                told = place.without_secrets(answer.text[:300])
                raise FlowError(f"the model of connection '{place.name}' refused with {answer.status_code}: {told}")
            try:
                return str(answer.json()["choices"][0]["message"]["content"] or "").strip()
            except (ValueError, LookupError, TypeError):
                raise FlowError(
                    f"the model of connection '{place.name}' answered something else than a chat; check its base_url"
                ) from None
