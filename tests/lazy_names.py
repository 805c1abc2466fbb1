"""The public names of a package that imports them when they are first used."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType


def seen_by_type_checkers(package: ModuleType) -> dict[str, str | None]:
    """The module of each name, as type checkers read it."""
    assert package.__file__ is not None
    module = ast.parse(Path(package.__file__).read_text())
    (guarded,) = (node for node in module.body if isinstance(node, ast.If))
    return {
        alias.name: statement.module
        for statement in guarded.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
