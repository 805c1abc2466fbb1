"""Tells OpenLineage which datasets a task read and wrote, with their columns and sizes.

Nothing here is needed if the extra ``openlineage`` is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass
class Lineage:
    """The datasets that a task has read and written so far.

    Attributes
    ----------
    app : str
        Name of the app that all of them are in.
    inputs, outputs : list of DatasetProfile
    run : mapping
        What is known of the flow's run, for the run facet ``externalQuery``; empty if none ran.
    """

    app: str = ""
    inputs: list[DatasetProfile] = field(default_factory=list)
    outputs: list[DatasetProfile] = field(default_factory=list)
    run: Mapping[str, Any] = field(default_factory=dict)

    def to_openlineage(self) -> OperatorLineage[Any, Any]:
        """The same in OpenLineage's words."""
        from airflow.providers.common.compat.openlineage.facet import (
            Dataset,
            OutputDataset,
            OutputStatisticsOutputDatasetFacet,
        )
        from airflow.providers.openlineage.extractors import OperatorLineage

        def statistics(profile: DatasetProfile) -> dict[str, Any]:
            return {
                "outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=profile.row_count, size=profile.size)
            }

        namespace = app_uri(self.app)
        return OperatorLineage(
            inputs=[Dataset(namespace, profile.name, facets=_facets(profile)) for profile in self.inputs],
            outputs=[
                OutputDataset(namespace, profile.name, facets=_facets(profile), outputFacets=statistics(profile))
                for profile in self.outputs
            ],
            run_facets=_run_facets(self.run),
        )


def _facets(profile: DatasetProfile) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import SchemaDatasetFacet, SchemaDatasetFacetFields

    fields = [SchemaDatasetFacetFields(name=name, type=kind) for name, kind in profile.columns.items()]
    return {"schema": SchemaDatasetFacet(fields=fields)}


def _run_facets(run: Mapping[str, Any]) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import ExternalQueryRunFacet

    if not run.get("log_id"):
        return {}
    return {"externalQuery": ExternalQueryRunFacet(externalQueryId=str(run["log_id"]), source="ikigai")}
