"""An adapter may import the layer while a DAG file or a code location is merely loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ikigai_core import orchestration
from tests.lazy_names import seen_by_type_checkers

HEAVY = ("pandas", "pyarrow", "pydantic", "requests", "httpx", "tenacity", "yaml")
LIGHT = (
    "ConnectionFields",
    "Deadline",
    "LoadedDefinition",
    "MetricGates",
    "ProgressLog",
    "RunReport",
    "RunStore",
    "UnusableFieldError",
    "slug",
)
ORCHESTRATORS = {"airflow", "prefect", "dagster"}


def loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter loads for the code."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_layer_and_what_is_used_while_loading_loads_nothing_heavy() -> None:
    names = ", ".join(LIGHT)
    use = (
        "ConnectionFields(api_key='k').client_arguments(); Deadline.after(5).left; MetricGates.read({'m': {'min': 1}})"
    )
    assert loaded_by(f"from ikigai_core.orchestration import {names}\n{use}") == set()


@pytest.mark.parametrize("name", orchestration.__all__)
def test_every_export_is_there(name: str) -> None:
    found = getattr(orchestration, name)
    assert type(found).__name__ != "module"
    assert name in dir(orchestration)


def test_what_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Daedline'"):
        orchestration.Daedline  # noqa: B018 - the look-up is what is tried


def test_type_checkers_see_the_names_that_programs_get() -> None:
    seen = seen_by_type_checkers(orchestration)
    assert seen == orchestration._HOMES
    assert sorted(seen) == orchestration.__all__


def test_no_module_of_the_core_imports_an_orchestrator() -> None:
    core = Path(orchestration.__file__).parents[1]
    for path in core.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & ORCHESTRATORS, path
