"""Read and write definitions in JSON and YAML files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ikigai_core.errors import InvalidDefinitionError, MissingFileError


def read_file(path: Path, word: str = "flow definition") -> tuple[str, Any]:
    """The name of a JSON or YAML file for messages, and its content. `word` says what it is.

    Raises
    ------
    MissingFileError
    InvalidDefinitionError
        The content is neither JSON nor YAML in UTF-8.
    """
    import yaml

    if not path.is_file():
        raise MissingFileError(f"The {word} {str(path)!r} does not exist (looked in {path.resolve().parent}).")
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidDefinitionError(f"{path} cannot be read: {error}") from None
    return str(path), content


def json_text(content: Any) -> str:
    """Plain values as JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def yaml_text(content: Any) -> str:
    """Plain values as YAML."""
    import yaml

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
