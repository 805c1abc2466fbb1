"""The components' YAML settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Annotated, Any, Literal, get_args

import dagster as dg
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import Field

from dagster_ikigai.assets.check_settings import COLUMN_TYPE_NAMES, CheckSettings
from dagster_ikigai.assets.checks import build_ikigai_asset_checks
from dagster_ikigai.assets.translator import DagsterIkigaiTranslator, IkigaiProps
from dagster_ikigai.connection import IkigaiWorkspace, Workspace
from dagster_ikigai.runs.settings import PARTITION_OUTPUT, FlowSettings
from dagster_ikigai.sensors.run_sensors import build_ikigai_run_sensor
from ikigai_core.orchestration import Isolation, OnBusy, OnDoubt

_WITH_START: dict[str, Callable[..., dg.PartitionsDefinition[Any]]] = {
    "hourly": dg.HourlyPartitionsDefinition,
    "daily": dg.DailyPartitionsDefinition,
    "weekly": dg.WeeklyPartitionsDefinition,
    "monthly": dg.MonthlyPartitionsDefinition,
}


def _choices(kind: Any, *, optional: bool = False) -> dict[str, Any]:
    # Dagster lets every field be a template, so that the type alone would take any text.
    return {"enum": [*get_args(kind), *([None] if optional else [])]}


def _values_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"additionalProperties": schema}


_COLUMN_TYPE = {"enum": COLUMN_TYPE_NAMES}
_LIMITS = {
    "properties": {name: {"type": ["number", "string", "null"]} for name in ("min", "max")},
    "additionalProperties": False,
}
PartitionsKind = Literal["hourly", "daily", "weekly", "monthly", "static", "dynamic"]
BackoffKind = Literal["LINEAR", "EXPONENTIAL"]
JitterKind = Literal["FULL", "PLUS_MINUS"]
SensorStatus = Literal["running", "stopped"]


class PartitionsModel(dg.Model, dg.Resolvable):
    """Partitions of a flow's assets."""

    type: PartitionsKind = Field(json_schema_extra=_choices(PartitionsKind))
    start: str | None = Field(default=None, description="First hour, day …, such as 2024-01-31 (by time).")
    timezone: str | None = Field(default=None, description="Such as Europe/Zurich; default UTC (by time).")
    keys: list[str] = Field(default=[], description="The partitions' keys (static).")
    name: str | None = Field(default=None, description="Name under which keys are added (dynamic).")

    def to_definition(self) -> dg.PartitionsDefinition[Any]:
        """The partitions as a Dagster object.

        Raises
        ------
        DagsterInvalidDefinitionError
            A setting is missing. The error names it.
        """
        if self.type == "static":
            return dg.StaticPartitionsDefinition(self._needed("keys", self.keys))
        if self.type == "dynamic":
            return dg.DynamicPartitionsDefinition(name=self._needed("name", self.name))
        options = {} if self.timezone is None else {"timezone": self.timezone}
        return _WITH_START[self.type](start_date=self._needed("start", self.start), **options)

    def _needed(self, name: str, value: Any) -> Any:
        if not value:
            raise dg.DagsterInvalidDefinitionError(f"partitions of type {self.type!r} need {name!r}.")
        return value


class RetryPolicyModel(dg.Model, dg.Resolvable):
    """When a step is retried after a transient error."""

    max_retries: int = Field(default=1, ge=0, description="How often.")
    delay: float | None = Field(default=None, ge=0, description="Seconds before each.")
    backoff: BackoffKind | None = Field(
        default=None, description="How the delay grows.", json_schema_extra=_choices(BackoffKind, optional=True)
    )
    jitter: JitterKind | None = Field(
        default=None, description="How the delay varies.", json_schema_extra=_choices(JitterKind, optional=True)
    )

    def to_policy(self) -> dg.RetryPolicy:
        """The policy as a Dagster object."""
        backoff = dg.Backoff[self.backoff] if self.backoff else None
        jitter = dg.Jitter[self.jitter] if self.jitter else None
        return dg.RetryPolicy(max_retries=self.max_retries, delay=self.delay, backoff=backoff, jitter=jitter)


class FlowSettingsModel(dg.Model, dg.Resolvable):
    """Settings for a flow's runs, in YAML; see `FlowSettings`."""

    variables: dict[str, Any] = Field(default={}, description="Run variables by name.")
    on_busy: OnBusy = Field(
        default="wait",
        description="What to do if the flow is already running.",
        json_schema_extra=_choices(OnBusy),
    )
    isolation: Isolation = Field(
        default="shared",
        description="Whether the flow itself runs, or each run gets a private copy of it.",
        json_schema_extra=_choices(Isolation),
    )
    on_doubt: OnDoubt = Field(
        default="fail",
        description="What to do if it cannot be proven which run is the step's: fail, or accept the most likely run.",
        json_schema_extra=_choices(OnDoubt),
    )
    unique_output: str | None = Field(
        default=None, description="The run variable that names a dataset that no other run writes."
    )
    keep_copies: bool = Field(default=False, description="Whether private copies stay after their run.")
    timeout: float | None = Field(
        default=None, gt=0, description="Seconds for waiting for a busy flow and for the run."
    )
    partitions: PartitionsModel | None = Field(default=None, description="Partitions of the assets.")
    partition_variable: str | dict[str, str] | None = Field(
        default=None, description="The run variable that gets the partition's key; for several dimensions, one by each."
    )
    partition_output: str | None = Field(
        default=PARTITION_OUTPUT,
        description="Name of the dataset that a partition is written to; null: all write the same one.",
    )
    backfill_policy: Literal["multi_run"] | None = Field(
        default=None,
        description="multi_run: a run for each partition, the only policy that a flow can have.",
        json_schema_extra={"enum": ["multi_run", None]},
    )
    retry_policy: RetryPolicyModel | None = Field(default=None, description="When a step is retried.")
    pool: str | None = Field(
        default=None, description="Pool of the steps. Default: one for each flow; none for copies."
    )
    op_tags: dict[str, Any] = Field(default={}, description="Tags of the steps.")
    deps: list[str] = Field(
        default=[],
        description="Keys of further assets upstream of the flow's assets, such as warehouse/orders.",
    )

    def to_settings(self) -> FlowSettings:
        """The settings as a Python object."""
        return FlowSettings(
            variables=self.variables,
            on_busy=self.on_busy,
            isolation=self.isolation,
            on_doubt=self.on_doubt,
            unique_output=self.unique_output,
            keep_copies=self.keep_copies,
            timeout=self.timeout,
            partitions_def=self.partitions.to_definition() if self.partitions else None,
            partition_variable=self.partition_variable,
            partition_output=self.partition_output,
            backfill_policy=dg.BackfillPolicy.multi_run(1) if self.backfill_policy else None,
            retry_policy=self.retry_policy.to_policy() if self.retry_policy else None,
            pool=self.pool,
            op_tags=self.op_tags,
            deps=[dg.AssetKey.from_user_string(key) for key in self.deps],
        )


def _as_in_workspace(name: str) -> Any:
    """The field of `IkigaiWorkspace` with that name: its default, its limits and its description."""
    return copy(IkigaiWorkspace.model_fields[name])


class WorkspaceModel(dg.Model, dg.Resolvable):
    """An account, in YAML; see `IkigaiWorkspace`. The key comes from an environment variable, never from the YAML."""

    user_email: str | None = _as_in_workspace("user_email")
    api_key_variable: str | None = Field(
        default=None, description="Environment variable that has the key. Default: IKIGAI_API_KEY."
    )
    api_key_file: str | None = _as_in_workspace("api_key_file")
    base_url: str | None = _as_in_workspace("base_url")
    web_url: str | None = _as_in_workspace("web_url")
    webserver_base_url: str | None = _as_in_workspace("webserver_base_url")
    proxy: str | None = _as_in_workspace("proxy")
    verify_tls: bool = _as_in_workspace("verify_tls")
    ca_bundle: str | None = _as_in_workspace("ca_bundle")
    client_certificate: str | None = _as_in_workspace("client_certificate")
    client_key: str | None = _as_in_workspace("client_key")
    connect_timeout: float = _as_in_workspace("connect_timeout")
    read_timeout: float = _as_in_workspace("read_timeout")
    call_timeout: float | None = _as_in_workspace("call_timeout")
    processing_timeout: float | None = _as_in_workspace("processing_timeout")
    answer_limit: int | None = _as_in_workspace("answer_limit")
    preview_rows: int = _as_in_workspace("preview_rows")
    profile_limit_mb: float = _as_in_workspace("profile_limit_mb")

    def to_workspace(self) -> IkigaiWorkspace:
        """The workspace as a Python object."""
        given = self.model_dump(exclude={"api_key_variable"})
        variable = self.api_key_variable
        return IkigaiWorkspace(api_key=None if variable is None else dg.EnvVar(variable), **given)


def workspace_from(given: str | WorkspaceModel | None) -> Workspace:
    """The workspace that the YAML names or describes; without one, the account from the environment."""
    if isinstance(given, WorkspaceModel):
        return given.to_workspace()
    return IkigaiWorkspace() if given is None else given


class SensorModel(dg.Model, dg.Resolvable):
    """The sensor of runs from elsewhere, in YAML; see `build_ikigai_run_sensor`."""

    status: SensorStatus = Field(
        default="stopped",
        description="Whether it runs before somebody has switched it on or off.",
        json_schema_extra=_choices(SensorStatus),
    )
    minimum_interval_seconds: int = Field(default=60, gt=0, description="Seconds between two ticks.")


def sensor_of(
    wanted: bool | SensorModel, assets: Sequence[dg.AssetsDefinition], name: str, workspace: Workspace
) -> list[dg.SensorDefinition]:
    """The sensor that the YAML asks for, if any."""
    if wanted is False:
        return []
    settings = wanted if isinstance(wanted, SensorModel) else SensorModel()
    sensor = build_ikigai_run_sensor(
        assets,
        name=name,
        workspace=workspace,
        minimum_interval_seconds=settings.minimum_interval_seconds,
        default_status=dg.DefaultSensorStatus[settings.status.upper()],
    )
    return [sensor]


class CheckSettingsModel(dg.Model, dg.Resolvable):
    """The limits of the checks, in YAML; see `CheckSettings`."""

    min_row_share: float = Field(default=0.5, description="Minimum number of rows, as a share of the previous number.")
    max_null_share: float = Field(default=0.5, description="Maximum share of empty values in a column.")
    columns: dict[str, dict[str, str]] = Field(
        default={}, description="Types by column, by dataset.", json_schema_extra=_values_of(_values_of(_COLUMN_TYPE))
    )
    metric_limits: dict[str, Any] = Field(
        default={},
        description="Bounds of a model's metrics, such as {performance.r2.average_test: {min: 0.8}}.",
        json_schema_extra=_values_of(_LIMITS),
    )
    blocking: bool = Field(default=False, description="Whether a failed check blocks downstream assets.")

    def to_settings(self) -> CheckSettings:
        """The settings as a Python object."""
        return CheckSettings(**self.model_dump())


def checks_of(
    wanted: bool | CheckSettingsModel, assets: Sequence[dg.AssetsDefinition], workspace: Workspace
) -> list[dg.AssetChecksDefinition]:
    """The checks that the YAML asks for, if any."""
    if wanted is False:
        return []
    settings = wanted.to_settings() if isinstance(wanted, CheckSettingsModel) else None
    return build_ikigai_asset_checks(assets, settings=settings, workspace=workspace)


Translation = (
    Annotated[TranslationFn[IkigaiProps], TranslationFnResolver[IkigaiProps](lambda props: {"props": props})] | None
)
"""Changes to the asset specs, for example ``key: "mine/{{ props.name }}"`` or ``group_name: flights``."""


def translator_of(change: Translation) -> DagsterIkigaiTranslator:
    """The default translator with the changes from the YAML."""
    return DagsterIkigaiTranslator() if change is None else _Translated(change)


class _Translated(DagsterIkigaiTranslator):
    def __init__(self, change: TranslationFn[IkigaiProps]) -> None:
        self._change = change

    def get_asset_spec(self, props: IkigaiProps) -> dg.AssetSpec:
        return self._change(super().get_asset_spec(props), props)
