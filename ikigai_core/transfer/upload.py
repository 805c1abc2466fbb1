"""The requests of an upload: get URLs, send the parts, complete, and wait for the platform's confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record, shortened
from ikigai_core.api.datasets import UploadTicket
from ikigai_core.errors import (
    AnswerLostError,
    BadRequestError,
    ConflictError,
    IkigaiError,
    NotFoundError,
    ServerError,
    TransferError,
    UploadError,
)
from ikigai_core.logs import fields, get_logger
from ikigai_core.procedure import Procedure, call_blocking, pause, processing_timeout, send, send_once
from ikigai_core.transfer.parts import TICKETS, UrlExpiredError, changed, still_true
from ikigai_core.transfer.progress import Meter, OnProgress, metered
from ikigai_core.transfer.resume import Interrupted, Journal
from ikigai_core.transfer.steps import send_parts

logger = get_logger(__name__)

VERDICT_GRACE = 30.0
"""Seconds for which the dataset's log may lag behind the confirmation."""

LOG_DEPTH = 20
"""Number of the dataset's log entries that are requested."""


def upload(
    app_id: str,
    dataset_id: str,
    name: str,
    path: Path,
    *,
    journal: Journal,
    created: Record | None = None,
    on_progress: OnProgress = None,
) -> Procedure[None]:
    """Replace a dataset's data with a CSV file.

    Parameters
    ----------
    app_id, dataset_id, name : str
        The dataset. The platform stores its data as ``<name>.csv``.
    path : Path
        A file that is not empty.
    journal : Journal
        An open journal. If an earlier process left an upload of this dataset, that upload is resumed.
    created : mapping, optional
        The fields of the dataset if it was just created, so that its log is known to be empty.
    on_progress : callable or bool, optional

    Raises
    ------
    UploadError
        A part is refused, or the platform rejects the data.
    """
    sending = _Sending(app_id, dataset_id, f"{name}.csv", path, journal, created)
    try:
        with metered(f"upload of {name!r}", on_progress) as meter:
            log_before = yield from sending.send(meter)
        yield from sending.verify()
        yield from _await_verdict(app_id, dataset_id, name, log_before)
    except GeneratorExit:
        raise
    except BaseException as error:
        # After a transient error, the upload may still exist on the platform, so a later attempt can resume it. If the
        # user interrupts the process, it is kept as after a kill.
        if not (isinstance(error, IkigaiError) and error.transient) and not stays_for_later(error, journal):
            journal.forget()
        raise
    journal.forget()


def stays_for_later(error: BaseException, journal: Journal) -> bool:
    """True if the user interrupted an upload that a later process can resume. Then nothing is undone."""
    return isinstance(error, KeyboardInterrupt) and journal.is_kept


@dataclass(frozen=True)
class _Sending:
    """The transfer of one file to the platform."""

    app_id: str
    dataset_id: str
    filename: str
    path: Path
    journal: Journal
    created: Record | None

    def send(self, meter: Meter) -> Procedure[list[Record]]:
        """Send the file, and return the dataset's log from before."""
        size = yield from call_blocking(lambda: self.path.stat().st_size)
        left = self.journal.left
        if left is not None and left.dataset_id == self.dataset_id and (yield from self._resume(left, size, meter)):
            return left.log_before
        log_before: list[Record] = []
        if self.created is None:
            log_before = yield from send(datasets.log(self.app_id, self.dataset_id, LOG_DEPTH))
        for tries_left in reversed(range(TICKETS)):
            ticket = yield from send(datasets.upload_urls(self.app_id, self.dataset_id, self.filename, size))
            begun = Interrupted(self.dataset_id, self.created, size, ticket, log_before)
            yield from call_blocking(partial(self.journal.begin, begun))
            try:
                yield from self._send(ticket, {}, meter)
                break
            except UrlExpiredError as error:
                if not tries_left:
                    raise UploadError(str(error)) from None
        return log_before

    def verify(self) -> Procedure[None]:
        """Have the data checked. If it is not known whether the check began, the confirmation tells."""
        call = datasets.verify_upload(self.app_id, self.dataset_id, self.filename)
        try:
            yield from send_once(call)
            return
        except IkigaiError as error:
            # An earlier process may have begun the check of an upload that it left.
            if not error.transient and self.journal.left is None:
                raise
        try:
            yield from send(call)
        except (AnswerLostError, ServerError, BadRequestError, ConflictError) as error:
            logger.info("It is not known whether the check of %s began: %s", self.filename, error)

    def _resume(self, left: Interrupted, size: int, meter: Meter) -> Procedure[bool]:
        """Resume an upload of an earlier process. Returns False if the platform does not know it any more."""
        if left.size != size:
            yield from self._abort(left.ticket)
            return False
        done = yield from call_blocking(partial(still_true, self.path, left.ticket.urls, left.etags))
        logger.info(
            "The upload of %s continues: %d of its %d parts have arrived",
            self.filename,
            len(done),
            len(left.ticket.urls),
            extra=fields(app_id=self.app_id, dataset_id=self.dataset_id, upload_id=left.ticket.upload_id, size=size),
        )
        try:
            yield from self._send(left.ticket, done, meter)
        except (TransferError, NotFoundError, BadRequestError, ConflictError) as error:
            if error.transient:
                raise
            return False
        return True

    def _send(self, ticket: UploadTicket, done: dict[int, str], meter: Meter) -> Procedure[None]:
        """Send the missing parts. If anything fails, abort the upload on the platform."""
        try:
            before = yield from call_blocking(self._version)
            etags = yield from send_parts(self.path, ticket.urls, ticket.content_type, meter, done, self.journal.note)
            if (yield from call_blocking(self._version)) != before:
                raise changed(self.path)
            yield from _complete(self.app_id, self.dataset_id, self.filename, ticket.upload_id, etags)
        except GeneratorExit:
            raise
        except BaseException as error:
            if not stays_for_later(error, self.journal):
                yield from self._abort(ticket)
            raise

    def _version(self) -> tuple[int, int]:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            raise changed(self.path) from None
        return status.st_size, status.st_mtime_ns

    def _abort(self, ticket: UploadTicket) -> Procedure[None]:
        try:
            yield from send(datasets.abort_upload(self.app_id, self.dataset_id, self.filename, ticket.upload_id))
        except IkigaiError:
            # The caller needs the error of the upload, not this one.
            return


def _complete(app_id: str, dataset_id: str, filename: str, upload_id: str, etags: dict[int, str]) -> Procedure[None]:
    call = datasets.complete_upload(app_id, dataset_id, filename, upload_id, etags)
    try:
        yield from send(call)
    except (AnswerLostError, ServerError):
        # Completing twice does no harm. If the first request was carried out, the upload no longer exists and the
        # platform reports this. Then the dataset's log decides.
        try:
            yield from send(call)
        except (NotFoundError, BadRequestError):
            return


def _await_verdict(app_id: str, dataset_id: str, name: str, log_before: list[Record]) -> Procedure[None]:
    """Wait for the confirmation, and for a new log entry that agrees with it.

    The platform's timestamps are compared only with each other, never with this machine's clock.
    """
    status = yield from _confirmation(app_id, dataset_id, name)
    confirmed = now = yield from pause(0)
    while True:
        log = yield from send(datasets.log(app_id, dataset_id, LOG_DEPTH))
        if log and log != log_before:
            break
        if now - confirmed > VERDICT_GRACE:
            raise UploadError(f"The platform took the data of dataset {name!r}, but its log never confirmed it.")
        now = yield from pause(_interval(now - confirmed))
    if status != "SUCCESS" or log[0]["status"] != "SUCCESS":
        reason = shortened(log[0].get("message") or "no reason given; is it a table with a header?")
        raise UploadError(f"The platform rejected the data of dataset {name!r}: {reason}")


def _confirmation(app_id: str, dataset_id: str, name: str) -> Procedure[str]:
    """Wait until the platform has checked an upload, and return its verdict."""
    limit = yield from processing_timeout()
    began = now = yield from pause(0)
    while (status := (yield from send(datasets.confirm_upload(app_id, dataset_id)))) == "RUNNING":
        if now - began > limit:
            raise UploadError(
                f"The platform was still checking the data of dataset {name!r} after {limit:.0f} s. If that is usual, "
                "set the client's processing_timeout."
            )
        now = yield from pause(_interval(now - began))
    return status


def _interval(age: float) -> float:
    return max(0.05, min(0.1 * age, 5.0))
