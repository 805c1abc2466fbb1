"""Asset checks of flow outputs, from materialization metadata and the platform's upload log."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from dagster_ikigai.assets.check_settings import CheckSettings
from dagster_ikigai.connection import IkigaiWorkspace, Workspace, required_resource, workspace_of
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.metadata import (
    APP,
    COLUMN_SCHEMA,
    DATASET,
    DATASET_ID,
    METRICS,
    MODEL,
    NULL_COUNTS,
    ROW_COUNT,
    metadata_fault,
)
from dagster_ikigai.runs.step_partition import step_partitions
from ikigai_core.orchestration import MetricGates

COLUMN_TYPES, ROWS, NULLS, UPLOAD, MODEL_METRICS = "column_types", "row_count", "nulls", "upload", "metrics"
_HAS_PARTITIONED_CHECKS = "partitions_def" in inspect.signature(dg.AssetCheckSpec.__new__).parameters
_DESCRIPTIONS = {
    COLUMN_TYPES: "The columns and their types match the previous materialization, or the configured types.",
    ROWS: "The number of rows is not zero, and not far below the previous materialization.",
    NULLS: "No column has too many empty values.",
    UPLOAD: "The platform accepted the newest upload.",
    MODEL_METRICS: "The newest version of the model is good enough.",
}


def build_ikigai_asset_checks(
    assets: Iterable[dg.AssetsDefinition | dg.AssetSpec],
    *,
    settings: CheckSettings | None = None,
    workspace: Workspace = "ikigai",
) -> list[dg.AssetChecksDefinition]:
    """Create checks of the datasets and models behind assets. They are one step, after the step of the assets.

    A dataset has ``column_types``, ``row_count``, ``nulls`` and ``upload``; a model has ``metrics`` if limits were
    given. Only ``upload`` sends requests to the platform. A check without data gives a warning, for example if an
    output was too large to be fetched.

    Parameters
    ----------
    assets : iterable of AssetsDefinition or AssetSpec
        Assets of this package. The checks of partitioned assets are partitioned, too. Before Dagster 1.13, whose checks
        have no partitions, such assets are skipped.
    settings : CheckSettings, optional
        The limits of the checks.
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.

    Returns
    -------
    list of AssetChecksDefinition
        One definition for each of `assets` that can be checked.

    Examples
    --------
    >>> build_ikigai_asset_checks([], settings=CheckSettings(metric_limits={"performance.mse": {"max": 9.5}}))
    []
    """
    chosen = settings or CheckSettings()
    groups = [[asset] if isinstance(asset, dg.AssetSpec) else list(asset.specs) for asset in assets]
    named = [[(spec, names) for spec in group if (names := _names(spec, chosen))] for group in groups]
    return [_checks_of(wanted, chosen, workspace) for wanted in named if wanted]


def _names(spec: dg.AssetSpec, settings: CheckSettings) -> list[str]:
    if spec.partitions_def is not None and not _HAS_PARTITIONED_CHECKS:
        return []
    if DATASET in spec.metadata:
        return [COLUMN_TYPES, ROWS, NULLS, UPLOAD]
    return [MODEL_METRICS] if MODEL in spec.metadata and settings.metric_limits else []


def _checks_of(
    wanted: Sequence[tuple[dg.AssetSpec, Sequence[str]]], settings: CheckSettings, workspace: Workspace
) -> dg.AssetChecksDefinition:
    by_key = {spec.key: spec for spec, _ in wanted}
    first, _ = wanted[0]

    @dg.multi_asset_check(
        specs=[_check_spec(name, spec, settings) for spec, names in wanted for name in names],
        name=f"{first.key.to_python_identifier()}__ikigai_checks",
        can_subset=True,
        required_resource_keys=required_resource(workspace),
    )
    def checks(context) -> Iterator[dg.AssetCheckResult]:  # type: ignore[no-untyped-def]
        written: dict[dg.AssetKey, _Written] = {}
        for key in sorted(context.selected_asset_check_keys, key=dg.AssetCheckKey.to_user_string):
            spec = by_key[key.asset_key]
            if spec.key not in written:
                written[spec.key] = _Written.of(context.instance, spec, settings, _partition(context, spec))
            if key.name == UPLOAD:
                yield _upload(workspace_of(context, workspace), spec, written[spec.key]).result(key)
            else:
                yield written[spec.key].outcome(key.name).result(key)

    return checks


def _check_spec(name: str, spec: dg.AssetSpec, settings: CheckSettings) -> dg.AssetCheckSpec:
    options: dict[str, Any] = {} if spec.partitions_def is None else {"partitions_def": spec.partitions_def}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name, asset=spec.key, description=_DESCRIPTIONS[name], blocking=settings.blocking, **options
        )


def _partition(context: Any, spec: dg.AssetSpec) -> str | None:
    keys = step_partitions(context) if spec.partitions_def is not None else []
    return keys[0] if len(keys) == 1 else None


@dataclass(frozen=True)
class _Outcome:
    """The outcome of a check; `passed` is None if it is unknown."""

    passed: bool | None
    says: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def result(self, key: dg.AssetCheckKey) -> dg.AssetCheckResult:
        severity = dg.AssetCheckSeverity.WARN if self.passed is None else dg.AssetCheckSeverity.ERROR
        return dg.AssetCheckResult(
            passed=bool(self.passed),
            asset_key=key.asset_key,
            check_name=key.name,
            severity=severity,
            description=self.says,
            metadata=self.metadata,
        )


@dataclass(frozen=True)
class _Written:
    """The last two materializations of an asset, or of one partition of it."""

    dataset: str
    settings: CheckSettings
    now: Mapping[str, Any] | None
    before: Mapping[str, Any]

    @classmethod
    def of(
        cls, instance: dg.DagsterInstance, spec: dg.AssetSpec, settings: CheckSettings, partition: str | None = None
    ) -> _Written:
        only = [partition] if partition is not None else None
        records = _materializations(instance, spec.key, limit=2, asset_partitions=only)
        if len(records) == 1 and partition is not None:
            # A partition that is new is compared with the one that was materialized before it.
            records += _materializations(instance, spec.key, limit=1, before_storage_id=records[0].storage_id)
        events = [record.event_log_entry.asset_materialization for record in records]
        told = [{name: value.value for name, value in event.metadata.items()} for event in events if event is not None]
        before = told[1] if len(told) > 1 and _unreadable(told[1]) is None else {}
        return cls(spec.metadata.get(DATASET, ""), settings, told[0] if told else None, before)

    def outcome(self, name: str) -> _Outcome:
        if self.now is None:
            return _Outcome(None, "It was never materialized.")
        fault = _unreadable(self.now)
        if fault is not None:
            return _Outcome(None, fault)
        found: _Outcome = getattr(self, f"_{name}")(self.now)
        return found

    def _column_types(self, now: Mapping[str, Any]) -> _Outcome:
        given = self.settings.columns.get(self.dataset)
        expected = dict(given) if given is not None else _types(self.before)
        if not expected:
            return _Outcome(True, "There is no earlier materialization to compare its columns with.")
        actual = _types(now)
        changes = [f"{name} is gone" for name in expected if name not in actual]
        changes += [
            f"{name} is {actual[name]}, not {kind}"
            for name, kind in expected.items()
            if name in actual and actual[name] != kind
        ]
        new = [name for name in actual if name not in expected]
        return _Outcome(
            not changes, "; ".join(changes) or f"{len(expected)} columns are as expected.", {"new columns": new}
        )

    def _row_count(self, now: Mapping[str, Any]) -> _Outcome:
        rows, before = now.get(ROW_COUNT), self.before.get(ROW_COUNT)
        if rows is None:
            return _Outcome(None, "Its rows were not counted: see the workspace's profile_limit_mb.")
        metadata = {"rows": rows} | ({"rows before": before} if before is not None else {})
        enough = rows >= (before or 0) * self.settings.min_row_share
        compared = "" if before is None else f", and {before} the last time"
        return _Outcome(rows > 0 and enough, f"There are {rows} rows{compared}.", metadata)

    def _nulls(self, now: Mapping[str, Any]) -> _Outcome:
        rows, nulls = now.get(ROW_COUNT), now.get(NULL_COUNTS)
        if rows is None or nulls is None:
            return _Outcome(None, "Its values were not counted: see the workspace's profile_limit_mb.")
        limit = self.settings.max_null_share * rows
        empty = {name: count for name, count in nulls.items() if count > limit}
        says = "; ".join(f"{name} is empty in {count} of {rows} rows" for name, count in empty.items())
        return _Outcome(
            not empty, says or "No column has too many empty values.", {"empty values": dg.MetadataValue.json(nulls)}
        )

    def _metrics(self, now: Mapping[str, Any]) -> _Outcome:
        told = MetricGates.read(self.settings.metric_limits).check(now.get(METRICS) or {})
        says = "; ".join(str(each) for each in told if not each.is_passed) or "The model is good enough."
        values = {each.metric: each.value for each in told if each.value is not None}
        return _Outcome(all(each.is_passed for each in told), says, values)


def _materializations(instance: dg.DagsterInstance, key: dg.AssetKey, *, limit: int, **chosen: Any) -> list[Any]:
    return list(instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=key, **chosen), limit=limit).records)


def _upload(workspace: IkigaiWorkspace, spec: dg.AssetSpec, written: _Written) -> _Outcome:
    # A run's variables, or its partition, may have named another dataset than the definition does.
    dataset = (written.now or {}).get(DATASET_ID) or spec.metadata[DATASET]
    with dagster_failures(), workspace.get_client() as ikigai:
        logs = ikigai.apps.find(spec.metadata[APP]).datasets.find(dataset).logs(10)
    uploads = [log for log in logs if log.job_type == "UPLOAD_DATASET"]
    if not uploads:
        return _Outcome(True, "It was not uploaded, but written by a flow.")
    newest = uploads[0]
    return _Outcome(
        newest.status == "SUCCESS",
        f"The upload of {newest.timestamp:%Y-%m-%d %H:%M} UTC: {newest.status}.",
        {"uploaded at": dg.MetadataValue.timestamp(newest.timestamp)},
    )


def _unreadable(metadata: Mapping[str, Any]) -> str | None:
    remedy = "Materialize it with this release, or check it with the one that wrote it."
    return metadata_fault(metadata, "The metadata of its materialization", remedy)


def _types(metadata: Mapping[str, Any]) -> dict[str, str]:
    schema = metadata.get(COLUMN_SCHEMA)
    return {} if schema is None else {column.name: column.type for column in schema.columns}
