"""The block for a flow of the platform, and the runs that it triggers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from prefect.blocks.abstract import JobBlock, JobRun
from pydantic import Field, HttpUrl, field_validator, model_validator

from ikigai_core.errors import RunFailedError
from ikigai_core.orchestration import Deadline, Isolation, OnBusy, OnDoubt, StartOptions
from prefect_ikigai.blocks.credentials import DOCUMENTATION, LOGO, IkigaiCredentials
from prefect_ikigai.failures import RunNotEndedError
from prefect_ikigai.operation import Operation
from prefect_ikigai.runs.request import RunRequest
from prefect_ikigai.runs.running import follow, resume, start

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.orchestration import AnyClient
    from ikigai_core.procedure import Procedure


class IkigaiFlowRun(JobRun["RunLog"]):
    """A run of a flow. Wait for its end, then fetch its result.

    Created by `IkigaiFlow.trigger`. It can be pickled, without a connection.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose flow it is.
    app : str
        Name of the app.
    run : mapping
        As `ikigai_core.FlowRun.to_dict` returns it.
    deadline : Deadline
        Time limit for the end of the run.
    note_id : UUID, optional
        The artifact that contains the note about the run.
    """

    def __init__(
        self,
        credentials: IkigaiCredentials,
        app: str,
        run: Mapping[str, Any],
        deadline: Deadline,
        note_id: UUID | None = None,
    ) -> None:
        self.credentials = credentials
        self.app = app
        self.run = dict(run)
        self._deadline = deadline
        self._note_id = note_id
        self._log: RunLog | None = None
        self._failure: RunFailedError | None = None

    def __repr__(self) -> str:
        return f"IkigaiFlowRun(app={self.app!r}, flow={self.run['flow_name']!r}, baseline={self.run['baseline']!r})"

    def wait_for_completion(self) -> None:  # type: ignore[override]
        """Follow the run to its end. Status and progress go to the run's logs and to a progress artifact.

        Raises
        ------
        ikigai_core.errors.RunFailedError
            The run failed. The error names the facet and contains the platform's message.
        ikigai_core.errors.RunTimeoutError
            The run did not end in time. It continues, because the platform cannot stop runs.
        """
        Operation(self.credentials, self._followed).perform()

    async def await_for_completion(self) -> None:
        """Async counterpart of `wait_for_completion`."""
        await Operation(self.credentials, self._followed).aperform()

    def fetch_result(self) -> RunLog:  # type: ignore[override]
        """Return the log of the run, after its end was awaited.

        Returns
        -------
        RunLog
            The log of a successful run.

        Raises
        ------
        RunNotEndedError
            `wait_for_completion` was not called, or did not see the end.
        ikigai_core.errors.RunFailedError
            The run failed.
        """
        if self._failure is not None:
            raise self._failure
        if self._log is None:
            raise RunNotEndedError(f"The end of {self!r} has not been seen: call wait_for_completion() first.")
        return self._log

    async def afetch_result(self) -> RunLog:
        """Async counterpart of `fetch_result`."""
        return self.fetch_result()

    def _followed(self, ikigai: AnyClient) -> Procedure[None]:
        run, followed = yield from resume(ikigai, self.run, self.app, self._note_id)
        try:
            self._log = (yield from follow(ikigai, run, followed, self._deadline, removes_copy=True)).log
        except RunFailedError as failure:
            self._failure = failure
            raise


class IkigaiFlow(JobBlock):  # type: ignore[type-arg]
    """A flow of an app on the Ikigai platform, and the settings for its runs.

    Attributes
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app, flow : str
        Names or ids.
    variables : dict
        Run variables, by name. They are stored unencrypted, so they must not contain secrets.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end. Default: no limit.
    on_busy : {"wait", "attach", "fail"}
        What to do if the flow is already running: wait until that run ends and then start, follow that run, or fail.
        Default: wait.
    isolation : {"shared", "copy"}
        Whether to run the flow itself or a private copy for each run. Default: shared.
    on_doubt : {"fail", "accept"}
        What to do if it cannot be proven which run was started, or how it ended. Default: fail.
    unique_output : str, optional
        Name of the run variable that names a dataset that no other run writes.
    keep_copies : bool
        Keep private copies after their runs. Default: they are deleted.

    Examples
    --------
    >>> from prefect_ikigai import IkigaiFlow
    >>> run = IkigaiFlow.load("late-flights").trigger({"output": "late_today"})
    >>> run.wait_for_completion()
    >>> run.fetch_result()
    """

    _block_type_name = "Ikigai Flow"
    _block_type_slug = "ikigai-flow"
    _logo_url = HttpUrl(LOGO)
    _documentation_url = HttpUrl(DOCUMENTATION)
    _description = "A flow on the Ikigai AI platform: trigger it, follow its run, fetch the result."
    _code_example = """\
        ```python
        from prefect_ikigai import IkigaiFlow

        run = IkigaiFlow.load("BLOCK_NAME").trigger()
        run.wait_for_completion()
        print(run.fetch_result())
        ```"""

    credentials: IkigaiCredentials = Field(description="Whose app it is.")
    app: str = Field(min_length=1, description="Name or id of the app that holds the flow.")
    flow: str = Field(min_length=1, description="Name or id of the flow.")
    variables: dict[str, Any] = Field(
        default_factory=dict, description="Values of the flow's run variables, by name. No secrets."
    )
    timeout: float | None = Field(
        default=None, gt=0, description="Seconds to wait for a busy flow and for the run's end."
    )
    on_busy: OnBusy = Field(default="wait", title="On busy", description="What to do if the flow is already running.")
    isolation: Isolation = Field(
        default="shared", description="Whether to run the flow itself, or a private copy for each run."
    )
    on_doubt: OnDoubt = Field(
        default="fail", title="On doubt", description="What to do if it cannot be proven which run is this one."
    )
    unique_output: str | None = Field(
        default=None,
        title="Unique output",
        description="Name of the run variable that names a dataset that no other run writes.",
    )
    keep_copies: bool = Field(default=False, title="Keep copies", description="Keep private copies after their runs.")

    @field_validator("variables", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return {} if value is None else value

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        self._options.check()
        return self

    def trigger(self, variables: Mapping[str, Any] | None = None) -> IkigaiFlowRun:  # type: ignore[override]
        """Start the flow, or continue with the run that an earlier attempt of the same Prefect run started.

        Parameters
        ----------
        variables : mapping, optional
            Run variables for this run. They are added to the block's variables and take precedence.

        Returns
        -------
        IkigaiFlowRun
            The run, which is not over yet.

        Raises
        ------
        ikigai_core.errors.FlowBusyError
            The flow is already running and `on_busy` is ``"fail"``, or it is still running at the end of `timeout`.
        ikigai_core.errors.StartUnknownError
            It could not be proven whether the run started. It was not started a second time.
        ikigai_core.errors.NotFoundError
            There is no such app or flow.
        """
        request = self._request(variables)
        return Operation(self.credentials, lambda ikigai: self._triggered(ikigai, request)).perform()

    async def atrigger(self, variables: Mapping[str, Any] | None = None) -> IkigaiFlowRun:
        """Async counterpart of `trigger`."""
        request = self._request(variables)
        return await Operation(self.credentials, lambda ikigai: self._triggered(ikigai, request)).aperform()

    @property
    def _options(self) -> StartOptions:
        return StartOptions(
            on_busy=self.on_busy,
            isolation=self.isolation,
            on_doubt=self.on_doubt,
            unique_output=self.unique_output,
            keep_copies=self.keep_copies,
        )

    def _request(self, variables: Mapping[str, Any] | None) -> RunRequest:
        given = {**self.variables, **(variables or {})}
        return RunRequest.of(self.credentials, self.app, self.flow, given, self._options, self.timeout)

    def _triggered(self, ikigai: AnyClient, request: RunRequest) -> Procedure[IkigaiFlowRun]:
        run, followed = yield from start(ikigai, request)
        return IkigaiFlowRun(self.credentials, self.app, run.to_dict(), request.deadline, followed.note_id)
