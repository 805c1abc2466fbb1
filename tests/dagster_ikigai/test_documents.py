"""The assets in the documents materialize, and the components load, as they stand."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster.components.testing import create_defs_folder_sandbox
from dagster_dg_cli.cli.launch import launch_command

import dagster_ikigai
from ikigai_core import Ikigai
from tests.dagster_ikigai.components.test_flow_component import DEFINITIONS, PROJECT
from tests.docs.documents import assert_ran, blocks, lay_out, programs

# The demo's steps have processes of their own.
IN_THIS_PROCESS = {"execution": {"config": {"in_process": {}}}}


@pytest.mark.parametrize("text", programs("dagster"))
def test_the_assets_materialize(
    text: str, ikigai_client: Ikigai, dagster_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lay_out(tmp_path, program=text))
    options = ["--assets", "*", "--config-json", json.dumps(IN_THIS_PROCESS)]
    launched = CliRunner().invoke(launch_command, ["-f", "program.py", *options])
    assert launched.exit_code == 0, launched.output
    with dg.DagsterInstance.get() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
    assert_ran(ikigai_client)


@pytest.fixture
def first_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The project of the first steps, as far as Python can import it; its test."""
    package = tmp_path / "src" / "flights"
    (package / "defs" / "late_flights").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    files = {"definitions.py": DEFINITIONS, "defs/__init__.py": "", "__init__.py": ""}
    shown = {"defs/resources.py": "python dagster-resources", "defs/flights.py": "python dagster-data"}
    shown |= {"defs/late_flights/defs.yaml": "yaml dagster-defs", "defs/late_flights/flow.yaml": "yaml dagster-flow"}
    for name, text in {**files, **{name: blocks(fence)[0] for name, fence in shown.items()}}.items():
        (package / name).write_text(text)
    lay_out(package / "defs")
    (package / "defs" / "late_flights.yaml").unlink()
    monkeypatch.syspath_prepend(package.parent)
    yield blocks("python dagster-test")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == "flights"]:
        del sys.modules[name]


def test_the_first_project_passes_its_own_test(first_project: str, ikigai_client: Ikigai) -> None:
    scope: dict[str, Any] = {}
    exec(first_project, scope)
    scope["test_late_flights_are_late"](ikigai_client)


@pytest.mark.parametrize("text", blocks("python dagster-workspace"))
def test_the_workspace_has_fields_that_go_together(text: str) -> None:
    scope: dict[str, Any] = {}
    exec(text, scope)
    workspace = scope["workspace"]
    assert set(type(workspace).model_fields) - workspace.model_fields_set == {"api_key_file"}
    assert workspace._connection().client_key == "/etc/ikigai/client.key"
    dg.Definitions(resources={"ikigai": workspace}).resolve_all_job_defs()


@pytest.mark.parametrize("text", blocks("yaml component"))
def test_the_components_load(text: str, ikigai_client: Ikigai, tmp_path: Path) -> None:
    folder = lay_out(tmp_path)
    app = ikigai_client.app.new("Late flights").ensure()
    app.dataset.new("flights").csv(folder / "flights.csv").ensure()
    app.flow.new("Late flights").definition(folder / "late_flights.yaml").ensure()
    contents = yaml.safe_load(text)
    kind = getattr(dagster_ikigai, contents["type"].rpartition(".")[2])
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=kind, defs_yaml_contents=contents)
        shutil.copy(folder / "late_flights.yaml", path)
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
            if hasattr(component, "refresh_state"):
                asyncio.run(component.refresh_state(sandbox.project_root))
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
            keys = defs.resolve_asset_graph().get_all_asset_keys()
    assert any("late_flights" in key.to_user_string() for key in keys)
