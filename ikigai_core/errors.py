"""Everything that the client raises.

One hierarchy, and one question that adapters ask of each error: is it *transient* (the same thing may work later) or
*terminal* (repeating it cannot help)? Texts are complete and hold no credentials and no signed URLs, so they may be
logged as they are.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ikigai_core.run_records import FlowStatusReport, RunLog


class IkigaiError(Exception):
    """Base of all errors of this package.

    Attributes
    ----------
    transient : bool
        Whether the same operation may succeed later, unchanged.
    """

    transient: bool = False

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        # Orchestrators carry exceptions from process to process; the default way calls __init__ with the text only.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(kind: type[IkigaiError], args: tuple[Any, ...], state: dict[str, Any]) -> IkigaiError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(IkigaiError, ValueError):
    """The client is not told what it needs: a user, a key, a usable URL."""


class InvalidInputError(IkigaiError, ValueError):
    """What was given cannot be used: a missing file, an empty frame, an unusable name. Nothing was sent."""


class WrongInputTypeError(InvalidInputError, TypeError):
    """What was given is of a type that cannot be used. Nothing was sent."""


class MissingFileError(InvalidInputError, FileNotFoundError):
    """A file that was given does not exist."""


class UnknownNameError(IkigaiError, KeyError):
    """A listing has no component of that name or id."""


class AmbiguousError(IkigaiError, KeyError):
    """Several components share the name that was asked for."""


# -- what the platform answers -----------------------------------------------------------------------------------------


class ApiError(IkigaiError, RuntimeError):
    """The platform refused a request or failed on it.

    Parameters
    ----------
    message : str
        What the platform said.
    status : int
        HTTP status of the answer.
    method, path : str
        The request, without its query.
    request_id : str, optional
        The platform's id of the request, where it gave one.
    hint : str, optional
        What to do about it.
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
    """The platform refused the request for its content (4xx)."""


class AccessRefusedError(ApiError):
    """The platform lets the user in no further: base of the two that follow."""


class AuthenticationError(AccessRefusedError):
    """The platform does not accept the user's key (401)."""


class PermissionDeniedError(AccessRefusedError):
    """The user may not do this (403). The platform also answers so if it does not know the key."""


class NotFoundError(ApiError, KeyError):
    """There is no such component (404)."""


class ConflictError(ApiError):
    """The component is in a state that does not allow this (409)."""


class RateLimitedError(ApiError):
    """Too many requests (429), or the platform asks to come back later (408, 425)."""

    transient = True


class ServerError(ApiError):
    """The platform failed (5xx). Whether the request was carried out is not known."""

    transient = True


class UnexpectedAnswerError(IkigaiError):
    """The platform's answer is not of the form that was agreed."""


class ConnectionFailedError(IkigaiError):
    """The platform could not be reached. Nothing was sent."""

    transient = True

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


class AnswerLostError(IkigaiError):
    """The request went out and no answer came back. Whether it was carried out is not known."""

    transient = True


# -- transfers ---------------------------------------------------------------------------------------------------------


class TransferError(IkigaiError):
    """Data did not get through."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class UploadError(TransferError):
    """A dataset's data was not accepted, or did not arrive."""


class DownloadError(TransferError):
    """A dataset's data could not be fetched."""


# -- definitions -------------------------------------------------------------------------------------------------------


class InvalidDefinitionError(IkigaiError, ValueError):
    """A flow definition has a fault. Raised while it is built, before anything is sent."""


class DefinitionWarning(UserWarning):
    """The platform keeps a definition of this shape, and fails its runs."""


class WrongArgumentTypeError(InvalidDefinitionError, TypeError):
    """An argument's value is of the wrong type."""


class UnexpectedChildError(InvalidDefinitionError, KeyError):
    """A map argument has a key that it should not have."""


class UnknownFacetTypeError(InvalidDefinitionError, AttributeError):
    """The platform has no facet type of that name."""


class UnknownModelTypeError(InvalidDefinitionError, AttributeError):
    """The platform has no model type of that name."""


class UnsupportedByModelError(IkigaiError, RuntimeError):
    """The model, or the facet, takes no such settings."""


# -- runs --------------------------------------------------------------------------------------------------------------


class FlowBusyError(IkigaiError):
    """The flow is running already, and the caller asked not to wait and not to attach."""

    transient = True


class StartUnknownError(IkigaiError):
    """Whether the flow was started, or which run is the one, could not be proven. Nothing was started a second time."""


class RunTimeoutError(IkigaiError, TimeoutError):
    """The run did not end in the time allowed. It goes on: the platform offers no way to stop it.

    Attributes
    ----------
    last_report : FlowStatusReport or None
        What was last seen of it.
    """

    def __init__(self, message: str, last_report: FlowStatusReport | None = None) -> None:
        super().__init__(message)
        self.last_report = last_report


class PlatformAwayError(IkigaiError):
    """The platform did not answer for longer than a wait was told to bear. The run may go on, or be over.

    Attributes
    ----------
    last_report : FlowStatusReport or None
        What was last seen of the run.
    """

    transient = True

    def __init__(self, message: str, last_report: FlowStatusReport | None = None) -> None:
        super().__init__(message)
        self.last_report = last_report


class RunLostError(IkigaiError):
    """The run's log cannot be had: the flow is idle and none appeared, or which it is cannot be told."""


class RunAmbiguousError(RunLostError):
    """Which entry of the flow's log is the run's cannot be proven, so that neither can how it ended.

    Attributes
    ----------
    candidates : tuple of RunLog
        Oldest first.
    """

    def __init__(self, message: str, candidates: Iterable[RunLog] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class RunFailedError(IkigaiError, RuntimeError):
    """The run ended, and not well.

    Attributes
    ----------
    facet_id, facet_name : str
        The facet that failed, as in the flow's definition; empty where the platform names none.
    message : str
        What the platform said.
    run_log : RunLog
        The run's log.
    doubt : str
        Why the log may be another run's; empty where it cannot.
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
    """Text that offers the nearest of the known names, or says what there is.

    Parameters
    ----------
    name : object
        What was asked for; its text counts.
    known : iterable of str
        What exists.

    Returns
    -------
    str
        A sentence; empty where nothing is known.
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
