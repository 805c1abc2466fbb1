"""Reports to OpenLineage the datasets that a task read and wrote, with their columns and sizes.

Nothing here is needed if the extra ``openlineage`` is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.naming import app_uri

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from ikigai_core.orchestration import DatasetProfile


def is_wanted() -> bool:
    """Return True if OpenLineage is installed and configured to send events."""
    try:
        from airflow.providers.openlineage import conf
    except ImportError:
        return False
    return not conf.is_disabled()


@dataclass(frozen=True)
class Named:
    """A component of which only the name is known: a flow, a model, or a dataset that does not exist (any more).

    Attributes
    ----------
    name : str
        Within its app, such as ``models/arrival delay``; a dataset's has no ``datasets/`` before it.
    change : {"CREATE", "ALTER", "DROP", ""}
        What the task did to it; empty for nothing.
    """

    name: str
    change: str = ""

    @classmethod
    def ensured(cls, name: str, changes: Sequence[str]) -> Named:
        """A component that a task created or updated."""
        return cls(name, "CREATE" if "created" in changes else "ALTER" if changes else "")


@dataclass
class Lineage:
    """The datasets that a task has read and written so far.

    Attributes
    ----------
    app : str
        Name of the app that all of them are in.
    inputs, outputs : list of DatasetProfile or Named
    run : mapping
        What is known of the flow's run, for the run facet ``externalQuery``; empty if none ran.
    """

    app: str = ""
    inputs: Sequence[DatasetProfile | Named] = ()
    outputs: Sequence[DatasetProfile | Named] = ()
    run: Mapping[str, Any] = field(default_factory=dict)

    def to_openlineage(self) -> OperatorLineage[Any, Any]:
        """The same as OpenLineage datasets."""
        from airflow.providers.common.compat.openlineage.facet import Dataset, OutputDataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        namespace = app_uri(self.app)
        return OperatorLineage(
            inputs=[Dataset(namespace, profile.name, facets=_facets(profile)) for profile in self.inputs],
            outputs=[
                OutputDataset(namespace, profile.name, facets=_facets(profile), outputFacets=_statistics(profile))
                for profile in self.outputs
            ],
            run_facets=_run_facets(self.run),
        )


def _statistics(profile: DatasetProfile | Named) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import OutputStatisticsOutputDatasetFacet

    if isinstance(profile, Named):
        return {}
    return {"outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=profile.row_count, size=profile.size)}


def _facets(profile: DatasetProfile | Named) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import (
        LifecycleStateChange,
        LifecycleStateChangeDatasetFacet,
        SchemaDatasetFacet,
        SchemaDatasetFacetFields,
    )

    if isinstance(profile, Named):
        if not profile.change:
            return {}
        change = LifecycleStateChange[profile.change]
        return {"lifecycleStateChange": LifecycleStateChangeDatasetFacet(lifecycleStateChange=change)}
    fields = [SchemaDatasetFacetFields(name=name, type=kind) for name, kind in profile.columns.items()]
    return {"schema": SchemaDatasetFacet(fields=fields)}


def _run_facets(run: Mapping[str, Any]) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import ExternalQueryRunFacet

    if not run.get("log_id"):
        return {}
    return {"externalQuery": ExternalQueryRunFacet(externalQueryId=str(run["log_id"]), source="ikigai")}
