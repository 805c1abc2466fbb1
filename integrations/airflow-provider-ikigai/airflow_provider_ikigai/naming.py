"""The addresses of what is on the platform: names, percent-encoded."""

from __future__ import annotations

from urllib.parse import quote

SCHEME = "ikigai"


def app_uri(app: str) -> str:
    """The address of an app, by its name."""
    return f"{SCHEME}://{quoted(app)}"


def dataset_uri(app: str, dataset: str) -> str:
    """The address of a dataset as an asset.

    Parameters
    ----------
    app, dataset : str
        Their names.
    """
    return f"{app_uri(app)}/datasets/{quoted(dataset)}"


def quoted(name: str) -> str:
    """A name as it is written in an address."""
    return quote(name, safe="")
