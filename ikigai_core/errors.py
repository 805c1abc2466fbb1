"""All exceptions of the client.

One hierarchy. Each error tells adapters whether it is *transient* (the same operation may work later) or
*terminal* (repeating it cannot help). Messages are complete and contain no credentials and no signed URLs, so they
can be logged unchanged.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ikigai_core.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ikigai_core.run_records import FlowStatusReport, RunLog


class IkigaiError(Exception):
    """Base of all errors of this package.

    Attributes
    ----------
    transient : bool
        True if the same operation, unchanged, may succeed later.
    """

    transient: bool = False

    def __init__(self, *args: object) -> None:
        super().__init__(*map(_without_keys, args))

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, _without_keys(value))

    def add_note(self, note: str) -> None:
        """Add a note to the traceback."""
        super().add_note(redacted(note))

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        # Orchestrators send exceptions between processes. By default, pickle would call __init__ with the message only.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _without_keys(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_without_keys, value))
    return redacted(value) if isinstance(value, str) else value


def _rebuild(kind: type[IkigaiError], args: tuple[Any, ...], state: dict[str, Any]) -> IkigaiError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(IkigaiError, ValueError):
    """A setting is missing or unusable: a user, a key or a URL."""


class InvalidInputError(IkigaiError, ValueError):
    """An argument cannot be used: a missing file, an empty frame, an unusable name. Nothing was sent."""


class WrongInputTypeError(InvalidInputError, TypeError):
    """An argument has a type that cannot be used. Nothing was sent."""


class MissingFileError(InvalidInputError, FileNotFoundError):
    """A given file does not exist."""


class UnknownNameError(IkigaiError, KeyError):
    """A listing has no component of that name or id."""


class AmbiguousError(IkigaiError, KeyError):
    """Several components have the requested name."""


# -- answers of the platform -------------------------------------------------------------------------------------------


class ApiError(IkigaiError, RuntimeError):
    """The platform refused a request, or failed while handling it.

    Parameters
    ----------
    message : str
        The platform's message.
    status : int
        HTTP status of the response.
    method, path : str
        The request, without its query.
    request_id : str, optional
        The platform's id of the request, if it gave one.
    hint : str, optional
        Advice for the user.
    retry_after : float, optional
        Seconds that the platform asked to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str,
        path: str,
        request_id: str = "",
        hint: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.method = method
        self.path = path
        self.request_id = request_id
        self.hint = hint
        self.retry_after = retry_after
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"[{self.status}] {self.method} {self.path}: {self.message}"
        if self.request_id:
            text += f" (request id {self.request_id})"
        if not self.hint:
            return text
        return f"{text} {self.hint}" if text.endswith((".", "!", "?")) else f"{text}. {self.hint}"


class BadRequestError(ApiError):
    """The platform refused the request because of its content (4xx)."""


class AccessRefusedError(ApiError):
    """The platform refused access. Base of `AuthenticationError` and `PermissionDeniedError`."""


class AuthenticationError(AccessRefusedError):
    """The platform does not accept the user's key (401)."""


class PermissionDeniedError(AccessRefusedError):
    """The user is not allowed to do this (403). The platform answers the same for an unknown key."""


class NotFoundError(ApiError, KeyError):
    """There is no such component (404)."""


class ConflictError(ApiError):
    """The component's state does not allow this (409)."""


class RateLimitedError(ApiError):
    """Too many requests (429), or the platform asks to try again later (408, 425)."""

    transient = True


class ServerError(ApiError):
    """The platform failed (5xx). It is not known whether it carried out the request."""

    transient = True


class UnexpectedAnswerError(IkigaiError):
    """The platform's answer does not have the expected form.

    Parameters
    ----------
    message : str
    call : str, optional
        The request, for example ``GET /component/get-dataset``. Blank until `blame` is called.
    field : str, optional
        Path of the malformed field, for example ``dataset.size``; blank if it is the whole answer.
    """

    def __init__(self, message: str, *, call: str = "", field: str = "") -> None:
        self.call = call
        self.field = field
        super().__init__(message)

    def blame(self, call: str) -> None:
        """Name the request in the message, unless it is named already."""
        if not self.call:
            self.call = call
            self.args = (f"{call}: {self}",)


class ConnectionFailedError(IkigaiError):
    """The platform could not be reached. Nothing was sent."""

    transient = True

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


class AnswerLostError(IkigaiError):
    """The request was sent, but no answer arrived. It is not known whether the platform carried it out."""

    transient = True


# -- transfers ---------------------------------------------------------------------------------------------------------


class TransferError(IkigaiError):
    """A transfer of data failed."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class UploadError(TransferError):
    """The platform did not accept a dataset's data, or the data did not arrive."""


class DownloadError(TransferError):
    """A dataset's data could not be downloaded."""


# -- definitions -------------------------------------------------------------------------------------------------------


class InvalidDefinitionError(IkigaiError, ValueError):
    """A flow definition is invalid. Raised while it is built, before anything is sent."""


class DefinitionWarning(UserWarning):
    """The platform stores a definition of this shape, but its runs fail."""


class WrongArgumentTypeError(InvalidDefinitionError, TypeError):
    """An argument's value is of the wrong type."""


class UnexpectedChildError(InvalidDefinitionError, KeyError):
    """A map argument has an unexpected key."""


class UnknownFacetTypeError(InvalidDefinitionError, AttributeError):
    """The platform has no facet type of that name."""


class UnknownModelTypeError(InvalidDefinitionError, AttributeError):
    """The platform has no model type of that name."""


class UnsupportedByModelError(IkigaiError, RuntimeError):
    """The model, or the facet, does not accept such settings."""


# -- runs --------------------------------------------------------------------------------------------------------------


class FlowBusyError(IkigaiError):
    """The flow is already running, and the caller asked neither to wait nor to attach."""

    transient = True


class StartUnknownError(IkigaiError):
    """It is not known whether the flow was started, or which run was started. Nothing was started a second time."""


class RunTimeoutError(IkigaiError, TimeoutError):
    """The run did not end in the time allowed. It is still running: the platform offers no way to stop it.

    Attributes
    ----------
    last_report : FlowStatusReport or None
        The last known state of the run.
    seen : str
        When and in which state the run was last seen, for a message about another, longer wait.
    """

    def __init__(self, message: str, last_report: FlowStatusReport | None = None, seen: str = "") -> None:
        super().__init__(message)
        self.last_report = last_report
        self.seen = seen


class PlatformAwayError(IkigaiError):
    """The platform did not answer for longer than the allowed outage. The run may be still running, or over.

    Attributes
    ----------
    last_report : FlowStatusReport or None
        The last known state of the run.
    """

    transient = True

    def __init__(self, message: str, last_report: FlowStatusReport | None = None) -> None:
        super().__init__(message)
        self.last_report = last_report


class RunLostError(IkigaiError):
    """The run's log cannot be found: the flow is idle without a new log, or several logs may be the run's."""


class RunAmbiguousError(RunLostError):
    """Several entries of the flow's log may be the run's, so its outcome is not known.

    Attributes
    ----------
    candidates : tuple of RunLog
        The possible entries, oldest first.
    """

    def __init__(self, message: str, candidates: Iterable[RunLog] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class RunFailedError(IkigaiError, RuntimeError):
    """The run ended without success.

    Attributes
    ----------
    facet_id, facet_name : str
        The facet that failed, as in the flow's definition. Empty if the platform names none.
    message : str
        The platform's message.
    run_log : RunLog
        The run's log.
    doubt : str
        Why the log may belong to another run. Empty if it cannot.
    """

    def __init__(self, flow_name: str, run_log: RunLog, facet_name: str = "", doubt: str = "") -> None:
        self.flow_name = flow_name
        self.run_log = run_log
        self.facet_id = run_log.erroneous_facet_id or ""
        self.facet_name = facet_name or self.facet_id
        self.message = run_log.data
        self.doubt = doubt
        where = f" at facet {self.facet_name!r}" if self.facet_name else ""
        text = f"Flow {flow_name!r} ended {run_log.status.value}{where}: {self.message or 'no message'}"
        super().__init__(f"{text} (This may be another run's log. {doubt})" if doubt else text)


# -- names of earlier releases -----------------------------------------------------------------------------------------

InvalidInput = InvalidInputError
WrongInputType = WrongInputTypeError
MissingFile = MissingFileError
UnknownName = UnknownNameError
Ambiguous = AmbiguousError
BadRequest = BadRequestError
Authentication = AccessRefusedError
NotFound = NotFoundError
Conflict = ConflictError
RateLimited = RateLimitedError
UnexpectedAnswer = UnexpectedAnswerError
ConnectionFailed = ConnectionFailedError
AnswerLost = AnswerLostError
UploadFailed = UploadError
DownloadFailed = DownloadError
InvalidDefinition = InvalidDefinitionError
WrongArgumentType = WrongArgumentTypeError
UnexpectedChild = UnexpectedChildError
UnknownFacetType = UnknownFacetTypeError
UnknownModelType = UnknownModelTypeError
UnsupportedByModel = UnsupportedByModelError
FlowBusy = FlowBusyError
StartUnknown = StartUnknownError
RunTimeout = RunTimeoutError
PlatformAway = PlatformAwayError
RunLost = RunLostError
RunAmbiguous = RunAmbiguousError
RunFailed = RunFailedError


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A hint for an error message: the most similar known name, or a list of the known names.

    Parameters
    ----------
    name : object
        The requested name; its ``str()`` is compared.
    known : iterable of str
        The existing names.

    Returns
    -------
    str
        A sentence. It says so if there are no names.
    """
    name, names = str(name), sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in names}
    nearest = get_close_matches(name.casefold(), folded, n=1)
    if nearest:
        return f"Did you mean {folded[nearest[0]]!r}?"
    if not names:
        return "There is none yet."
    shown = ", ".join(repr(candidate) for candidate in names[:10])
    return f"Known: {shown}{', …' if len(names) > 10 else '.'}"
