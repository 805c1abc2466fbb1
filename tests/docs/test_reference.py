"""The reference has every public name. The build of the site fails if it has one that does not exist."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

import ikigai_core
from ikigai_core import errors, orchestration

from .documents import ROOT

_PAGES = {path.stem: path.read_text() for path in ROOT.glob("docs/reference/*.md")}
_DESCRIBED = {name for page in _PAGES.values() for name in re.findall(r"^\.\. auto\w+:: ([\w.]+)$", page, re.MULTILINE)}


def test_every_name_of_the_client_is_described() -> None:
    exported = {f"ikigai_core.{name}" for name in ikigai_core.__all__} - {
        "ikigai_core.__version__",
        "ikigai_core.errors",
    }
    assert exported <= _DESCRIBED


def test_every_error_is_described() -> None:
    kinds = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert {f"ikigai_core.errors.{kind.__name__}" for kind in kinds if kind.__module__ == errors.__name__} <= _DESCRIBED
    assert "ikigai_core.errors.RunFailedError" in _DESCRIBED


def test_every_error_has_a_cause_and_a_remedy() -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text()
    kinds = {name.rpartition(".")[2] for name in _DESCRIBED if name.startswith("ikigai_core.errors.")}
    assert {kind for kind in kinds - {"IkigaiError"} if f"`{kind}`" not in page} == set()


def test_every_name_for_adapters_is_described() -> None:
    assert {f"ikigai_core.orchestration.{name}" for name in orchestration.__all__} - _OF_THE_CLIENT <= _DESCRIBED


# A protocol of `logging.Logger`, only for annotations.
_OF_THE_CLIENT = {"ikigai_core.orchestration.Logger"}


def exported_names(package: Path) -> set[str]:
    """What a package's ``__all__`` has."""
    tree = ast.parse((package / "__init__.py").read_text())
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return set(ast.literal_eval(values[0])) - {"__version__"}


def test_every_name_of_the_dagster_integration_is_described() -> None:
    described = {name.rpartition(".")[2] for name in _DESCRIBED if name.startswith("dagster_ikigai.")}
    assert described == exported_names(ROOT / "integrations/dagster-ikigai/dagster_ikigai")


def test_every_name_of_the_prefect_integration_is_described() -> None:
    described = {name.rpartition(".")[2] for name in _DESCRIBED if name.startswith("prefect_ikigai.")}
    exported = exported_names(ROOT / "integrations/prefect-ikigai/prefect_ikigai")
    async_versions = {name for name in exported if name.startswith("a") and name[1:] in exported} | {"await_for_run"}
    assert described == exported - async_versions - {"ACCOUNT_INPUTS"}


def public_classes(folder: Path) -> Iterator[str]:
    """The classes of a folder's modules that are no bases of others."""
    for path in folder.glob("*.py"):
        if path.stem not in ("base", "polling"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield f"airflow_provider_ikigai.{folder.name}.{path.stem}.{node.name}"


@pytest.mark.parametrize("folder", ["hooks", "operators", "sensors", "triggers"])
def test_every_class_of_the_airflow_provider_is_described(folder: str) -> None:
    classes = set(public_classes(ROOT / "integrations/airflow-provider-ikigai/airflow_provider_ikigai" / folder))
    assert classes
    assert classes <= _DESCRIBED


def test_the_reference_of_commands_is_made_from_them() -> None:
    conf = runpy.run_path(str(ROOT / "docs/conf.py"))
    commands, settings = conf["commands"](), conf["settings"]()
    assert {"#### `ikigai login`", "##### `ikigai flows run`"} <= set(commands.splitlines())
    assert "--data-dir" in commands
    assert "| `api_key` | `IKIGAI_API_KEY` | yes |" in settings.splitlines()
    # The page on configuration has them all, with more words.
    page = (ROOT / "docs/configuration.md").read_text()
    assert {name for name in re.findall(r"^\| `(\w+)`", settings, re.MULTILINE) if f"`{name}`" not in page} == set()
