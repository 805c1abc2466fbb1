"""The component for all flows of an app. It builds assets from stored state, without requests at load time."""

from __future__ import annotations

import logging
from pathlib import Path

import dagster as dg
from dagster.components import DefsStateConfig, DefsStateConfigArgs, ResolvedDefsStateConfig
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, Field, PrivateAttr

from dagster_ikigai.assets.app_assets import build_ikigai_assets_definitions
from dagster_ikigai.components.component_settings import ComponentSettings
from dagster_ikigai.components.yaml_settings import FlowSettingsModel, WorkspaceModel
from dagster_ikigai.connection import IkigaiWorkspace
from dagster_ikigai.flows.app_state import IkigaiAppState
from dagster_ikigai.naming import identifier

_log = logging.getLogger("dagster_ikigai")
_REFRESH = "dg utils refresh-defs-state"


class IkigaiAppParams(BaseModel):
    """The parameters of ``dg scaffold defs dagster_ikigai.IkigaiAppComponent``."""

    app: str = Field(default="My app", description="Name of the app.")


class IkigaiAppScaffolder(dg.Scaffolder[IkigaiAppParams]):
    """Writes the component's YAML."""

    @classmethod
    def get_scaffold_params(cls) -> type[IkigaiAppParams]:
        """Return the model of the parameters."""
        return IkigaiAppParams

    def scaffold(self, request: dg.ScaffoldRequest[IkigaiAppParams]) -> None:
        """Write the file."""
        scaffold_component(request, {"app": request.params.app})


@dg.scaffold_with(IkigaiAppScaffolder)
class IkigaiAppComponent(dg.StateBackedComponent, ComponentSettings):
    """All flows of an Ikigai app. Their outputs are assets, and their inputs are upstream assets.

    ``dg utils refresh-defs-state`` and the start of ``dg dev`` read the app from the platform and store its state.
    Definitions load from the stored state and send nothing.

    Attributes
    ----------
    app : str
        Name of the app.
    flows, exclude : list of str
        Names of the flows to include and to exclude, or patterns such as ``daily *``. Default: all flows.
    flow_settings : mapping
        Settings for single flows, by name. The component's own ``variables``, ``retry_policy``, ``partitions`` … are
        for the other flows.
    workspace : str, mapping or None
        Key of the IkigaiWorkspace resource, or the account itself. None: the account from the environment. The state is
        read with the account that is given here, or with the one from the environment.
    translation : mapping
        Changes to the asset specs, for example ``key: "mine/{{ props.name }}"`` or ``group_name: flights``.
    sensor : bool or mapping
        Whether to report runs that were started elsewhere as materializations, or the sensor's ``status`` (``running``
        or ``stopped``) and ``minimum_interval_seconds``. Default: False.
    checks : bool or mapping
        Whether to add the checks of `build_ikigai_asset_checks`, or the fields of `CheckSettings`. Default: False.
    defs_state : DefsStateConfigArgs
        Storage location of the state.

    Examples
    --------
    ::

        type: dagster_ikigai.IkigaiAppComponent
        attributes:
          app: Late flights
          exclude: ["draft *"]
          retry_policy: {max_retries: 2, delay: 30}
          translation: {group_name: flights}
    """

    app: str = Field(description="Name of the app.")
    flows: list[str] | None = Field(default=None, description="Names or patterns of the flows to take. Default: all.")
    exclude: list[str] = Field(default=[], description="Names or patterns of the flows to leave out.")
    flow_settings: dict[str, FlowSettingsModel] = Field(default={}, description="How single flows are run, by name.")
    defs_state: ResolvedDefsStateConfig = DefsStateConfigArgs.local_filesystem()

    _is_loading: bool = PrivateAttr(default=False)

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """The storage location of the state. Called by Dagster."""
        return DefsStateConfig.from_args(self.defs_state, default_key=f"{type(self).__name__}[{identifier(self.app)}]")

    def write_state_to_path(self, state_path: Path) -> None:
        """Read the app's state from the platform and store it. Called by Dagster."""
        workspace = self.workspace.to_workspace() if isinstance(self.workspace, WorkspaceModel) else IkigaiWorkspace()
        try:
            state = IkigaiAppState.read(workspace, self.app)
        except dg.Failure as failure:
            if not (self._is_loading and failure.allow_retries and state_path.is_file()):
                raise
            _log.warning(
                "App %r keeps its stored state, because the platform cannot be reached: %s",
                self.app,
                failure.description,
            )
            return
        state.save(state_path)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build the definitions. Called by Dagster."""
        # If the platform is out of reach, `dg dev` continues with the stored state, but a refresh fails.
        self._is_loading = True
        try:
            return super().build_defs(context)
        finally:
            self._is_loading = False

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """Build the definitions from the stored state. Called by Dagster."""
        if state_path is None:
            _log.warning(
                "NO ASSETS OF IKIGAI APP %r: its state was never stored. Run `%s` where this location is built or "
                "deployed. (Component in %s.)",
                self.app,
                _REFRESH,
                context.path,
            )
            return dg.Definitions()
        state = IkigaiAppState.load(state_path).selected(self.flows, self.exclude)
        return self.build_defs_of(state)

    def build_defs_of(self, state: IkigaiAppState) -> dg.Definitions:
        """Build the definitions of an app. Override it in a subclass to add more.

        Parameters
        ----------
        state : IkigaiAppState
            The app with the selected flows.
        """
        assets = build_ikigai_assets_definitions(
            state,
            workspace=self._account(),
            settings=self.to_settings(),
            flow_settings={name: settings.to_settings() for name, settings in self.flow_settings.items()},
            translator=self.translator,
        )
        return self._definitions(assets, identifier(self.app))
