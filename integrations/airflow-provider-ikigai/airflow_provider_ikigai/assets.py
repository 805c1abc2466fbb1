"""Datasets of the platform as Airflow's assets: ``ikigai://<app>/datasets/<dataset>``.

Names are percent-encoded in the address. A flow's definition says which assets its runs read and write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from airflow.sdk import Asset, AssetAlias

from airflow_provider_ikigai.dataset_profile import event_extra
from airflow_provider_ikigai.naming import SCHEME, dataset_uri, quoted

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
    from airflow.sdk import Context

    from ikigai_core.orchestration import DatasetProfile

_KINDS = ("datasets", "flows", "models")


def dataset_asset(app: str, dataset: str, **options: Any) -> Asset:
    """A dataset as an asset, for ``schedule=``, ``inlets=`` and ``outlets=``.

    Parameters
    ----------
    app, dataset : str
        Their names.
    **options
        Those of `airflow.sdk.Asset`: ``name``, ``group``, ``extra``, ``watchers``.

    Examples
    --------
    >>> dataset_asset("Late flights", "late_flights").uri
    'ikigai://Late%20flights/datasets/late_flights'
    """
    return Asset(uri=dataset_uri(app, dataset), **options)


def flow_assets(
    app: str, definition: Any, variables: Mapping[str, Any] | object | None = None
) -> tuple[list[Asset], list[Asset]]:
    """Return the assets that runs of a flow read and write, from its definition; nothing is sent.

    Parameters
    ----------
    app : str
        Name of the app.
    definition : FlowDefinition, DefinitionDocument, mapping or path
        The definition, or a document or its file. A `FlowDefinition` does not name the datasets that it reads.
    variables : mapping, optional
        The run's variables, which may rename its outputs. Names that are not known before the run are left out:
        templates, results of other tasks, and, if `variables` is not a mapping, every name that a variable may replace.

    Returns
    -------
    (list of Asset, list of Asset)
        The inlets and the outlets.
    """
    from ikigai_core.orchestration import LoadedDefinition

    loaded = LoadedDefinition.load(definition)
    inputs, outputs = loaded.inputs(variables, _is_known), loaded.outputs(variables, _is_known)
    return [dataset_asset(app, name) for name in inputs], [dataset_asset(app, name) for name in outputs]


def is_template(text: object) -> bool:
    """Return True if a value is known only after Airflow has rendered it."""
    return not isinstance(text, str) or "{{" in text or "{%" in text


def emit(
    context: Context, outlets: Iterable[Any], app: str, written: Iterable[DatasetProfile], extra: Mapping[str, Any]
) -> None:
    """Report the datasets that a task wrote to Airflow.

    Outlets that are such a dataset get its profile as the event's extra; an `AssetAlias` among them gets an event for
    each.

    Parameters
    ----------
    context : Context
        The task's.
    outlets : iterable
        The task's.
    app : str
        Name of the app.
    written : iterable of DatasetProfile
        What was written in it.
    extra : mapping
        What each event says besides, such as the run's log id.
    """
    told = {dataset_uri(app, profile.name): {**event_extra(profile), **extra} for profile in written}
    for outlet in outlets:
        if isinstance(outlet, AssetAlias):
            for uri, figures in told.items():
                context["outlet_events"][outlet].add(Asset(uri=uri), extra=figures)
        elif isinstance(outlet, Asset) and outlet.uri in told:
            context["outlet_events"][outlet].extra = told[outlet.uri]


def without_unwritten(outlets: Iterable[Any], apps: Collection[str], written: Collection[str]) -> list[Any]:
    """Return the outlets of a task that get an event. Airflow sends one for each outlet that a task has at its end.

    Parameters
    ----------
    outlets : iterable
        The task's.
    apps : collection of str
        The names of an app, whose datasets are left out unless they were written. All other outlets stay.
    written : collection of str
        Names of that app's datasets.
    """
    of_app = tuple(dataset_uri(app, "") for app in apps)
    uris = {dataset_uri(app, name) for app in apps for name in written}
    return [
        outlet for outlet in outlets if not (uri := str(getattr(outlet, "uri", ""))).startswith(of_app) or uri in uris
    ]


# -- functions that Airflow calls for addresses of this scheme ---------------------------------------------------------


def create_asset(*, app: str, dataset: str, extra: dict[str, Any] | None = None) -> Asset:
    """Make an asset of a dataset. Airflow calls this function."""
    return dataset_asset(app, dataset, extra=extra)


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check an address and return its normal form, which Airflow compares.

    Raises
    ------
    ValueError
        It names no app, or no component of the app.
    """
    kind, _, name = uri.path.strip("/").partition("/")
    if not uri.netloc or kind not in _KINDS or not name:
        raise ValueError(
            f"{uri.geturl()!r} is not the address of a component on the Ikigai platform: "
            f"expected {SCHEME}://<app>/{'|'.join(_KINDS)}/<name>, with names percent-encoded."
        )
    return uri._replace(netloc=quoted(unquote(uri.netloc)), path=f"/{kind}/{quoted(unquote(name))}")


def convert_asset_to_openlineage(asset: Asset, lineage_context: Any) -> OpenLineageDataset:
    """Convert an asset to an OpenLineage dataset."""
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset

    uri = urlsplit(asset.uri)
    path = unquote(uri.path.strip("/"))
    # As the operators name them: a model and a dataset of the same name are two things.
    return OpenLineageDataset(namespace=f"{SCHEME}://{uri.netloc}", name=path.removeprefix("datasets/"))


def _is_known(value: object) -> bool:
    """Return True if a value is final: neither a template nor the result of another task."""
    return isinstance(value, int | float) or not is_template(value)
