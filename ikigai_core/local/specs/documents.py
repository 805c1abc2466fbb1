"""Reading the spec files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# The loader over libyaml is ten times as fast; a worker process reads the facet specs at every start.
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_documents(folder: Path) -> list[dict[str, Any]]:
    """Read every YAML file of a folder, in the order that their `order` keys say."""
    documents = [yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) for path in folder.glob("*.yaml")]
    return sorted(documents, key=lambda document: (document.get("chain_group", ""), document["order"]))
