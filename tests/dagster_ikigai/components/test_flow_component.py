"""The component, and both as ``dg`` finds, scaffolds, refreshes and launches them in a project."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

from dagster_ikigai import IkigaiFlowComponent
from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from tests.dagster_ikigai import forks

COMMANDS = ["api", "check", "dev", "labs", "launch", "list", "plus", "scaffold", "utils"]
forks.with_imports("jsonschema", "rich.markdown", *(f"dagster_dg_cli.cli.{name}" for name in COMMANDS))

DEFINITIONS = """\
from pathlib import Path

import dagster as dg

defs = dg.load_from_defs_folder(project_root=Path(__file__).parents[2])
"""
PROJECT = """\
[project]
name = "flights"
version = "0.1.0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "flights"
"""

# Each attribute with a value that it does not take.
WRONG: dict[str, Any] = {
    "on_busy": "wiat",
    "isolation": "alone",
    "on_doubt": "hope",
    "backfill_policy": "single_run",
    "partitions": {"type": "yearly"},
    "retry_policy": {"backoff": "QUICK"},
    "sensor": {"status": "runs"},
    "checks": {"columns": {"numbers": {"value": "INT"}}},
    "workspace": {"api_key": "none of the YAML's business"},
    "chekcs": True,
}


def run(name: str, *arguments: str, folder: Path, fails: bool = False) -> str:
    """What a command of this environment printed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}
    log = folder / f"{uuid.uuid4().hex}.log"
    process = forks.start(forks.command, name, *arguments, environment=environment, folder=folder, log=log)
    process.join()
    printed = log.read_text()
    assert bool(process.exitcode) is fails, printed
    return printed


@pytest.fixture
def project(dagster_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as ``dg`` knows it, installed as far as Python can import it."""
    package = tmp_path / "project" / "src" / "flights"
    (package / "defs").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "defs" / "__init__.py").touch()
    (package / "definitions.py").write_text(DEFINITIONS)
    (tmp_path / "project" / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "config.toml").write_text("[cli.telemetry]\nenabled = false\n")
    monkeypatch.setenv("DG_CLI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PYTHONPATH", str(package.parent), prepend=os.pathsep)
    return tmp_path / "project"


def test_scaffolded_components_are_refreshed_and_launched(
    project: Path, ikigai_client: Ikigai, app: str, requests_sent: Callable[[], int]
) -> None:
    remote = ikigai_client.apps[app]
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {"dataset_name": "out of it", "file_type": "csv", "header": True},
        },
    }
    remote.flow.new("Remote").definition({"facets": facets}).build()

    def scaffold(component: str, folder: str, **parameters: str) -> None:
        written = json.dumps(parameters)
        run("dg", "scaffold", "defs", f"dagster_ikigai.{component}", folder, "--json-params", written, folder=project)

    before = requests_sent()
    scaffold("IkigaiFlowComponent", "copy", app=app, flow="Copy", dataset="numbers", output="numbers again")
    scaffold("IkigaiAppComponent", "an_app", app=app)
    written = yaml.safe_load((project / "src" / "flights" / "defs" / "copy" / "defs.yaml").read_text())
    assert written["attributes"] == {"app": app, "flow": "Copy", "definition": "flow.yaml"}
    assert requests_sent() == before

    path = project / "src" / "flights" / "defs" / "copy" / "defs.yaml"
    right = path.read_text()
    path.write_text(yaml.safe_dump({**written, "attributes": {**written["attributes"], **WRONG}}))
    told = run("dg", "check", "yaml", folder=project, fails=True)
    assert "'wiat' is not one of ['wait', 'attach', 'fail']" in told
    assert [name for name in WRONG if f"attributes.{name} " not in told] == []
    path.write_text(right)
    run("dg", "check", "yaml", folder=project)

    assert "IkigaiAppComponent" in run("dg", "utils", "refresh-defs-state", folder=project)
    in_one_process = json.dumps({"execution": {"config": {"in_process": {}}}})
    run("dg", "launch", "--assets", "*", "--config-json", in_one_process, folder=project)
    for dataset in ("numbers again", "out of it"):
        assert list(remote.datasets[dataset].df()["value"]) == [1, 2, 3]


def test_a_definition_may_be_inline_and_the_workspace_a_resource() -> None:
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers"},
        "large": {
            "type": "MID.Filter",
            "after": "numbers",
            "arguments": {"column_name": "value"},
            "variables": {"bound": "value"},
        },
        "out": {"type": "OUTPUT.Exported", "after": "large", "arguments": {"dataset_name": "large"}},
    }
    attributes = {
        "app": "An app",
        "flow": "A flow",
        "definition": {"facets": facets},
        "variables": {"bound": 2},
        "workspace": "my_workspace",
        "translation": {"key": "mine/{{ props.name }}", "group_name": "flights"},
    }
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
            assert isinstance(component, IkigaiFlowComponent)
            [made] = [found for found in defs.assets or () if isinstance(found, dg.AssetsDefinition)]
            assert made.group_names_by_key == {dg.AssetKey(["mine", "large"]): "flights"}
            assert "my_workspace" in made.required_resource_keys


def test_checks_a_running_sensor_backfills_and_upstream_assets_are_said_in_yaml() -> None:
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers"},
        "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "out"}},
    }
    attributes = {
        "app": "An app",
        "flow": "A flow",
        "definition": {"facets": facets},
        "backfill_policy": "multi_run",
        "deps": ["warehouse/orders"],
        "checks": {"max_null_share": 0.1},
        "sensor": {"status": "running", "minimum_interval_seconds": 30},
    }
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        with sandbox.load_component_and_build_defs(defs_path=path) as (_, defs):
            [made] = [found for found in defs.assets or () if isinstance(found, dg.AssetsDefinition)]
            [sensor] = defs.sensors or ()
            [checks] = defs.asset_checks or ()
    assert {key.to_user_string() for key in made.dependency_keys} == {"an_app/numbers", "warehouse/orders"}
    assert made.backfill_policy == dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
    assert isinstance(sensor, dg.SensorDefinition)
    assert (sensor.name, sensor.minimum_interval_seconds) == ("an_app__a_flow__ikigai_runs", 30)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert {key.name for key in checks.check_keys} == {"column_types", "row_count", "nulls", "upload"}


def test_an_account_may_stand_in_the_yaml_without_its_key(
    app: str, ikigai_client: Ikigai, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_BASE_URL"):
        monkeypatch.delenv(name)
    (tmp_path / "key").write_text(ikigai_local.api_key)
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {"dataset_name": "out", "file_type": "csv", "header": True},
        },
    }
    account = {"user_email": ikigai_local.user_email, "base_url": ikigai_local.url}
    attributes = {
        "app": app,
        "flow": "Copy",
        "definition": {"facets": facets},
        "checks": True,
        "workspace": {**account, "api_key_file": str(tmp_path / "key")},
    }
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        with sandbox.load_component_and_build_defs(defs_path=path) as (_, defs):
            result = defs.resolve_implicit_global_asset_job_def().execute_in_process()
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert "out" in ikigai_client.apps[app].datasets()


@pytest.mark.parametrize("attribute", [{}, {"create_app": False}, {"create_app": True}])
def test_an_app_is_created_only_where_the_component_asks_for_it(
    attribute: dict[str, bool], app: str, ikigai_client: Ikigai
) -> None:
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers"},
        "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "out"}},
    }
    attributes = {"app": f"New {app}", "flow": "Copy", "definition": {"facets": facets}, **attribute}
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        with sandbox.load_component_and_build_defs(defs_path=path) as (_, defs):
            job = defs.resolve_implicit_global_asset_job_def()
            assert not job.execute_in_process(raise_on_error=False).success  # there is no such app or no such dataset
    assert (f"New {app}" in ikigai_client.apps()) is attribute.get("create_app", False)


def test_a_faulty_definition_names_the_facet_at_load() -> None:
    definition = {"facets": {"out": {"type": "OUTPUT.Exported", "after": "nowhere"}}}
    attributes = {"app": "An app", "flow": "A flow", "definition": definition}
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        failing = pytest.raises(Exception, match="Error while building definitions")
        with failing as caught, sandbox.load_component_and_build_defs(defs_path=path):
            pass
    assert "'out' comes after 'nowhere'" in str(caught.value.__cause__)


@pytest.mark.parametrize("unique_output", ["name of output", "bound"])
def test_how_runs_are_started_is_said_in_yaml_and_checked_at_load(unique_output: str) -> None:
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers"},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {"dataset_name": "out"},
            "variables": {"name of output": "dataset_name"},
        },
    }
    how = {"isolation": "copy", "on_doubt": "accept", "unique_output": unique_output, "keep_copies": True}
    attributes = {"app": "An app", "flow": "A flow", "definition": {"facets": facets}, **how}
    body = {"type": "dagster_ikigai.IkigaiFlowComponent", "attributes": attributes}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiFlowComponent, defs_yaml_contents=body)
        if unique_output == "bound":
            with pytest.raises(Exception, match="Error") as caught, sandbox.load_component_and_build_defs(path):
                pass
            assert "unique_output is 'bound'" in str(caught.value.__cause__)
            return
        with sandbox.load_component_and_build_defs(path) as (component, _):
            assert isinstance(component, IkigaiFlowComponent)
            start = component.to_settings().start
            assert {name: getattr(start, name) for name in how} == how
