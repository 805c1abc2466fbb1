"""The Ikigai workspace that assets work in: a user, a key, a URL."""

from __future__ import annotations

from dataclasses import fields
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

    Whatever is left out is read from the environment of the process that runs the step, so ``IkigaiWorkspace()`` is
    enough if ``IKIGAI_USER_EMAIL`` and ``IKIGAI_API_KEY`` are set. If the platform refuses the key, it is looked up
    again where it came from, so that a new one reaches steps that take long.

    Parameters
    ----------
    user_email : str, optional
        User who owns or shares the apps. Default: ``IKIGAI_USER_EMAIL``.
    api_key : EnvVar, optional
        The user's key, given as ``EnvVar("...")`` so that Dagster stores the variable's name and never the key.
        Default: ``IKIGAI_API_KEY``.
    api_key_file : str, optional
        Path of a file that holds nothing but the key, in place of `api_key`.
    base_url : str, optional
        URL of the platform. Default: ``IKIGAI_BASE_URL``, else ``https://api.ikigailabs.io``.
    web_url : str, optional
        URL of the platform's pages for people, which results link to. Default: ``IKIGAI_WEB_URL``, else by `base_url`.
    proxy : str, optional
        Address of a proxy for every request; as an EnvVar if there is a password in it.
    verify_tls : bool
        Whether the platform's certificate is checked. Default: True.
    ca_bundle : str, optional
        Path of the certificates to check it against, instead of the system's.
    client_certificate, client_key : str, optional
        Paths of the certificate that this side shows to the platform, and of its key if that is in another file.
    connect_timeout, read_timeout : float
        Seconds that one request may take to connect, and to wait for bytes of an answer.
    preview_rows : int
        First rows of each output that go into its materialization's metadata; 0 keeps data out of Dagster's event log.
    profile_limit_mb : float
        Outputs larger than this, in MB, are not fetched: they get no row count, no preview and no content-based data
        version. 0 fetches none.

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
    api_key_file: str | None = Field(default=None, description="Path of a file that holds the key, in its place.")
    base_url: str | None = Field(default=None, description="URL of the platform. Default: IKIGAI_BASE_URL.")
    web_url: str | None = Field(default=None, description="URL of the platform's pages. Default: IKIGAI_WEB_URL.")
    proxy: str | None = Field(
        default=None,
        repr=False,
        description="Address of a proxy for every request; an EnvVar if a password is in it.",
        json_schema_extra={"dagster__is_secret": True},
    )
    verify_tls: bool = Field(default=True, description="Whether the platform's certificate is checked.")
    ca_bundle: str | None = Field(default=None, description="Path of the certificates to check the platform's against.")
    client_certificate: str | None = Field(default=None, description="Path of the certificate shown to the platform.")
    client_key: str | None = Field(default=None, description="Path of that certificate's key.")
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds that a request may take to connect.")
    read_timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for an answer's bytes.")
    preview_rows: int = Field(default=5, ge=0, description="Rows of each output in its metadata; 0 for none.")
    profile_limit_mb: float = Field(
        default=100.0, ge=0, description="Outputs larger than this, in MB, are not fetched to count their rows."
    )

    _is_initialized: bool = PrivateAttr(default=False)
    _key_variable: dg.EnvVar | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Take note that the key was read from its variable; called by Dagster."""
        self._is_initialized = True

    def _with_updated_values(self, values: Mapping[str, Any] | None) -> IkigaiWorkspace:
        # Dagster's copy has the key's text in place of its EnvVar; it has to know where to look the key up again.
        copy = cast("IkigaiWorkspace", super()._with_updated_values(values))
        copy._key_variable = self._key_variable
        if isinstance(self.api_key, dg.EnvVar) and self.api_key.get_value() == copy.api_key:
            copy._key_variable = self.api_key
        return copy

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # EnvVars refuse to be printed; what was not set is noise.
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name not in _SECRETS and name in self.model_fields_set:
                yield name, f"${value.env_var_name}" if isinstance(value, dg.EnvVar) else value

    def get_resource_definition(self) -> Any:
        """Turn this resource into the form that Dagster stores; called by Dagster.

        Raises
        ------
        DagsterInvalidDefinitionError
            The key, or a proxy's password, was given as text.
        """
        if not self._is_initialized:
            self._check_secrets()
        return super().get_resource_definition()

    def get_client(self) -> Ikigai:
        """Return a new client of this workspace. Nothing is sent before it is used.

        Returns
        -------
        Ikigai
            A client; use it in a ``with`` block to close its connections.

        Raises
        ------
        ikigai_core.errors.ConfigurationError
            User or key are given neither here nor by the environment; a field is unusable, or contradicts another one.
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
        """Bring a flow up to date, run it to its end, and report the assets that it wrote.

        A step that is tried again, or re-executed after its process died, follows the run that it started before.

        Parameters
        ----------
        context : AssetExecutionContext
            Context of the asset function, as made by :func:`~dagster_ikigai.ikigai_assets`.
        flow : IkigaiFlow or IkigaiAppFlow
            The flow that the assets were made from.
        variables : mapping, optional
            Run variables by name.
        on_busy : {"wait", "attach", "fail"}
            What to do if somebody else's run of the flow is under way: wait for its end and then start; follow that
            run instead, whose outputs are then not known; or fail.
        isolation : {"shared", "copy"}
            Whether the flow itself runs, or a private copy of it, made for this run alone.
        on_doubt : {"fail", "accept"}
            What to do if it cannot be proven which run is the step's: fail, or take the one that seems to be it.
        unique_output : str, optional
            Name of the run variable that names a dataset which no other run writes: it proves that a run is the step's.
        keep_copies : bool
            Whether the private copy stays after its run.
        timeout : float, optional
            Seconds for the wait for a busy flow and for the run, together; the run goes on after that. Default: no
            limit.

        Yields
        ------
        MaterializeResult
            One for each asset of the flow.

        Raises
        ------
        Failure
            The run failed, or the platform refused something (``allow_retries=False``), or is out of reach.
        """
        from dagster_ikigai.runs.execution import FlowTask, materialize
        from dagster_ikigai.runs.settings import StartSettings

        how = StartSettings(on_busy, isolation, on_doubt, unique_output, keep_copies, timeout)
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
        return ConnectionFields.read({**given, "user_agent": user_agent})


def _resolved(value: Any) -> Any:
    # A resource that Dagster has not initialised (one that is held by an asset directly) still has its EnvVars.
    return value.get_value() if isinstance(value, dg.EnvVar) else value


Workspace = IkigaiWorkspace | str
"""A workspace, or the key of the resource that is one."""


def required_resource(workspace: Workspace) -> set[str]:
    """The resource that a step of this workspace needs."""
    return {workspace} if isinstance(workspace, str) else set()


def workspace_of(context: Any, workspace: Workspace) -> IkigaiWorkspace:
    """The workspace itself, in a step."""
    if isinstance(workspace, IkigaiWorkspace):
        return workspace
    found: IkigaiWorkspace = getattr(context.resources, workspace)
    return found
