"""Assets: the platform's datasets in Prefect's lineage, with keys such as ``ikigai://late-flights/flights``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect.assets import Asset, AssetProperties, add_asset_metadata

from ikigai_core.orchestration import ensured_result
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.dataset_profile import asset_metadata
from prefect_ikigai.naming import asset_key
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.materializing import Materialization, async_materializing, materializing
from prefect_ikigai.transfers import Data, upload

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient, AnyDataset
    from ikigai_core.procedure import Procedure


def dataset_asset(
    app: str,
    dataset: str,
    *,
    description: str | None = None,
    owners: list[str] | None = None,
    url: str | None = None,
) -> Asset:
    """Create the asset of a dataset. Sends nothing.

    Parameters
    ----------
    app, dataset : str
        Names. They form the key, in lowercase and with dashes in place of all other characters than letters and digits.
    description : str, optional
        Description of the dataset.
    owners : list of str, optional
        Emails or names of Prefect's users and teams.
    url : str, optional
        Address of a page about the dataset, for example its ``web_url``.

    Returns
    -------
    prefect.assets.Asset

    Examples
    --------
    >>> dataset_asset("Late flights", "flights").key
    'ikigai://late-flights/flights'
    """
    given = {"description": description, "owners": owners, "url": url}
    # Prefect overwrites an asset's properties with all that are set, even to None.
    told: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    properties = AssetProperties(name=f"{app}: {dataset}", **told)
    return Asset(key=asset_key(app, dataset), properties=properties)


@materializing
def materialize_dataset(
    app: str, dataset: str, *, create_app: bool = False, asset_deps: list[str | Asset] | None = None, **options: Any
) -> Materialization[[IkigaiCredentials, Data], dict[str, Any]]:
    """Create a task that uploads a dataset and reports the asset to Prefect. Sends nothing.

    Parameters
    ----------
    app, dataset : str
        Names.
    create_app : bool, default False
        Whether the task creates the app if there is none of that name.
    asset_deps : list, optional
        Assets that the data comes from, for example ``s3://bucket/flights.csv``.
    **options
        As for Prefect's ``task``.

    Returns
    -------
    MaterializingTask
        Call it as ``task(credentials, data)``. `data` and the return value are as for `upload_dataset`.
    """

    def text(credentials: IkigaiCredentials, data: Data) -> Operation[dict[str, Any]]:
        return Operation(credentials, lambda ikigai: _uploaded(ikigai, app, dataset, data, create_app))

    return Materialization(f"materialize {dataset}", [dataset_asset(app, dataset)], text, asset_deps, options)


amaterialize_dataset = async_materializing(materialize_dataset)


def _uploaded(ikigai: AnyClient, app: str, dataset: str, data: Data, create_app: bool) -> Procedure[dict[str, Any]]:
    uploaded = yield from upload(ikigai, app, dataset, data, create_app=create_app)
    yield from described(dataset_asset(app, dataset), uploaded, {})
    return ensured_result(uploaded)


def described(asset: Asset, dataset: AnyDataset, more: Mapping[str, Any]) -> Procedure[None]:
    """Add a dataset's metadata to its asset."""
    add_asset_metadata(asset.key, {**(yield from asset_metadata(dataset)), **more})
