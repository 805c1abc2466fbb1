"""Load a definition from any accepted form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.files import read_file


def load_definition(
    source: str | Path | Mapping[str, Any] | FlowDefinition | DefinitionDocument,
) -> FlowDefinition | DefinitionDocument:
    """Load a mapping or a file. In the platform's format, facets are a list; in a document, a mapping by name.

    Raises
    ------
    MissingFileError, InvalidDefinitionError
    """
    if isinstance(source, FlowDefinition | DefinitionDocument):
        return source
    content = source if isinstance(source, Mapping) else read_file(Path(source))[1]
    is_platforms = isinstance(content, Mapping) and isinstance(content.get("facets"), list)
    return FlowDefinition.load(source) if is_platforms else DefinitionDocument.load(source)
