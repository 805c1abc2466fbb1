"""Ikigai flows and datasets as Dagster assets.

Exports are lazy: every ``dg`` command imports this package to look for component types, so importing it must be cheap
and must never fail.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dagster_ikigai._version import __version__

if TYPE_CHECKING:
    from dagster_ikigai.assets.app_assets import build_ikigai_assets_definitions, load_ikigai_asset_specs
    from dagster_ikigai.assets.check_settings import CheckSettings
    from dagster_ikigai.assets.checks import build_ikigai_asset_checks
    from dagster_ikigai.assets.dataset_assets import build_ikigai_dataset_asset
    from dagster_ikigai.assets.flow_assets import build_ikigai_flow_assets, ikigai_assets
    from dagster_ikigai.assets.io_manager import IkigaiIOManager
    from dagster_ikigai.assets.translator import (
        DagsterIkigaiTranslator,
        IkigaiDatasetProps,
        IkigaiFlowProps,
        IkigaiModelProps,
        IkigaiProps,
    )
    from dagster_ikigai.components.app_component import IkigaiAppComponent
    from dagster_ikigai.components.flow_component import IkigaiFlowComponent
    from dagster_ikigai.connection import IkigaiWorkspace
    from dagster_ikigai.flows.app_flow import IkigaiAppFlow
    from dagster_ikigai.flows.app_state import IkigaiAppState
    from dagster_ikigai.flows.written_flow import IkigaiFlow
    from dagster_ikigai.ops import (
        ApplyAppConfig,
        RunIkigaiFlowConfig,
        UploadDatasetConfig,
        apply_ikigai_app_op,
        build_apply_ikigai_app_op,
        build_run_ikigai_flow_op,
        build_upload_dataset_op,
        run_ikigai_flow_op,
        upload_dataset_op,
    )
    from dagster_ikigai.runs.settings import FlowSettings
    from dagster_ikigai.sensors.run_sensors import IkigaiRunFailure, build_ikigai_run_sensor, ikigai_run_failure_sensor

_HOMES = {
    "CheckSettings": "dagster_ikigai.assets.check_settings",
    "DagsterIkigaiTranslator": "dagster_ikigai.assets.translator",
    "FlowSettings": "dagster_ikigai.runs.settings",
    "IkigaiAppComponent": "dagster_ikigai.components.app_component",
    "IkigaiAppFlow": "dagster_ikigai.flows.app_flow",
    "IkigaiAppState": "dagster_ikigai.flows.app_state",
    "IkigaiDatasetProps": "dagster_ikigai.assets.translator",
    "IkigaiFlow": "dagster_ikigai.flows.written_flow",
    "IkigaiFlowComponent": "dagster_ikigai.components.flow_component",
    "IkigaiFlowProps": "dagster_ikigai.assets.translator",
    "IkigaiIOManager": "dagster_ikigai.assets.io_manager",
    "IkigaiModelProps": "dagster_ikigai.assets.translator",
    "IkigaiProps": "dagster_ikigai.assets.translator",
    "IkigaiRunFailure": "dagster_ikigai.sensors.run_sensors",
    "IkigaiWorkspace": "dagster_ikigai.connection",
    "RunIkigaiFlowConfig": "dagster_ikigai.ops",
    "ApplyAppConfig": "dagster_ikigai.ops",
    "apply_ikigai_app_op": "dagster_ikigai.ops",
    "build_apply_ikigai_app_op": "dagster_ikigai.ops",
    "UploadDatasetConfig": "dagster_ikigai.ops",
    "build_ikigai_asset_checks": "dagster_ikigai.assets.checks",
    "build_ikigai_assets_definitions": "dagster_ikigai.assets.app_assets",
    "build_ikigai_dataset_asset": "dagster_ikigai.assets.dataset_assets",
    "build_ikigai_flow_assets": "dagster_ikigai.assets.flow_assets",
    "build_ikigai_run_sensor": "dagster_ikigai.sensors.run_sensors",
    "build_run_ikigai_flow_op": "dagster_ikigai.ops",
    "build_upload_dataset_op": "dagster_ikigai.ops",
    "ikigai_assets": "dagster_ikigai.assets.flow_assets",
    "ikigai_run_failure_sensor": "dagster_ikigai.sensors.run_sensors",
    "load_ikigai_asset_specs": "dagster_ikigai.assets.app_assets",
    "run_ikigai_flow_op": "dagster_ikigai.ops",
    "upload_dataset_op": "dagster_ikigai.ops",
}

__all__ = [
    "ApplyAppConfig",
    "CheckSettings",
    "DagsterIkigaiTranslator",
    "FlowSettings",
    "IkigaiAppComponent",
    "IkigaiAppFlow",
    "IkigaiAppState",
    "IkigaiDatasetProps",
    "IkigaiFlow",
    "IkigaiFlowComponent",
    "IkigaiFlowProps",
    "IkigaiIOManager",
    "IkigaiModelProps",
    "IkigaiProps",
    "IkigaiRunFailure",
    "IkigaiWorkspace",
    "RunIkigaiFlowConfig",
    "UploadDatasetConfig",
    "__version__",
    "apply_ikigai_app_op",
    "build_apply_ikigai_app_op",
    "build_ikigai_asset_checks",
    "build_ikigai_assets_definitions",
    "build_ikigai_dataset_asset",
    "build_ikigai_flow_assets",
    "build_ikigai_run_sensor",
    "build_run_ikigai_flow_op",
    "build_upload_dataset_op",
    "ikigai_assets",
    "ikigai_run_failure_sensor",
    "load_ikigai_asset_specs",
    "run_ikigai_flow_op",
    "upload_dataset_op",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
