"""The assets in the documents materialize, and the components load, as they stand."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster.components.testing import create_defs_folder_sandbox
from dagster_dg_cli.cli.launch import launch_command

import dagster_ikigai
from ikigai_core import Ikigai
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
