"""The IO manager for frames: uploads the outputs of assets and downloads their inputs."""

# No `from __future__ import annotations` here: Dagster reads the annotations of resources as types.

from collections.abc import Mapping
from typing import Any, get_args

import dagster as dg
from pydantic import Field

from dagster_ikigai.connection import IkigaiWorkspace
from dagster_ikigai.dataset_profile import dataset_metadata
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.metadata import APP, DATASET, DATASET_TEMPLATE, ROW_COUNT
from dagster_ikigai.runs.settings import PARTITION_OUTPUT
from dagster_ikigai.runs.variables import partition_dataset
from ikigai_core.orchestration import ensure_app, find_dataset

_TEXTS = ("TEXT", "CATEGORICAL")


class IkigaiIOManager(dg.ConfigurableIOManager):
    """Stores frames as datasets of an app.

    The output of an asset is uploaded, unless the dataset has this data already. It can be a pandas or polars frame, an
    Arrow table, any other object with the Arrow stream interface, or the `Path` of a CSV or Parquet file; a polars
    ``LazyFrame`` is collected first. An input is downloaded as the annotated type: ``pandas.DataFrame`` (the default),
    ``polars.DataFrame``, ``polars.LazyFrame`` or ``pyarrow.Table``. Columns that the platform holds for text stay text:
    ``01`` is no number.
    Several partitions are a dict of frames by partition key. The output of a flow is loaded the same way, by a
    downstream asset whose ``ins`` name this IO manager: ``dg.AssetIn(key=["late_flights", "late"],
    input_manager_key="ikigai_io")``.

    The dataset's name is the last part of the asset's key. The asset's metadata can set another name with
    ``ikigai/dataset``, and an app with ``ikigai/app``.

    Parameters
    ----------
    workspace : IkigaiWorkspace
        The account.
    app : str
        Name or id of the app, for assets whose metadata do not name one.
    create_app : bool, default False
        Create the app at an upload, if there is none of that name.
    partition_output : str
        Template of the name of each partition's dataset, with ``{dataset}`` and ``{partition}``.

    Examples
    --------
    >>> io_manager = IkigaiIOManager(workspace=IkigaiWorkspace(), app="Late flights")
    """

    workspace: dg.ResourceDependency[IkigaiWorkspace]
    app: str | None = Field(default=None, description="Name or id of the app, for assets whose metadata name none.")
    create_app: bool = Field(default=False, description="Create the app if it does not exist.")
    partition_output: str = Field(
        default=PARTITION_OUTPUT, description="Name of the dataset that holds a partition, from {dataset}, {partition}."
    )

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Upload the output of an asset. Called by Dagster.

        Raises
        ------
        Failure
            The output is not a frame, or the platform refused it.
        """
        if obj is None:
            return
        partitions = list(context.asset_partition_keys) if context.has_asset_partitions else [None]
        frames = obj if len(partitions) > 1 and isinstance(obj, Mapping) else dict.fromkeys(partitions, obj)
        missing = [key for key in partitions if key not in frames]
        if missing or (len(partitions) > 1 and frames is not obj):
            raise dg.Failure(
                f"The step of asset {context.asset_key.to_user_string()!r} is for {len(partitions)} partitions: return "
                f"a dict with a frame for each of their keys{f' ({missing[0]!r} is missing)' if missing else ''}.",
                allow_retries=False,
            )
        for partition in partitions:
            metadata = self._upload(context, partition, frames[partition])
        if len(partitions) == 1:
            context.add_output_metadata(metadata)

    def load_input(self, context: dg.InputContext) -> Any:
        """Download the input of an asset. Called by Dagster.

        Raises
        ------
        Failure
            The dataset does not exist.
        """
        wanted = context.dagster_type.typing_type
        if not context.has_asset_partitions:
            return self._fetch(context, None, wanted)
        keys = list(context.asset_partition_keys)
        if len(keys) == 1 and not _is_mapping(wanted):
            return self._fetch(context, keys[0], wanted)
        of_each = get_args(wanted)[1] if len(get_args(wanted)) > 1 else None
        return {key: self._fetch(context, key, of_each) for key in keys}

    def _upload(self, context: dg.OutputContext, partition: str | None, frame: Any) -> dict[str, Any]:
        app_name = self._app_name(context.definition_metadata, context.asset_key)
        name = self._dataset_name(context.definition_metadata, context.asset_key, partition)
        frame = frame.collect() if _is_lazy(type(frame)) else frame
        if not isinstance(frame, str) and hasattr(frame, "__len__") and not len(frame):
            raise dg.Failure(
                f"Asset {context.asset_key.to_user_string()!r} returned a frame without rows, and the platform keeps "
                f"no dataset without rows. Return None to leave dataset {name!r} as it is.",
                allow_retries=False,
            )
        with dagster_failures(), self.workspace.get_client() as ikigai:
            builder = ikigai.run(ensure_app(ikigai, app_name, create=self.create_app)).dataset.new(name)
            # A string is a mistake here, not a path.
            filled = builder.arrow(frame) if isinstance(frame, str) else builder.data(frame)
            uploaded = filled.ensure(on_progress=False)
        context.log.info(f"Dataset {name!r}: {', '.join(uploaded.changes) or 'up to date, nothing sent'}.")
        metadata = dataset_metadata(uploaded)
        return metadata | ({ROW_COUNT: len(frame)} if hasattr(frame, "__len__") else {})

    def _fetch(self, context: dg.InputContext, partition: str | None, wanted: Any) -> Any:
        upstream = context.upstream_output
        metadata = (upstream.definition_metadata if upstream else None) or {}
        app_name = self._app_name(metadata, context.asset_key)
        name = self._dataset_name(metadata, context.asset_key, partition)
        with dagster_failures(), self.workspace.get_client() as ikigai:
            dataset = ikigai.run(find_dataset(ikigai, app_name, name))
            return _as_wanted(dataset.arrow(on_progress=False, column_types=_text_columns(dataset)), wanted)

    def _app_name(self, metadata: Mapping[str, Any], key: dg.AssetKey) -> str:
        name = metadata.get(APP) or self.app
        if not name:
            raise dg.Failure(
                f"Which app has the dataset of asset {key.to_user_string()!r}? Say IkigaiIOManager(app=…), or give the "
                f"asset the metadata {APP!r}.",
                allow_retries=False,
            )
        return str(name)

    def _dataset_name(self, metadata: Mapping[str, Any], key: dg.AssetKey, partition: str | None) -> str:
        name = str(metadata.get(DATASET) or key.path[-1])
        template = metadata.get(DATASET_TEMPLATE) or ("{dataset}" if partition is None else self.partition_output)
        return partition_dataset(str(template), name, partition or "")


def _text_columns(dataset: Any) -> dict[str, Any]:
    """The columns that are text on the platform: their values must not be read as numbers."""
    import pyarrow

    types = dataset.data_types.items()
    return {name: pyarrow.string() for name, column in types if column.data_type.value in _TEXTS}


def _as_wanted(table: Any, wanted: Any) -> Any:
    module = (getattr(wanted, "__module__", "") or "").partition(".")[0]
    if module == "pyarrow":
        return table
    if module == "polars":
        import polars

        frame = polars.from_arrow(table)
        return frame.lazy() if _is_lazy(wanted) else frame  # type: ignore[union-attr]
    return table.to_pandas(date_as_object=False)


def _is_lazy(kind: Any) -> bool:
    return getattr(kind, "__name__", "") == "LazyFrame" and kind.__module__.partition(".")[0] == "polars"


def _is_mapping(wanted: Any) -> bool:
    origin = getattr(wanted, "__origin__", wanted)
    return isinstance(origin, type) and issubclass(origin, Mapping)
