"""What tasks return about components: the same plain values in every orchestrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core.components.dataset_record import DatasetRecord
    from ikigai_core.components.flow_record import FlowRecord
    from ikigai_core.components.model import ModelRecord, ModelVersionRecord
    from ikigai_core.orchestration.metric_gates import GateResult, MetricGates

_KINDS = ("dataset", "flow", "model")


def component_result(component: DatasetRecord | FlowRecord | ModelRecord) -> dict[str, Any]:
    """Id of the app, and id and name of a component: for a flow ``app_id``, ``flow_id`` and ``flow``."""
    kind = next(kind for kind in _KINDS if hasattr(component, f"{kind}_id"))
    return {"app_id": component.app_id, f"{kind}_id": getattr(component, f"{kind}_id"), kind: component.name}


def ensured_result(component: DatasetRecord | FlowRecord | ModelRecord) -> dict[str, Any]:
    """The same with ``changes``, the list of what was changed."""
    return {**component_result(component), "changes": list(component.changes)}


@dataclass(frozen=True)
class ModelCheck:
    """A version of a model, checked against gates.

    Attributes
    ----------
    model : Model or AsyncModel
    version : ModelVersion or AsyncModelVersion
    results : sequence of GateResult
        In the order of the gates.
    """

    model: ModelRecord
    version: ModelVersionRecord
    results: Sequence[GateResult]

    @classmethod
    def of(cls, model: ModelRecord, version: ModelVersionRecord, gates: MetricGates) -> ModelCheck:
        """Check a version. Sends nothing."""
        return cls(model, version, gates.check(version.metrics))

    @property
    def is_passed(self) -> bool:
        """Whether each metric is within its bounds."""
        return all(result.is_passed for result in self.results)

    @property
    def message(self) -> str:
        """The metrics that miss their bounds, or all of them if none does, with their values."""
        told = [result for result in self.results if self.is_passed or not result.is_passed]
        sentences = "; ".join(str(result).rstrip(".") for result in told)
        end = "" if sentences.endswith("?") else "."
        return f"Version {self.version.version} of model {self.model.name!r}: {sentences}{end}"

    def to_dict(self) -> dict[str, Any]:
        """What a task returns: the model, ``version``, ``version_id`` and ``metrics``, each checked metric's value."""
        return {
            **component_result(self.model),
            "version": self.version.version,
            "version_id": self.version.version_id,
            "metrics": {result.metric: result.value for result in self.results},
        }
