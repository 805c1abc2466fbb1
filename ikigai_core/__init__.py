"""A Python client for the Ikigai AI platform, made for workflow orchestrators.

Exports are lazy: importing this package loads neither pandas, pyarrow, pydantic nor an HTTP library, and constructing a
client sends nothing.

Examples
--------
>>> from ikigai_core import Ikigai
>>> ikigai = Ikigai(user_email="bob@example.com", api_key="my-ikigai-api-key")
>>> log = ikigai.apps["Example"].flows["Forecast"].run()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ikigai_core._version import __version__

if TYPE_CHECKING:
    from ikigai_core import errors
    from ikigai_core.client import AsyncIkigai, Ikigai
    from ikigai_core.components.app import App, AsyncApp
    from ikigai_core.components.custom_facet import AsyncCustomFacet, CustomFacet, CustomFacetVersion
    from ikigai_core.components.dataset import AsyncDataset, ColumnDataType, Dataset, DatasetLog
    from ikigai_core.components.directory import Directory
    from ikigai_core.components.flow import AsyncFlow, Flow
    from ikigai_core.components.model import AsyncModel, Model, ModelVersion
    from ikigai_core.components.named_mapping import NamedMapping
    from ikigai_core.components.schedule import Schedule
    from ikigai_core.definition.builder import FlowDefinitionBuilder
    from ikigai_core.definition.definition import (
        Arrow,
        Facet,
        FlowDefinition,
        FlowVariable,
    )
    from ikigai_core.definition.document import DefinitionDocument
    from ikigai_core.definition.facet_builder import FacetBuilder
    from ikigai_core.definition.model_facet import ModelFacetBuilder
    from ikigai_core.enums import (
        AppAccessLevel,
        CustomFacetAccessLevel,
        DatasetDataType,
        DatasetDownloadStatus,
        DirectoryType,
        FlowStatus,
    )
    from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun
    from ikigai_core.runs.records import FlowStatusReport, RunLog
    from ikigai_core.specs.facet import FacetType, FacetTypes
    from ikigai_core.specs.model import ModelTypes
    from ikigai_core.transfer.progress import Progress

_HOMES = {
    "App": "ikigai_core.components.app",
    "AppAccessLevel": "ikigai_core.enums",
    "Arrow": "ikigai_core.definition.definition",
    "AsyncApp": "ikigai_core.components.app",
    "AsyncCustomFacet": "ikigai_core.components.custom_facet",
    "AsyncDataset": "ikigai_core.components.dataset",
    "AsyncFlow": "ikigai_core.components.flow",
    "AsyncFlowRun": "ikigai_core.runs.flow_run",
    "AsyncIkigai": "ikigai_core.client",
    "AsyncModel": "ikigai_core.components.model",
    "ColumnDataType": "ikigai_core.components.dataset",
    "CustomFacet": "ikigai_core.components.custom_facet",
    "CustomFacetAccessLevel": "ikigai_core.enums",
    "CustomFacetVersion": "ikigai_core.components.custom_facet",
    "Dataset": "ikigai_core.components.dataset",
    "DatasetDataType": "ikigai_core.enums",
    "DatasetDownloadStatus": "ikigai_core.enums",
    "DatasetLog": "ikigai_core.components.dataset",
    "DefinitionDocument": "ikigai_core.definition.document",
    "Directory": "ikigai_core.components.directory",
    "DirectoryType": "ikigai_core.enums",
    "Facet": "ikigai_core.definition.definition",
    "FacetBuilder": "ikigai_core.definition.facet_builder",
    "FacetType": "ikigai_core.specs.facet",
    "FacetTypes": "ikigai_core.specs.facet",
    "Flow": "ikigai_core.components.flow",
    "FlowDefinition": "ikigai_core.definition.definition",
    "FlowDefinitionBuilder": "ikigai_core.definition.builder",
    "FlowRun": "ikigai_core.runs.flow_run",
    "FlowStatus": "ikigai_core.enums",
    "FlowStatusReport": "ikigai_core.runs.records",
    "FlowVariable": "ikigai_core.definition.definition",
    "Ikigai": "ikigai_core.client",
    "Model": "ikigai_core.components.model",
    "ModelFacetBuilder": "ikigai_core.definition.model_facet",
    "ModelTypes": "ikigai_core.specs.model",
    "ModelVersion": "ikigai_core.components.model",
    "NamedMapping": "ikigai_core.components.named_mapping",
    "Progress": "ikigai_core.transfer.progress",
    "RunLog": "ikigai_core.runs.records",
    "Schedule": "ikigai_core.components.schedule",
    "errors": "ikigai_core.errors",
}

__all__ = [
    "App",
    "AppAccessLevel",
    "Arrow",
    "AsyncApp",
    "AsyncCustomFacet",
    "AsyncDataset",
    "AsyncFlow",
    "AsyncFlowRun",
    "AsyncIkigai",
    "AsyncModel",
    "ColumnDataType",
    "CustomFacet",
    "CustomFacetAccessLevel",
    "CustomFacetVersion",
    "Dataset",
    "DatasetDataType",
    "DatasetDownloadStatus",
    "DatasetLog",
    "DefinitionDocument",
    "Directory",
    "DirectoryType",
    "Facet",
    "FacetBuilder",
    "FacetType",
    "FacetTypes",
    "Flow",
    "FlowDefinition",
    "FlowDefinitionBuilder",
    "FlowRun",
    "FlowStatus",
    "FlowStatusReport",
    "FlowVariable",
    "Ikigai",
    "Model",
    "ModelFacetBuilder",
    "ModelTypes",
    "ModelVersion",
    "NamedMapping",
    "Progress",
    "RunLog",
    "Schedule",
    "__version__",
    "errors",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = home if name == "errors" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
