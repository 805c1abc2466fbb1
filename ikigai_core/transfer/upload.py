"""The bookkeeping of an upload: ask for URLs, send the parts, complete, and wait for the platform's verdict."""

from __future__ import annotations

from pathlib import Path

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record
from ikigai_core.errors import (
    AnswerLost,
    BadRequest,
    ConnectionFailed,
    IkigaiError,
    NotFound,
    ServerError,
    UploadFailed,
)
from ikigai_core.procedure import Procedure, ask, pause, send_parts, work
from ikigai_core.transfer.parts import TICKETS, UrlExpired
from ikigai_core.transfer.progress import Meter, OnProgress, metered

VERDICT_GRACE = 30.0
"""Seconds for which the dataset's log may lag behind the confirmation."""

_LOG_DEPTH = 20


def upload(
    app_id: str, dataset_id: str, name: str, path: Path, *, is_new: bool, on_progress: OnProgress = None
) -> Procedure[None]:
    """Replace a dataset's data with a CSV file.

    Parameters
    ----------
    app_id, dataset_id, name : str
        The dataset; the platform files its data under ``<name>.csv``.
    path : Path
        A file that is not empty.
    is_new : bool
        Whether the dataset was just created, so that its log is known to be empty.
    on_progress : callable or bool, optional

    Raises
    ------
    UploadFailed
        Where a part is refused or the platform rejects the data.
    """
    filename = f"{name}.csv"
    log_before: list[Record] = [] if is_new else (yield from ask(datasets.log(app_id, dataset_id, _LOG_DEPTH)))
    with metered(f"upload of {name!r}", on_progress) as meter:
        for tries_left in reversed(range(TICKETS)):
            try:
                yield from _send(app_id, dataset_id, filename, path, meter)
                break
            except UrlExpired as error:
                if not tries_left:
                    raise UploadFailed(str(error)) from None
    yield from ask(datasets.verify_upload(app_id, dataset_id, filename))
    yield from _await_verdict(app_id, dataset_id, name, log_before)


def _send(app_id: str, dataset_id: str, filename: str, path: Path, meter: Meter) -> Procedure[None]:
    """Send the file under fresh URLs; whatever goes wrong, the platform is told that it is not coming."""
    size = yield from work(lambda: path.stat().st_size)
    ticket = yield from ask(datasets.upload_urls(app_id, dataset_id, filename, size))
    try:
        etags = yield from send_parts(path, ticket.urls, ticket.content_type, meter)
        yield from _complete(app_id, dataset_id, filename, ticket.upload_id, etags)
    except GeneratorExit:
        raise
    except BaseException:
        yield from _abort(app_id, dataset_id, filename, ticket.upload_id)
        raise


def _complete(app_id: str, dataset_id: str, filename: str, upload_id: str, etags: dict[int, str]) -> Procedure[None]:
    call = datasets.complete_upload(app_id, dataset_id, filename, upload_id, etags)
    try:
        yield from ask(call)
    except (AnswerLost, ServerError):
        # Completing twice does no harm as such: where the first one was carried out, the upload is gone by now and the
        # platform says so; the verdict, which is read from the dataset's log, then decides.
        try:
            yield from ask(call)
        except (NotFound, BadRequest):
            return


def _abort(app_id: str, dataset_id: str, filename: str, upload_id: str) -> Procedure[None]:
    try:
        yield from ask(datasets.abort_upload(app_id, dataset_id, filename, upload_id))
    except (IkigaiError, ConnectionFailed):
        # The upload's own failure is what the caller needs to hear.
        return


def _await_verdict(app_id: str, dataset_id: str, name: str, log_before: list[Record]) -> Procedure[None]:
    """Wait for the confirmation, and for a new entry of the log that bears it out.

    The platform's stamps are compared with its own earlier ones, never with this machine's clock.
    """
    began = now = yield from pause(0)
    while (status := (yield from ask(datasets.confirm_upload(app_id, dataset_id)))) == "RUNNING":
        now = yield from pause(_interval(now - began))
    confirmed = now
    while True:
        log = yield from ask(datasets.log(app_id, dataset_id, _LOG_DEPTH))
        if log and log != log_before:
            break
        if now - confirmed > VERDICT_GRACE:
            raise UploadFailed(f"The platform took the data of dataset {name!r}, but its log never confirmed it.")
        now = yield from pause(_interval(now - confirmed))
    if status != "SUCCESS" or log[0].get("status") != "SUCCESS":
        reason = log[0].get("message") or "no reason given; is it a table with a header?"
        raise UploadFailed(f"The platform rejected the data of dataset {name!r}: {reason}")


def _interval(age: float) -> float:
    return max(0.1, min(0.1 * age, 5.0))
