"""The Ikigai workspace of assets: a user, a key and a URL."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import dagster as dg
from pydantic import Field, PrivateAttr

from dagster_ikigai._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dagster_ikigai.flows.runnable import RunnableFlow
    from ikigai_core import Ikigai
    from ikigai_core.orchestration import ConnectionFields, Isolation, OnBusy, OnDoubt

_SECRETS = ("api_key", "proxy")


class IkigaiWorkspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """An Ikigai account, as a Dagster resource.

    Missing parameters are read from the environment of the process that runs the step. So ``IkigaiWorkspace()`` is
    enough if ``IKIGAI_USER_EMAIL`` and ``IKIGAI_API_KEY`` are set. If the platform refuses the key, it is read again
    from its source, so that long steps get a new key.

    Parameters
    ----------
    user_email : str, optional
        Email address of the user. Default: ``IKIGAI_USER_EMAIL``.
    api_key : EnvVar, optional
        The user's key, as ``EnvVar("...")``. Dagster then stores the variable's name and never the key. Default:
        ``IKIGAI_API_KEY``.
    api_key_file : str, optional
        Path of a file that contains only the key, instead of `api_key`.
    base_url : str, optional
        URL of the platform. Default: ``IKIGAI_BASE_URL``, otherwise ``https://api.ikigailabs.io``.
    web_url : str, optional
        URL of the platform's web pages, for the links in results. Default: ``IKIGAI_WEB_URL``, otherwise derived from
        `base_url`.
    webserver_base_url : str, optional
        URL of Dagster's own web server, such as ``https://dagster.example.com`` or ``https://acme.dagster.cloud/prod``,
        which Dagster does not tell its steps. The platform's pages then link each run that a step started back to the
        step's run. Default: no link.
    proxy : str, optional
        Address of a proxy for every request. It must be an EnvVar if it contains a password.
    verify_tls : bool
        Whether to verify the platform's certificate. Default: True.
    ca_bundle : str, optional
        Path of the certificates to trust instead of the system's.
    client_certificate, client_key : str, optional
        Paths of a client certificate, and of its key if that is in another file.
    connect_timeout, read_timeout : float
        Time limits in seconds, for connecting and for waiting for bytes of a response.
    call_timeout, processing_timeout : float, optional
        Time limits in seconds, for a request with its retries, and for the platform's work on data. Default: 120 and
        3600.
    answer_limit : int, optional
        Largest size of an answer in bytes, the data of datasets aside. Default: 50 MB.
    preview_rows : int
        Number of first rows of each output in its materialization's metadata. 0 keeps data out of Dagster's event log.
    profile_limit_mb : float
        Outputs larger than this, in MB, are not downloaded. They get no row count, no preview and no content-based data
        version. 0 downloads none.

    Examples
    --------
    >>> import dagster as dg
    >>> workspace = IkigaiWorkspace(user_email="bob@example.com", api_key=dg.EnvVar("IKIGAI_API_KEY"))
    >>> workspace
    IkigaiWorkspace(user_email='bob@example.com')
    """

    user_email: str | None = Field(default=None, description="User of the platform. Default: IKIGAI_USER_EMAIL.")
    api_key: str | None = Field(
        default=None,
        repr=False,
        description="The user's key, as an EnvVar. Default: IKIGAI_API_KEY.",
        json_schema_extra={"dagster__is_secret": True},
    )
    api_key_file: str | None = Field(
        default=None, description="Path of a file that contains only the key, instead of api_key."
    )
    base_url: str | None = Field(default=None, description="URL of the platform. Default: IKIGAI_BASE_URL.")
    web_url: str | None = Field(default=None, description="URL of the platform's pages. Default: IKIGAI_WEB_URL.")
    webserver_base_url: str | None = Field(
        default=None, description="URL of Dagster's web server, for links from the platform's runs back to Dagster's."
    )
    proxy: str | None = Field(
        default=None,
        repr=False,
        description="Address of a proxy for every request; an EnvVar if it contains a password.",
        json_schema_extra={"dagster__is_secret": True},
    )
    verify_tls: bool = Field(default=True, description="Whether the platform's certificate is checked.")
    ca_bundle: str | None = Field(default=None, description="Path of the certificates to check the platform's against.")
    client_certificate: str | None = Field(default=None, description="Path of the certificate shown to the platform.")
    client_key: str | None = Field(default=None, description="Path of that certificate's key.")
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds that a request may take to connect.")
    read_timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for an answer's bytes.")
    call_timeout: float | None = Field(
        default=None, gt=0, description="Seconds for a request with its retries. Default: 120."
    )
    processing_timeout: float | None = Field(
        default=None, gt=0, description="Seconds for the platform to check or prepare data. Default: 3600."
    )
    answer_limit: int | None = Field(
        default=None, gt=0, description="Bytes of an answer, the data of datasets aside. Default: 50000000."
    )
    preview_rows: int = Field(default=5, ge=0, description="Rows of each output in its metadata; 0 for none.")
    profile_limit_mb: float = Field(
        default=100.0, ge=0, description="Outputs larger than this, in MB, are not downloaded to count their rows."
    )

    _is_initialized: bool = PrivateAttr(default=False)
    _key_variable: dg.EnvVar | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note that the key was read from its variable. Called by Dagster."""
        self._is_initialized = True

    def _with_updated_values(self, values: Mapping[str, Any] | None) -> IkigaiWorkspace:
        # Dagster's copy contains the key as a string instead of its EnvVar, but needs the source to read the key again.
        copy = cast("IkigaiWorkspace", super()._with_updated_values(values))
        copy._key_variable = self._key_variable
        if isinstance(self.api_key, dg.EnvVar) and self.api_key.get_value() == copy.api_key:
            copy._key_variable = self.api_key
        return copy

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # EnvVars cannot be printed, and unset fields are noise.
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name not in _SECRETS and name in self.model_fields_set:
                yield name, f"${value.env_var_name}" if isinstance(value, dg.EnvVar) else value

    def get_resource_definition(self) -> Any:
        """Turn this resource into the form that Dagster stores. Called by Dagster.

        Raises
        ------
        DagsterInvalidDefinitionError
            The key, or a proxy's password, was given as a string.
        """
        if not self._is_initialized:
            self._check_secrets()
        return super().get_resource_definition()

    def get_client(self) -> Ikigai:
        """Create a client of this workspace. Sends nothing.

        Returns
        -------
        Ikigai
            A client; use it in a ``with`` block to close its connections.

        Raises
        ------
        ikigai_core.errors.ConfigurationError
            The user or the key is missing, here and in the environment, or a field is unusable or contradicts another
            one.
        """
        from ikigai_core import Ikigai

        return Ikigai(**self._connection().client_arguments())

    def run_flow(
        self,
        context: dg.AssetExecutionContext,
        flow: RunnableFlow,
        *,
        variables: Mapping[str, Any] | None = None,
        on_busy: OnBusy = "wait",
        isolation: Isolation = "shared",
        on_doubt: OnDoubt = "fail",
        unique_output: str | None = None,
        keep_copies: bool = False,
        timeout: float | None = None,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Update a flow, run it to its end, and report the assets that it wrote.

        If a step is retried, or re-executed after its process died, it follows the run that it started before.

        Parameters
        ----------
        context : AssetExecutionContext
            Context of an asset function from :func:`~dagster_ikigai.ikigai_assets`.
        flow : IkigaiFlow or IkigaiAppFlow
            The flow that the assets were made from.
        variables : mapping, optional
            Run variables by name.
        on_busy : {"wait", "attach", "fail"}
            What to do if another run of the flow is under way: wait for its end and then start, follow that run instead
            (its outputs are then not known), or fail.
        isolation : {"shared", "copy"}
            Whether to run the flow itself or a private copy, made only for this run.
        on_doubt : {"fail", "accept"}
            What to do if it cannot be proven which run is the step's: fail, or accept the most likely run.
        unique_output : str, optional
            Name of the run variable that names a dataset that no other run writes. The dataset proves that a run is the
            step's.
        keep_copies : bool
            Whether to keep the private copy after its run.
        timeout : float, optional
            Seconds for the wait for a busy flow and for the run, together. The run continues after that. Default: no
            limit.

        Yields
        ------
        MaterializeResult
            One result for each asset of the flow.

        Raises
        ------
        Failure
            The run failed or the platform refused a request (``allow_retries=False``), or the platform is out of reach.
        """
        from dagster_ikigai.runs.execution import FlowTask, materialize
        from dagster_ikigai.runs.settings import StartSettings

        how = StartSettings(
            on_busy=on_busy,
            isolation=isolation,
            on_doubt=on_doubt,
            unique_output=unique_output,
            keep_copies=keep_copies,
            timeout=timeout,
        )
        yield from materialize(context, self, FlowTask(flow, variables or {}, how))

    def _check_secrets(self) -> None:
        if self.api_key is not None and not isinstance(self.api_key, dg.EnvVar):
            fault = "api_key was given as text"
            remedy = 'api_key=EnvVar("IKIGAI_API_KEY"), or leave api_key out to have IKIGAI_API_KEY read'
        elif "@" in (self.proxy or "") and not isinstance(self.proxy, dg.EnvVar):
            fault, remedy = "proxy was given as text, with credentials in it", 'proxy=EnvVar("MY_PROXY")'
        else:
            return
        raise dg.DagsterInvalidDefinitionError(
            f"IkigaiWorkspace.{fault}: Dagster would store it with the configuration of every job and show it in its "
            f"UI. Name an environment variable, {remedy}."
        )

    def _connection(self) -> ConnectionFields:
        from ikigai_core.orchestration import ConnectionFields

        names = [field.name for field in fields(ConnectionFields) if field.name in type(self).model_fields]
        given: dict[str, Any] = {name: _resolved(getattr(self, name)) for name in names}
        variable = self.api_key if isinstance(self.api_key, dg.EnvVar) else self._key_variable
        if given["api_key"] and variable is not None:
            given["look_up_key"] = variable.get_value
        user_agent = f"dagster-ikigai/{__version__} dagster/{dg.__version__}"
        origin = partial(step_origin, _resolved(self.webserver_base_url))
        return ConnectionFields.read({**given, "user_agent": user_agent, "origin": origin})


def step_origin(webserver_base_url: str | None = None) -> dict[str, str | None]:
    """Return the current step, for the header of each request; empty outside of a step."""
    try:
        step = dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return {}
    return {
        "orchestrator": "dagster",
        "job": step.job_name,
        "task": str(step.op_handle),
        "run": step.run_id,
        "url": f"{webserver_base_url.rstrip('/')}/runs/{step.run_id}" if webserver_base_url else None,
    }


def _resolved(value: Any) -> Any:
    # A resource that Dagster has not initialized, because an asset contains it directly, still has its EnvVars.
    return value.get_value() if isinstance(value, dg.EnvVar) else value


Workspace = IkigaiWorkspace | str
"""A workspace, or its resource key."""


def required_resource(workspace: Workspace) -> set[str]:
    """The resource keys that a step with this workspace requires."""
    return {workspace} if isinstance(workspace, str) else set()


def workspace_of(context: Any, workspace: Workspace) -> IkigaiWorkspace:
    """The workspace object, in a step."""
    if isinstance(workspace, IkigaiWorkspace):
        return workspace
    found: IkigaiWorkspace = getattr(context.resources, workspace)
    return found
