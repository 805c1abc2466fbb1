"""The directories of an app: of its datasets, its flows and its models."""

from __future__ import annotations

from typing import ClassVar

from ikigai_core.catalog.kinds import Kind, datasets_of, flows_of, models_of
from ikigai_core.components.dataset import AsyncDataset, Dataset
from ikigai_core.components.directory import AsyncDirectoryBuilder, DirectoryBuilder, DirectoryInApp, contents
from ikigai_core.components.flow import AsyncFlow, Flow
from ikigai_core.components.model import AsyncModel, Model
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure
from ikigai_core.sync_async import AsyncFace, SyncFace, operation


class _OfDatasets(DirectoryInApp):
    holds: ClassVar[DirectoryType] = DirectoryType.DATASET

    @property
    def _kind(self) -> Kind:
        return datasets_of(self.app_id, self.app_id)


class DatasetDirectory(_OfDatasets, SyncFace):
    """A directory of datasets."""

    @operation
    def datasets(self) -> Procedure[NamedMapping[Dataset]]:
        """List the datasets in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, Dataset))


class AsyncDatasetDirectory(_OfDatasets, AsyncFace):
    """A directory of datasets; its operations are awaited."""

    @operation
    def datasets(self) -> Procedure[NamedMapping[AsyncDataset]]:
        """List the datasets in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, AsyncDataset))


class _OfFlows(DirectoryInApp):
    holds: ClassVar[DirectoryType] = DirectoryType.FLOW

    @property
    def _kind(self) -> Kind:
        return flows_of(self.app_id, self.app_id)


class FlowDirectory(_OfFlows, SyncFace):
    """A directory of flows."""

    @operation
    def flows(self) -> Procedure[NamedMapping[Flow]]:
        """List the flows in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, Flow))


class AsyncFlowDirectory(_OfFlows, AsyncFace):
    """A directory of flows; its operations are awaited."""

    @operation
    def flows(self) -> Procedure[NamedMapping[AsyncFlow]]:
        """List the flows in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, AsyncFlow))


class _OfModels(DirectoryInApp):
    holds: ClassVar[DirectoryType] = DirectoryType.MODEL

    @property
    def _kind(self) -> Kind:
        return models_of(self.app_id, self.app_id)


class ModelDirectory(_OfModels, SyncFace):
    """A directory of models."""

    @operation
    def models(self) -> Procedure[NamedMapping[Model]]:
        """List the models in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, Model))


class AsyncModelDirectory(_OfModels, AsyncFace):
    """A directory of models; its operations are awaited."""

    @operation
    def models(self) -> Procedure[NamedMapping[AsyncModel]]:
        """List the models in the directory, as a mapping by name."""
        return (yield from contents(self, self._kind, AsyncModel))


DatasetDirectoryBuilder = DirectoryBuilder[DatasetDirectory]
FlowDirectoryBuilder = DirectoryBuilder[FlowDirectory]
ModelDirectoryBuilder = DirectoryBuilder[ModelDirectory]
AsyncDatasetDirectoryBuilder = AsyncDirectoryBuilder[AsyncDatasetDirectory]
AsyncFlowDirectoryBuilder = AsyncDirectoryBuilder[AsyncFlowDirectory]
AsyncModelDirectoryBuilder = AsyncDirectoryBuilder[AsyncModelDirectory]
