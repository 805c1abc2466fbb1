"""Adds and removes users, with everything that they own."""

from __future__ import annotations

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import conflict
from ikigai_core.local.store import tutorial


def add_user(platform: Platform, email: str) -> str:
    """Add a user with the tutorial app; return the user's key.

    Raises
    ------
    RefusalError
        409 if the user exists already.
    """
    if platform.credentials.known_as(email) is not None:
        raise conflict(f"There is a user {email!r} already")
    key = platform.credentials.add_user(email)
    tutorial.create(platform.store, platform.files, email)
    return key


def remove_user(platform: Platform, email: str) -> None:
    """Revoke a user's access, and delete the user's apps, app directories and custom facets."""
    store = platform.store
    for app in store.apps.all():
        if app.owner.casefold() == email.casefold():
            platform.delete_app(app.app_id)
    for custom_facet in store.custom_facets.all():
        if custom_facet.owner.casefold() == email.casefold():
            store.delete_custom_facet(custom_facet.custom_facet_id)
    store.directories.remove(app_id="", owner=email.casefold())
    store.runs.history.forget(email)
    for grants in (store.app_grants, store.custom_facet_grants):
        for component_id in grants.levels(email):
            grants.revoke(component_id, email)


def wipe(platform: Platform) -> None:
    """Delete all apps, custom facets and directories of apps, and the history of runs."""
    store = platform.store
    for app in store.apps.all():
        platform.delete_app(app.app_id)
    for custom_facet in store.custom_facets.all():
        store.delete_custom_facet(custom_facet.custom_facet_id)
    store.directories.remove(app_id="")
    store.runs.history.forget()
