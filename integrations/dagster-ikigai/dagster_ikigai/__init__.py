"""Ikigai flows and datasets as Dagster assets.

Exports are lazy: every ``dg`` command imports this package to look for component types, so importing it must be cheap
and must never fail.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dagster_ikigai._version import __version__

if TYPE_CHECKING:
    from dagster_ikigai.app_assets import build_ikigai_assets_definitions, load_ikigai_asset_specs
    from dagster_ikigai.app_component import IkigaiAppComponent
    from dagster_ikigai.app_flow import IkigaiAppFlow
    from dagster_ikigai.app_state import IkigaiAppState
    from dagster_ikigai.assets import build_ikigai_flow_assets, ikigai_assets
    from dagster_ikigai.checks import CheckSettings, build_ikigai_asset_checks
    from dagster_ikigai.component import IkigaiFlowComponent
    from dagster_ikigai.dataset_assets import build_ikigai_dataset_asset
    from dagster_ikigai.flow import IkigaiFlow
    from dagster_ikigai.io_manager import IkigaiIOManager
    from dagster_ikigai.ops import RunIkigaiFlowConfig, UploadDatasetConfig, run_ikigai_flow_op, upload_dataset_op
    from dagster_ikigai.resources import IkigaiWorkspace
    from dagster_ikigai.sensors import IkigaiRunFailure, build_ikigai_run_sensor, ikigai_run_failure_sensor
    from dagster_ikigai.settings import FlowSettings
    from dagster_ikigai.translator import (
        DagsterIkigaiTranslator,
        IkigaiDatasetProps,
        IkigaiFlowProps,
        IkigaiModelProps,
        IkigaiProps,
    )

_HOMES = {
    "CheckSettings": "dagster_ikigai.checks",
    "DagsterIkigaiTranslator": "dagster_ikigai.translator",
    "FlowSettings": "dagster_ikigai.settings",
    "IkigaiAppComponent": "dagster_ikigai.app_component",
    "IkigaiAppFlow": "dagster_ikigai.app_flow",
    "IkigaiAppState": "dagster_ikigai.app_state",
    "IkigaiDatasetProps": "dagster_ikigai.translator",
    "IkigaiFlow": "dagster_ikigai.flow",
    "IkigaiFlowComponent": "dagster_ikigai.component",
    "IkigaiFlowProps": "dagster_ikigai.translator",
    "IkigaiIOManager": "dagster_ikigai.io_manager",
    "IkigaiModelProps": "dagster_ikigai.translator",
    "IkigaiProps": "dagster_ikigai.translator",
    "IkigaiRunFailure": "dagster_ikigai.sensors",
    "IkigaiWorkspace": "dagster_ikigai.resources",
    "RunIkigaiFlowConfig": "dagster_ikigai.ops",
    "UploadDatasetConfig": "dagster_ikigai.ops",
    "build_ikigai_asset_checks": "dagster_ikigai.checks",
    "build_ikigai_assets_definitions": "dagster_ikigai.app_assets",
    "build_ikigai_dataset_asset": "dagster_ikigai.dataset_assets",
    "build_ikigai_flow_assets": "dagster_ikigai.assets",
    "build_ikigai_run_sensor": "dagster_ikigai.sensors",
    "ikigai_assets": "dagster_ikigai.assets",
    "ikigai_run_failure_sensor": "dagster_ikigai.sensors",
    "load_ikigai_asset_specs": "dagster_ikigai.app_assets",
    "run_ikigai_flow_op": "dagster_ikigai.ops",
    "upload_dataset_op": "dagster_ikigai.ops",
}

__all__ = [
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
    "build_ikigai_asset_checks",
    "build_ikigai_assets_definitions",
    "build_ikigai_dataset_asset",
    "build_ikigai_flow_assets",
    "build_ikigai_run_sensor",
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
