"""What Dagster is told of a dataset and of the run that wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.charts import line_chart
from dagster_ikigai.forms import form_fault
from dagster_ikigai.translator import FLOW_ID

if TYPE_CHECKING:
    from ikigai_core import ColumnDataType, Dataset, Flow, FlowRun, Model, ModelVersion, RunLog

NULL_COUNTS = "ikigai/null_counts"
METADATA_FORM, METADATA_VERSION = "ikigai/metadata_version", 1
"""Form of the metadata: it changes where a later release gives one of the names another meaning."""

RUN_LOG_ID = "ikigai/run_log_id"
ATTACHED, DOUBT, WRITTEN = "ikigai/attached", "ikigai/doubt", "ikigai/written"
METRICS, METRIC, METRIC_HISTORY = "ikigai/metrics", "ikigai/metric/", "ikigai/metric_history/"

_PERFORMANCE = "performance"
_ROWS_AT_A_TIME = 100_000
_LONGEST_CELL = 200
_MOST_DRAWN = 50
_MOST_CHARTS = 6


@dataclass(frozen=True)
class Profile:
    """What was learnt by reading a dataset's data.

    Attributes
    ----------
    row_count : int or None
        Rows below the header; None for a file that cannot be read as one table.
    preview : list of dict
        The first rows, as text by column.
    digest : str
        SHA-256 of the data.
    nulls : dict of str to int
        Empty values by column.
    """

    row_count: int | None
    preview: list[dict[str, str]]
    digest: str
    nulls: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of_csv(cls, path: Path, preview_rows: int) -> Profile:
        """Read a CSV file once, in bounded memory."""
        row_count, preview, nulls = _counted(path, preview_rows)
        with path.open("rb") as data:
            return cls(row_count, preview, file_digest(data, "sha256").hexdigest(), nulls)

    @classmethod
    def of_dataset(cls, dataset: Dataset, preview_rows: int, limit_mb: float) -> Profile | None:
        """Fetch a dataset and read it; None for one that is larger than the limit, in MB, or not held as CSV."""
        if dataset.size > limit_mb * 1e6 or dataset.file_extension != "csv":
            return None
        with TemporaryDirectory(prefix="dagster-ikigai-") as folder:
            path = Path(folder) / "data.csv"
            dataset.to_csv(path)
            return cls.of_csv(path, preview_rows)


def dataset_metadata(dataset: Dataset, profile: Profile | None) -> dict[str, Any]:
    """Metadata of a dataset: Dagster's own keys where it has one for the matter."""
    schema = column_schema(dataset.data_types)
    metadata: dict[str, Any] = {
        METADATA_FORM: METADATA_VERSION,
        "dagster/column_schema": schema,
        "ikigai/app_id": dataset.app_id,
        "ikigai/dataset_id": dataset.dataset_id,
        "ikigai/size_bytes": dataset.size,
    }
    if profile is not None and profile.row_count is not None:
        metadata["dagster/row_count"] = profile.row_count
        metadata[NULL_COUNTS] = dg.MetadataValue.json(profile.nulls)
    link(metadata, "ikigai/dataset_url", dataset.web_url)
    if profile is not None and profile.preview:
        records = [dg.TableRecord(row) for row in profile.preview]
        metadata["ikigai/preview"] = dg.MetadataValue.table(records, schema=_text_schema(profile.preview[0]))
    return metadata


def run_metadata(flow: Flow, log: RunLog, run: FlowRun | None = None) -> dict[str, Any]:
    """Metadata of a run: which one it was, how and when it ended, and where its log is shown.

    Parameters
    ----------
    flow : Flow
    log : RunLog
    run : FlowRun, optional
        What is known of it besides; None for one that was started elsewhere.
    """
    metadata: dict[str, Any] = {
        METADATA_FORM: METADATA_VERSION,
        FLOW_ID: flow.flow_id,
        RUN_LOG_ID: log.log_id,
        "ikigai/run_status": log.status.value,
        "ikigai/run_user": log.user,
        "ikigai/run_ended_at": dg.MetadataValue.timestamp(log.timestamp),
    }
    link(metadata, "ikigai/run_url", flow.web_url if run is None else run.web_url)
    if run is None:
        return metadata
    if run.attached:
        # What it was started with, and what it wrote, only who started it knows.
        return {**metadata, ATTACHED: True}
    told = {DOUBT: run.doubt, "ikigai/copy_name": run.copy_name}
    metadata["ikigai/run_variables"] = dg.MetadataValue.json(dict(run.variables))
    return {**metadata, **{name: text for name, text in told.items() if text}}


def model_metadata(model: Model, versions: Sequence[ModelVersion]) -> dict[str, Any]:
    """Metadata of a model: its newest version, that version's metrics, and how they have been.

    Parameters
    ----------
    model : Model
        The model.
    versions : sequence of ModelVersion
        All of its versions, oldest first.
    """
    metadata: dict[str, Any] = {
        "ikigai/app_id": model.app_id,
        "ikigai/model_id": model.model_id,
        "ikigai/model_type": f"{model.model_type} {model.sub_model_type}",
    }
    link(metadata, "ikigai/model_url", model.web_url)
    if not versions:
        return metadata
    newest = versions[-1]
    metadata |= {
        "ikigai/model_version": newest.version,
        "ikigai/model_version_id": newest.version_id,
        "ikigai/hyperparameters": dg.MetadataValue.json(newest.hyperparameters),
        METRICS: dg.MetadataValue.json(newest.metrics),
    }
    metadata |= {f"{METRIC}{name}": value for name, value in performance(newest).items()}
    drawn = versions[-_MOST_DRAWN:]
    for name, values in _histories(drawn).items():
        chart = line_chart(f"{model.name}: {name}", values, [version.version for version in drawn])
        metadata[f"{METRIC_HISTORY}{name}"] = dg.MetadataValue.md(chart)
    return metadata


def performance(version: ModelVersion) -> dict[str, float]:
    """The numbers among a version's performance metrics, by names such as ``performance.r2.average_test``."""
    from ikigai_core.orchestration import flat_metrics

    return flat_metrics({_PERFORMANCE: version.metrics.get(_PERFORMANCE) or {}})


def _histories(versions: Sequence[ModelVersion]) -> dict[str, dict[str, list[float | None]]]:
    """By metric, the values of its parts, such as those in training and in testing, version by version."""
    measured = [performance(version) for version in versions]
    histories: dict[str, dict[str, list[float | None]]] = {}
    for name in dict.fromkeys(name for values in measured for name in values):
        metric, _, part = name.removeprefix(f"{_PERFORMANCE}.").partition(".")
        histories.setdefault(metric, {})[part or metric] = [values.get(name) for values in measured]
    return dict(list(histories.items())[:_MOST_CHARTS])


def metadata_fault(metadata: Mapping[str, Any], what: str, remedy: str) -> str | None:
    """Why metadata cannot be read; None for those of this release, and for those that somebody else gave."""
    return form_fault(what, metadata.get(METADATA_FORM, METADATA_VERSION), METADATA_VERSION, remedy)


def link(metadata: dict[str, Any], name: str, url: str | None) -> None:
    """Add a link, where there is a page to link to."""
    if url:
        metadata[name] = dg.MetadataValue.url(url)


def column_schema(data_types: Mapping[str, ColumnDataType]) -> dg.TableSchema:
    """Columns in Dagster's words: the platform's type, and its formats as the description."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(column.data_type),
                description=", ".join(f"{key}: {value}" for key, value in column.data_formats.items()) or None,
            )
            for name, column in data_types.items()
        ]
    )


def _counted(path: Path, preview_rows: int) -> tuple[int | None, list[dict[str, str]], dict[str, int]]:
    import pandas as pd

    row_count, preview, nulls = 0, list[dict[str, str]](), dict[str, int]()
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding_errors": "replace"}
    try:
        for chunk in pd.read_csv(path, chunksize=_ROWS_AT_A_TIME, **options):
            if row_count == 0:
                preview = [_shortened(row) for row in chunk.head(preview_rows).to_dict("records")]
            row_count += len(chunk)
            for name, count in (chunk == "").sum().items():
                nulls[str(name)] = nulls.get(str(name), 0) + int(count)
    except pd.errors.EmptyDataError:
        return 0, [], {}
    except pd.errors.ParserError:
        # The platform took the data: that it cannot be counted here is no reason to fail the step.
        return None, [], {}
    return row_count, preview, nulls


def _text_schema(row: Mapping[str, str]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, type="string") for name in row])


def _shortened(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(name): text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
        for name, text in ((name, str(value)) for name, value in row.items())
    }
