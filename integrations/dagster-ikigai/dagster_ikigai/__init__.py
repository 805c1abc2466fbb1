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
    from dagster_ikigai.assets import build_ikigai_dataset_asset, build_ikigai_flow_assets, ikigai_assets
    from dagster_ikigai.component import IkigaiFlowComponent
    from dagster_ikigai.flow import IkigaiFlow
    from dagster_ikigai.resources import IkigaiWorkspace
    from dagster_ikigai.settings import FlowSettings
    from dagster_ikigai.translator import (
        DagsterIkigaiTranslator,
        IkigaiDatasetProps,
        IkigaiFlowProps,
        IkigaiModelProps,
        IkigaiProps,
    )

_HOMES = {
    "DagsterIkigaiTranslator": "dagster_ikigai.translator",
    "FlowSettings": "dagster_ikigai.settings",
    "IkigaiAppComponent": "dagster_ikigai.app_component",
    "IkigaiAppFlow": "dagster_ikigai.app_flow",
    "IkigaiAppState": "dagster_ikigai.app_state",
    "IkigaiDatasetProps": "dagster_ikigai.translator",
    "IkigaiFlow": "dagster_ikigai.flow",
    "IkigaiFlowComponent": "dagster_ikigai.component",
    "IkigaiFlowProps": "dagster_ikigai.translator",
    "IkigaiModelProps": "dagster_ikigai.translator",
    "IkigaiProps": "dagster_ikigai.translator",
    "IkigaiWorkspace": "dagster_ikigai.resources",
    "build_ikigai_assets_definitions": "dagster_ikigai.app_assets",
    "build_ikigai_dataset_asset": "dagster_ikigai.assets",
    "build_ikigai_flow_assets": "dagster_ikigai.assets",
    "ikigai_assets": "dagster_ikigai.assets",
    "load_ikigai_asset_specs": "dagster_ikigai.app_assets",
}

__all__ = [
    "DagsterIkigaiTranslator",
    "FlowSettings",
    "IkigaiAppComponent",
    "IkigaiAppFlow",
    "IkigaiAppState",
    "IkigaiDatasetProps",
    "IkigaiFlow",
    "IkigaiFlowComponent",
    "IkigaiFlowProps",
    "IkigaiModelProps",
    "IkigaiProps",
    "IkigaiWorkspace",
    "__version__",
    "build_ikigai_assets_definitions",
    "build_ikigai_dataset_asset",
    "build_ikigai_flow_assets",
    "ikigai_assets",
    "load_ikigai_asset_specs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
