"""Convert raw HTTP answers to results or errors, for both drivers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ikigai_core.api.answers import parse, shortened
from ikigai_core.api.call import Call
from ikigai_core.config import Config
from ikigai_core.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    IkigaiError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from ikigai_core.logs import fields, get_logger, request_id_of
from ikigai_core.transport.retry import retry_after_seconds

A = TypeVar("A")

logger = get_logger(__name__)

_KINDS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: RateLimitedError,
    409: ConflictError,
    425: RateLimitedError,
    429: RateLimitedError,
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer and its duration.

    Attributes
    ----------
    headers : mapping
        Their names are in lower case.
    seconds : float
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def read_answer(call: Call[A], config: Config, answer: Answer) -> A:
    """Convert an answer to the call's result.

    Raises
    ------
    ApiError
        The error class depends on the status.
    UnexpectedAnswerError
        A successful answer does not have the expected form.
    """
    _log(call, answer)
    if answer.status >= 300:
        raise _error(call, config, answer.status, answer.headers, answer.body)
    field = ""
    try:
        return call.read(parse(answer.body) if answer.body.strip() else {})
    except UnexpectedAnswerError as error:
        field, fault = error.field, str(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fault = f"{type(error).__name__}: {shortened(error)}"
    # Not raised where the other error is handled: that error may hold what the answer repeats of the request.
    raise UnexpectedAnswerError(
        f"{call.label} at {config.base_url} answered {answer.status}, but not in the agreed form ({fault}). "
        "Is this the address of an Ikigai platform?",
        call=call.label,
        field=field,
    )


def complete(error: IkigaiError, call: str) -> None:
    """Complete an error before the caller gets it: name the request, and drop errors that are not shown.

    Parameters
    ----------
    error : IkigaiError
    call : str
        The most recent request.
    """
    if isinstance(error, UnexpectedAnswerError) and call:
        error.blame(call)
    if error.__cause__ is None and error.__suppress_context__:
        # It may hold the request with its key, or what an answer repeats of it.
        error.__context__ = None


def _log(call: Call[Any], answer: Answer) -> None:
    level = logging.DEBUG if answer.status < 400 else logging.INFO if answer.status < 500 else logging.WARNING
    logger.log(
        level,
        "%s answered %d after %.3f s",
        call.label,
        answer.status,
        answer.seconds,
        extra=fields(
            method=call.method,
            path=call.path,
            status=answer.status,
            request_id=request_id_of(answer.headers),
            seconds=round(answer.seconds, 3),
            **call.subject,
        ),
    )


def _error(call: Call[Any], config: Config, status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    kind = _KINDS.get(status) or (ServerError if status >= 500 else BadRequestError)
    return kind(
        _message(body),
        status=status,
        method=call.method,
        path=call.path,
        request_id=request_id_of(headers),
        hint=_hint(status, config, headers, is_json=_is_json(body)),
        retry_after=retry_after_seconds(headers.get("retry-after")),
    )


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    try:
        answer = parse(body)
    except ValueError:
        return "a web page instead of an answer" if _is_page(text) else shortened(text) or "no message"
    if isinstance(answer, dict):
        return shortened(answer.get("message") or answer.get("detail") or answer)
    return shortened(answer)


def _is_page(text: str) -> bool:
    return text[:200].lstrip().lower().startswith(("<!doctype html", "<html"))


def _is_json(body: bytes) -> bool:
    try:
        parse(body)
    except ValueError:
        return False
    return True


def _hint(status: int, config: Config, headers: Mapping[str, str], *, is_json: bool) -> str:
    if status in (401, 403):
        return f"{config.base_url} does not accept the API key of {config.user_email}, or does not allow this request."
    if status < 400:
        target = headers.get("location", "elsewhere").split("?")[0]
        return (
            f"{config.base_url} redirects to {target}. Redirects are not followed: set the final address as base URL."
        )
    if status < 500 and not is_json:
        return f"{config.base_url} does not answer like an Ikigai platform: is this its address?"
    return ""
