"""Common code of all adapters for workflow orchestrators. ``docs/orchestration.md`` shows how to write an adapter.

An orchestrator repeats a task after its process died. The core then follows the run that the earlier attempt started,
if the adapter provides a `RunStore`, which is storage that survives the process. If the orchestrator has locks, the
adapter also provides a `StartLease`. This package contains everything else: the fields of a connection, one deadline,
the log of a run's progress, the report of its outcome, profiles of datasets, and gates for models.

Exports are lazy: importing this package loads neither pandas, pyarrow, pydantic nor an HTTP library. No module in it
depends on an orchestrator.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core.orchestration.connection import ConnectionFields
    from ikigai_core.orchestration.connection_checks import UnusableFieldError
    from ikigai_core.orchestration.data_profile import DataProfile
    from ikigai_core.orchestration.dataset_profile import DatasetProfile, profile_dataset
    from ikigai_core.orchestration.deadline import Deadline
    from ikigai_core.orchestration.definitions import Definition, LoadedDefinition
    from ikigai_core.orchestration.ensuring import ensure_app, ensure_dataset, ensure_flow, ensure_model
    from ikigai_core.orchestration.finding import (
        AnyApp,
        AnyClient,
        AnyDataset,
        AnyFlow,
        AnyModel,
        find_app,
        find_dataset,
        find_flow,
        find_model,
        find_model_version,
    )
    from ikigai_core.orchestration.metric_gates import GateResult, MetricGate, MetricGates, flat_metrics
    from ikigai_core.orchestration.naming import distinct_slugs, shortened, slug
    from ikigai_core.orchestration.outputs import WrittenOutputs, written_outputs
    from ikigai_core.orchestration.progress_log import Logger, ProgressLog
    from ikigai_core.orchestration.results import ModelCheck, component_result, ensured_result
    from ikigai_core.orchestration.run_report import RunReport
    from ikigai_core.orchestration.run_store import RunStore, SupersededError
    from ikigai_core.runs.lease import StartLease
    from ikigai_core.runs.start_options import Isolation, OnBusy, OnDoubt, StartOptions

_HOMES = {
    "AnyApp": "ikigai_core.orchestration.finding",
    "AnyClient": "ikigai_core.orchestration.finding",
    "AnyDataset": "ikigai_core.orchestration.finding",
    "AnyFlow": "ikigai_core.orchestration.finding",
    "AnyModel": "ikigai_core.orchestration.finding",
    "ConnectionFields": "ikigai_core.orchestration.connection",
    "DataProfile": "ikigai_core.orchestration.data_profile",
    "DatasetProfile": "ikigai_core.orchestration.dataset_profile",
    "Deadline": "ikigai_core.orchestration.deadline",
    "Definition": "ikigai_core.orchestration.definitions",
    "GateResult": "ikigai_core.orchestration.metric_gates",
    "Isolation": "ikigai_core.runs.start_options",
    "LoadedDefinition": "ikigai_core.orchestration.definitions",
    "Logger": "ikigai_core.orchestration.progress_log",
    "MetricGate": "ikigai_core.orchestration.metric_gates",
    "MetricGates": "ikigai_core.orchestration.metric_gates",
    "ModelCheck": "ikigai_core.orchestration.results",
    "OnBusy": "ikigai_core.runs.start_options",
    "OnDoubt": "ikigai_core.runs.start_options",
    "ProgressLog": "ikigai_core.orchestration.progress_log",
    "RunReport": "ikigai_core.orchestration.run_report",
    "RunStore": "ikigai_core.orchestration.run_store",
    "StartLease": "ikigai_core.runs.lease",
    "StartOptions": "ikigai_core.runs.start_options",
    "SupersededError": "ikigai_core.orchestration.run_store",
    "UnusableFieldError": "ikigai_core.orchestration.connection_checks",
    "WrittenOutputs": "ikigai_core.orchestration.outputs",
    "component_result": "ikigai_core.orchestration.results",
    "distinct_slugs": "ikigai_core.orchestration.naming",
    "ensure_app": "ikigai_core.orchestration.ensuring",
    "ensure_dataset": "ikigai_core.orchestration.ensuring",
    "ensure_flow": "ikigai_core.orchestration.ensuring",
    "ensure_model": "ikigai_core.orchestration.ensuring",
    "ensured_result": "ikigai_core.orchestration.results",
    "find_app": "ikigai_core.orchestration.finding",
    "find_dataset": "ikigai_core.orchestration.finding",
    "find_flow": "ikigai_core.orchestration.finding",
    "find_model": "ikigai_core.orchestration.finding",
    "find_model_version": "ikigai_core.orchestration.finding",
    "flat_metrics": "ikigai_core.orchestration.metric_gates",
    "profile_dataset": "ikigai_core.orchestration.dataset_profile",
    "shortened": "ikigai_core.orchestration.naming",
    "slug": "ikigai_core.orchestration.naming",
    "written_outputs": "ikigai_core.orchestration.outputs",
}

__all__ = [
    "AnyApp",
    "AnyClient",
    "AnyDataset",
    "AnyFlow",
    "AnyModel",
    "ConnectionFields",
    "DataProfile",
    "DatasetProfile",
    "Deadline",
    "Definition",
    "GateResult",
    "Isolation",
    "LoadedDefinition",
    "Logger",
    "MetricGate",
    "MetricGates",
    "ModelCheck",
    "OnBusy",
    "OnDoubt",
    "ProgressLog",
    "RunReport",
    "RunStore",
    "StartLease",
    "StartOptions",
    "SupersededError",
    "UnusableFieldError",
    "WrittenOutputs",
    "component_result",
    "distinct_slugs",
    "ensure_app",
    "ensure_dataset",
    "ensure_flow",
    "ensure_model",
    "ensured_result",
    "find_app",
    "find_dataset",
    "find_flow",
    "find_model",
    "find_model_version",
    "flat_metrics",
    "profile_dataset",
    "shortened",
    "slug",
    "written_outputs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
