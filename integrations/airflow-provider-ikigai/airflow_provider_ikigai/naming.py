"""The addresses of components as assets, with percent-encoded names."""

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
    """Encode a name for an address."""
    return quote(name, safe="")
