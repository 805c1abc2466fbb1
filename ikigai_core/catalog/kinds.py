"""The common description of each kind of component, so that finding and ensuring are written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ikigai_core.api import apps, custom_facets, datasets, flows, models
from ikigai_core.api.answers import Listing, Record, identity, malformed, whole_number
from ikigai_core.api.call import Call
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure

Complete = Callable[[Record, Any], Procedure[Record]]


def _as_it_is(record: Record, client: Any) -> Procedure[Record]:
    return record
    yield


@dataclass(frozen=True)
class Kind:
    """The endpoints that find and delete components of one kind, in one place (an account or an app).

    Attributes
    ----------
    word : str
        The users' word for the kind.
    id_key : str
        The name of its id in the platform's API.
    place : str
        Description of the searched place, for messages.
    listing : callable
        Lists the components in a directory, by its id. None lists all; ``""`` lists those outside any directory.
    directories : DirectoryType, optional
        Type of its directories, if it can be put into directories.
    app_id : str, optional
        The app that it belongs to, if any.
    missing : str
        The sentence with which the error about an unknown name begins, if users match on one.
    is_used : callable
        True if a record shows that somebody relies on the component. Then its creator does not delete it.
    """

    word: str
    id_key: str
    place: str
    by_name: Callable[[str], Call[Record]]
    listing: Callable[[str | None], Call[Listing]]
    search: Callable[[str], Call[Listing]]
    delete: Callable[[str], Call[Any]]
    complete: Complete = _as_it_is
    """Adds data to a record that the platform provides elsewhere."""
    directories: DirectoryType | None = None
    app_id: str | None = None
    missing: str = ""
    is_used: Callable[[Record], bool] = lambda _: False


def apps_of(user_email: str) -> Kind:
    """The apps of a user."""
    return Kind(
        "app",
        "project_id",
        f"for {user_email}",
        apps.by_name,
        apps.listing,
        apps.search,
        apps.delete,
        directories=DirectoryType.APP,
    )


def custom_facets_of(user_email: str) -> Kind:
    """The custom facets of a user."""
    return Kind(
        "custom facet",
        "custom_facet_id",
        f"for {user_email}",
        custom_facets.by_name,
        lambda _: custom_facets.listing(),
        custom_facets.search,
        custom_facets.delete,
        with_facet_type,
        missing="Custom facet was not found. ",
    )


def with_facet_type(record: Record, client: Any) -> Procedure[Record]:
    """Add the facet type to a custom facet's record, which contains only its uid."""
    uid = identity(record, "facet_uid", "custom_facet")
    facet_types = yield from client.facet_types_procedure()
    try:
        return {**record, "facet_type": facet_types.find_by_uid(uid)}
    except KeyError:
        raise malformed("custom_facet.facet_uid", uid, "the uid of a facet type") from None


def datasets_of(app_id: str, app_name: str) -> Kind:
    """The datasets of an app."""
    return Kind(
        "dataset",
        "dataset_id",
        f"in app {app_name!r}",
        lambda name: datasets.by_name(app_id, name),
        lambda directory_id: datasets.listing(app_id, directory_id),
        lambda query: datasets.search(app_id, query),
        lambda dataset_id: datasets.delete(app_id, dataset_id),
        directories=DirectoryType.DATASET,
        app_id=app_id,
        is_used=lambda record: whole_number(record, "size") > 0,
    )


def flows_of(app_id: str, app_name: str) -> Kind:
    """The flows of an app."""
    return Kind(
        "flow",
        "pipeline_id",
        f"in app {app_name!r}",
        lambda name: flows.by_name(app_id, name),
        lambda directory_id: flows.listing(app_id, directory_id),
        lambda query: flows.search(app_id, query),
        lambda flow_id: flows.delete(app_id, flow_id),
        directories=DirectoryType.FLOW,
        app_id=app_id,
    )


def models_of(app_id: str, app_name: str) -> Kind:
    """The models of an app."""
    return Kind(
        "model",
        "model_id",
        f"in app {app_name!r}",
        lambda name: models.by_name(app_id, name),
        lambda directory_id: models.listing(app_id, directory_id),
        lambda query: models.search(app_id, query),
        lambda model_id: models.delete(app_id, model_id),
        directories=DirectoryType.MODEL,
        app_id=app_id,
    )
