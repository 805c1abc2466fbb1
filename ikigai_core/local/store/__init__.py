"""Persistent state of the platform, except the data files."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ikigai_core.local.store.apps import App
from ikigai_core.local.store.components import Components
from ikigai_core.local.store.custom_facets import CustomFacet, CustomFacetVersion
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.datasets import Dataset, DatasetLog, DatasetSizes
from ikigai_core.local.store.directories import Directories
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.grants import Grants
from ikigai_core.local.store.models import Model, ModelVersion
from ikigai_core.local.store.overview import Overview
from ikigai_core.local.store.runs import Runs
from ikigai_core.local.store.uploads import Uploads

_BY_APP = ("app_id", "name")


class Store:
    """The platform's records, with one attribute per kind.

    Parameters
    ----------
    path : Path
        The SQLite file; created if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.apps: Components[App] = Components(self._database, "apps", App, "App", index=("name",))
        self.app_grants = Grants(self._database, "app_grants", "app")
        self.directories = Directories(self._database)
        self.datasets: Components[Dataset] = Components(self._database, "datasets", Dataset, "Dataset", index=_BY_APP)
        self.dataset_log = DatasetLog(self._database)
        self.dataset_sizes = DatasetSizes(self._database)
        self.uploads = Uploads(self._database)
        self.flows: Components[Flow] = Components(self._database, "flows", Flow, "Flow", index=_BY_APP)
        self.runs = Runs(self._database)
        self.models: Components[Model] = Components(self._database, "models", Model, "Model", index=_BY_APP)
        self.model_versions: Components[ModelVersion] = Components(
            self._database, "model_versions", ModelVersion, "Model version", index=("model_id",)
        )
        self.custom_facets: Components[CustomFacet] = Components(
            self._database, "custom_facets", CustomFacet, "Custom facet", index=("name",)
        )
        self.custom_facet_versions: Components[CustomFacetVersion] = Components(
            self._database,
            "custom_facet_versions",
            CustomFacetVersion,
            "Version of this custom facet",
            index=("custom_facet_id",),
        )
        self.custom_facet_grants = Grants(self._database, "custom_facet_grants", "custom facet")
        self.overview = Overview(self._database)

    def transaction(self) -> AbstractContextManager[Any]:
        """Apply the changes inside as one transaction."""
        return self._database.transaction()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def delete_dataset(self, dataset_id: str) -> None:
        """Delete a dataset, its log and its uploads."""
        with self.transaction():
            self.datasets.remove(dataset_id=dataset_id)
            self.dataset_log.remove(dataset_id)
            self.dataset_sizes.remove(dataset_id)
            self.uploads.remove(dataset_id)

    def delete_flow(self, flow_id: str) -> None:
        """Delete a flow and its runs."""
        with self.transaction():
            self.flows.remove(flow_id=flow_id)
            self.runs.remove(flow_id)

    def delete_model(self, model_id: str) -> None:
        """Delete a model and its versions."""
        with self.transaction():
            self.models.remove(model_id=model_id)
            self.model_versions.remove(model_id=model_id)

    def delete_custom_facet(self, custom_facet_id: str) -> None:
        """Delete a custom facet, its versions and its grants."""
        with self.transaction():
            self.custom_facets.remove(custom_facet_id=custom_facet_id)
            self.custom_facet_versions.remove(custom_facet_id=custom_facet_id)
            self.custom_facet_grants.remove(custom_facet_id)

    def delete_app(self, app_id: str) -> None:
        """Delete an app and everything in it."""
        with self.transaction():
            for dataset in self.datasets.all(app_id=app_id):
                self.delete_dataset(dataset.dataset_id)
            for flow in self.flows.all(app_id=app_id):
                self.delete_flow(flow.flow_id)
            for model in self.models.all(app_id=app_id):
                self.delete_model(model.model_id)
            self.directories.remove(app_id=app_id)
            self.app_grants.remove(app_id)
            self.apps.remove(app_id=app_id)
