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
    from ikigai_core.app_documents.documents import AppDocument
    from ikigai_core.app_documents.plan import AppPlan
    from ikigai_core.async_client import AsyncIkigai
    from ikigai_core.client import Ikigai
    from ikigai_core.components.app import App, AsyncApp
    from ikigai_core.components.app_builder import AppBuilder, AsyncAppBuilder
    from ikigai_core.components.app_directory import (
        AppDirectory,
        AppDirectoryBuilder,
        AsyncAppDirectory,
    )
    from ikigai_core.components.browsers import (
        AppBrowser,
        CustomFacetBrowser,
        DatasetBrowser,
        FlowBrowser,
        ModelBrowser,
    )
    from ikigai_core.components.custom_facet import AsyncCustomFacet, CustomFacet, CustomFacetVersion
    from ikigai_core.components.custom_facet_builder import AsyncCustomFacetBuilder, CustomFacetBuilder
    from ikigai_core.components.dataset import AsyncDataset, ColumnDataType, Dataset, DatasetLog
    from ikigai_core.components.dataset_builder import AsyncDatasetBuilder, DatasetBuilder
    from ikigai_core.components.directories import (
        AsyncDatasetDirectory,
        AsyncFlowDirectory,
        AsyncModelDirectory,
        DatasetDirectory,
        DatasetDirectoryBuilder,
        FlowDirectory,
        FlowDirectoryBuilder,
        ModelDirectory,
        ModelDirectoryBuilder,
    )
    from ikigai_core.components.directory import Directory
    from ikigai_core.components.flow import AsyncFlow, Flow
    from ikigai_core.components.flow_builder import AsyncFlowBuilder, FlowBuilder
    from ikigai_core.components.model import (
        AsyncModel,
        AsyncModelBuilder,
        AsyncModelVersion,
        Model,
        ModelBuilder,
        ModelVersion,
    )
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
    from ikigai_core.run_records import FlowStatusReport, RunLog
    from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun
    from ikigai_core.runs.watch import RunOutcome
    from ikigai_core.specs.facet import FacetType, FacetTypes
    from ikigai_core.specs.model import ModelTypes
    from ikigai_core.transfer.progress import Progress

_HOMES = {
    "AppDocument": "ikigai_core.app_documents.documents",
    "AppPlan": "ikigai_core.app_documents.plan",
    "App": "ikigai_core.components.app",
    "AppAccessLevel": "ikigai_core.enums",
    "AppBrowser": "ikigai_core.components.browsers",
    "AppBuilder": "ikigai_core.components.app_builder",
    "AppDirectory": "ikigai_core.components.app_directory",
    "AppDirectoryBuilder": "ikigai_core.components.app_directory",
    "Arrow": "ikigai_core.definition.definition",
    "AsyncApp": "ikigai_core.components.app",
    "AsyncAppBuilder": "ikigai_core.components.app_builder",
    "AsyncAppDirectory": "ikigai_core.components.app_directory",
    "AsyncCustomFacet": "ikigai_core.components.custom_facet",
    "AsyncCustomFacetBuilder": "ikigai_core.components.custom_facet_builder",
    "AsyncDataset": "ikigai_core.components.dataset",
    "AsyncDatasetBuilder": "ikigai_core.components.dataset_builder",
    "AsyncDatasetDirectory": "ikigai_core.components.directories",
    "AsyncFlow": "ikigai_core.components.flow",
    "AsyncFlowBuilder": "ikigai_core.components.flow_builder",
    "AsyncFlowDirectory": "ikigai_core.components.directories",
    "AsyncFlowRun": "ikigai_core.runs.flow_run",
    "AsyncIkigai": "ikigai_core.async_client",
    "AsyncModel": "ikigai_core.components.model",
    "AsyncModelBuilder": "ikigai_core.components.model",
    "AsyncModelDirectory": "ikigai_core.components.directories",
    "AsyncModelVersion": "ikigai_core.components.model",
    "ColumnDataType": "ikigai_core.components.dataset",
    "CustomFacet": "ikigai_core.components.custom_facet",
    "CustomFacetAccessLevel": "ikigai_core.enums",
    "CustomFacetBrowser": "ikigai_core.components.browsers",
    "CustomFacetBuilder": "ikigai_core.components.custom_facet_builder",
    "CustomFacetVersion": "ikigai_core.components.custom_facet",
    "Dataset": "ikigai_core.components.dataset",
    "DatasetBrowser": "ikigai_core.components.browsers",
    "DatasetBuilder": "ikigai_core.components.dataset_builder",
    "DatasetDataType": "ikigai_core.enums",
    "DatasetDirectory": "ikigai_core.components.directories",
    "DatasetDirectoryBuilder": "ikigai_core.components.directories",
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
    "FlowBrowser": "ikigai_core.components.browsers",
    "FlowBuilder": "ikigai_core.components.flow_builder",
    "FlowDefinition": "ikigai_core.definition.definition",
    "FlowDefinitionBuilder": "ikigai_core.definition.builder",
    "FlowDirectory": "ikigai_core.components.directories",
    "FlowDirectoryBuilder": "ikigai_core.components.directories",
    "FlowRun": "ikigai_core.runs.flow_run",
    "FlowStatus": "ikigai_core.enums",
    "FlowStatusReport": "ikigai_core.run_records",
    "FlowVariable": "ikigai_core.definition.definition",
    "Ikigai": "ikigai_core.client",
    "Model": "ikigai_core.components.model",
    "ModelBrowser": "ikigai_core.components.browsers",
    "ModelBuilder": "ikigai_core.components.model",
    "ModelDirectory": "ikigai_core.components.directories",
    "ModelDirectoryBuilder": "ikigai_core.components.directories",
    "ModelFacetBuilder": "ikigai_core.definition.model_facet",
    "ModelTypes": "ikigai_core.specs.model",
    "ModelVersion": "ikigai_core.components.model",
    "NamedMapping": "ikigai_core.components.named_mapping",
    "Progress": "ikigai_core.transfer.progress",
    "RunLog": "ikigai_core.run_records",
    "RunOutcome": "ikigai_core.runs.watch",
    "Schedule": "ikigai_core.components.schedule",
    "errors": "ikigai_core.errors",
}

__all__ = [
    "App",
    "AppAccessLevel",
    "AppBrowser",
    "AppBuilder",
    "AppDirectory",
    "AppDirectoryBuilder",
    "AppDocument",
    "AppPlan",
    "Arrow",
    "AsyncApp",
    "AsyncAppBuilder",
    "AsyncAppDirectory",
    "AsyncCustomFacet",
    "AsyncCustomFacetBuilder",
    "AsyncDataset",
    "AsyncDatasetBuilder",
    "AsyncDatasetDirectory",
    "AsyncFlow",
    "AsyncFlowBuilder",
    "AsyncFlowDirectory",
    "AsyncFlowRun",
    "AsyncIkigai",
    "AsyncModel",
    "AsyncModelBuilder",
    "AsyncModelDirectory",
    "AsyncModelVersion",
    "ColumnDataType",
    "CustomFacet",
    "CustomFacetAccessLevel",
    "CustomFacetBrowser",
    "CustomFacetBuilder",
    "CustomFacetVersion",
    "Dataset",
    "DatasetBrowser",
    "DatasetBuilder",
    "DatasetDataType",
    "DatasetDirectory",
    "DatasetDirectoryBuilder",
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
    "FlowBrowser",
    "FlowBuilder",
    "FlowDefinition",
    "FlowDefinitionBuilder",
    "FlowDirectory",
    "FlowDirectoryBuilder",
    "FlowRun",
    "FlowStatus",
    "FlowStatusReport",
    "FlowVariable",
    "Ikigai",
    "Model",
    "ModelBrowser",
    "ModelBuilder",
    "ModelDirectory",
    "ModelDirectoryBuilder",
    "ModelFacetBuilder",
    "ModelTypes",
    "ModelVersion",
    "NamedMapping",
    "Progress",
    "RunLog",
    "RunOutcome",
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
