"""Everything public is in a program of the documents or examples, all of which are run, or in a docstring's example.

Dagster's `test_docstrings` sees to that integration.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import typer.main

from ikigai_core import orchestration
from ikigai_core.cli.root import root

from .documents import DOCUMENTS, ROOT
from .test_reference import _DESCRIBED

CORE = sorted(name for name in _DESCRIBED if name.startswith("ikigai_core.") and ".errors." not in name)
OTHERS = sorted(name for name in _DESCRIBED if name.startswith(("airflow_provider_ikigai.", "prefect_ikigai.")))
# Operators and sensors make these; the type of `ACCOUNT_INPUTS`.
MADE_FOR_YOU = re.compile(r"\.links\.|\.triggers\.(?!events)|AccountInputs|\.decorators\.")
# Of base classes; old names; procedures for adapters; what an adapter implements, and what the control API is made of.
NO_CALLS = {
    "model_post_init", "directories", "facet_types_procedure", "model_types_procedure", "of", "warning", "hold",
    "renew", "release", "send", "send_table", "fresh",
}  # fmt: skip


def programs() -> Iterator[str]:
    """The programs of documents and examples."""
    for document in DOCUMENTS:
        yield from re.findall(r"^```python \S+\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)
    for path in (ROOT / "examples").rglob("*.py"):
        yield path.read_text()
    for path in (ROOT / "examples").rglob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        yield from ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@cache
def names_in_use() -> frozenset[str]:
    """All names and attributes in the programs."""
    nodes = [node for text in programs() for node in ast.walk(ast.parse(text))]
    return frozenset(
        {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        | {node.id for node in nodes if isinstance(node, ast.Name)}
        | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
        | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        | {node.name.rpartition(".")[2] for node in nodes if isinstance(node, ast.alias)}
    )


def calls(kind: type) -> Iterator[str]:
    """The public methods of a class that are our own."""
    for name in dir(kind):
        owner = next((each for each in kind.__mro__ if name in vars(each)), object)
        if not name.startswith("_") and owner.__module__.startswith("ikigai_core"):
            value = inspect.getattr_static(kind, name)
            if callable(value) or isinstance(value, (classmethod, staticmethod)):
                yield name


@pytest.mark.parametrize("name", [name for name in CORE if not name.rpartition(".")[2].startswith("Async")])
def test_each_call_of_the_client_is_shown(name: str) -> None:
    module, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(module), last)
    if inspect.isclass(found):
        assert set(calls(found)) - NO_CALLS <= names_in_use()


@pytest.mark.parametrize("name", [name for name in OTHERS if not MADE_FOR_YOU.search(name)])
def test_each_part_of_an_integration_is_shown(name: str) -> None:
    assert name.rpartition(".")[2] in names_in_use()


@pytest.mark.parametrize("name", [each.name for each in pkgutil.iter_modules(orchestration.__path__)])
def test_the_examples_in_docstrings_for_adapters_run(name: str) -> None:
    module = importlib.import_module(f"{orchestration.__name__}.{name}")
    assert doctest.testmod(module).failed == 0


def commands(group: Any, *path: str) -> Iterator[str]:
    """The words of each command of the command line."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        elif not command.hidden:
            yield " ".join((*path, name))


def test_each_command_is_explained() -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    known = sorted(commands(typer.main.get_command(root)))
    assert "apps revoke" in known
    for words in known:
        group, _, last = words.partition(" ")
        assert f"ikigai {words}" in page or re.search(rf"`ikigai {group} .*, `{last} ", page), words
