"""What tasks tell OpenLineage: the datasets that they read and wrote, with their columns and sizes.

Nothing here is needed where the extra ``openlineage`` is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_ikigai.assets import SCHEME

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_ikigai.dataset_facts import DatasetFacts


def is_wanted() -> bool:
    """Whether OpenLineage is installed and told where to send its events."""
    try:
        from airflow.providers.openlineage import conf
    except ImportError:
        return False
    return not conf.is_disabled()


@dataclass
class Lineage:
    """What a task has read and written so far.

    Attributes
    ----------
    inputs, outputs : list of DatasetFacts
    run : mapping
        What is known of the flow's run, for the run facet ``ikigai_flowRun``; empty where none ran.
    """

    inputs: list[DatasetFacts] = field(default_factory=list)
    outputs: list[DatasetFacts] = field(default_factory=list)
    run: Mapping[str, Any] = field(default_factory=dict)

    def to_openlineage(self) -> OperatorLineage[Any, Any]:
        """The same in OpenLineage's words."""
        from airflow.providers.common.compat.openlineage.facet import (
            Dataset,
            OutputDataset,
            OutputStatisticsOutputDatasetFacet,
        )
        from airflow.providers.openlineage.extractors import OperatorLineage

        def statistics(facts: DatasetFacts) -> dict[str, Any]:
            return {"outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=facts.rows, size=facts.size)}

        return OperatorLineage(
            inputs=[Dataset(**_identity(facts), facets=_facets(facts)) for facts in self.inputs],
            outputs=[
                OutputDataset(**_identity(facts), facets=_facets(facts), outputFacets=statistics(facts))
                for facts in self.outputs
            ],
            run_facets=_run_facets(self.run),
        )


def _identity(facts: DatasetFacts) -> dict[str, str]:
    return {"namespace": f"{SCHEME}://{quote(facts.app, safe='')}", "name": facts.name}


def _facets(facts: DatasetFacts) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import SchemaDatasetFacet, SchemaDatasetFacetFields

    fields = [SchemaDatasetFacetFields(name=name, type=kind) for name, kind in facts.columns.items()]
    return {"schema": SchemaDatasetFacet(fields=fields)}


def _run_facets(run: Mapping[str, Any]) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import ExternalQueryRunFacet

    if not run.get("log_id"):
        return {}
    return {"externalQuery": ExternalQueryRunFacet(externalQueryId=str(run["log_id"]), source="ikigai")}
