"""Reads the spec files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# The loader with libyaml is ten times as fast. Every worker process reads the facet specs at its start.
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_documents(folder: Path) -> list[dict[str, Any]]:
    """Read all YAML files of a folder, ordered by chain group and by their `order` keys."""
    documents = [read_document(path) for path in folder.glob("*.yaml")]
    return sorted(documents, key=lambda document: (document.get("chain_group", ""), document["order"]))


def read_document(path: Path) -> Any:
    """Read a YAML file.

    Raises
    ------
    ValueError
        It is not valid.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
