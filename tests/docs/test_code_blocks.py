"""The programs in the documents run, as they stand, and do what the documents say."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from ikigai_core import Ikigai
from ikigai_core.local.engine.registry import runnable_facet_types

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("integrations/*/README.md"))]
LABELS = ("plain", "airflow", "prefect", "prefect-setup", "dagster", "pytest")

SAVE_BLOCK = """
import os
from prefect_ikigai import IkigaiCredentials

IkigaiCredentials(
    user_email=os.environ["IKIGAI_USER_EMAIL"],
    api_key=os.environ["IKIGAI_API_KEY"],
    base_url=os.environ["IKIGAI_BASE_URL"],
).save("ikigai", overwrite=True)
"""

RUN_PROGRAM = """
import runpy

runpy.run_path("program.py", run_name="__main__")
"""

RUN_DAGS = """
import sys
from airflow.cli import cli_parser

# In one process: most of what `airflow` takes is its own start.
for dag_id in sys.argv[1:]:
    arguments = cli_parser.get_parser().parse_args(["dags", "test", dag_id])
    arguments.func(arguments)
"""

LOAD_COMPONENT = """
import asyncio, pathlib, shutil, sys, yaml
import dagster_ikigai
from dagster.components.testing import create_defs_folder_sandbox

contents = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())
kind = getattr(dagster_ikigai, contents["type"].rpartition(".")[2])
with create_defs_folder_sandbox() as sandbox:
    path = sandbox.scaffold_component(component_cls=kind, defs_yaml_contents=contents)
    shutil.copy("late_flights.yaml", path)
    with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
        if hasattr(component, "refresh_state"):
            asyncio.run(component.refresh_state(sandbox.project_root))
    with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
        print([key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()])
"""


def blocks(fence: str) -> list[str]:
    """The documents' blocks that are fenced in this way."""
    texts = "\n".join(path.read_text() for path in DOCUMENTS)
    return re.findall(rf"^```{fence}\n(.*?)^```$", texts, re.MULTILINE | re.DOTALL)


def program(document: Path, label: str) -> str:
    """All of a document's programs with a label, as one: later ones build on earlier ones."""
    return "\n".join(re.findall(rf"^```python {label}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL))


def programs(label: str) -> list[Any]:
    """The documents that have programs with a label; one of those that have the same."""
    having = {program(path, label): path for path in reversed(DOCUMENTS)}
    return [pytest.param(text, id=str(path.relative_to(ROOT))) for text, path in having.items() if text]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_program_says_who_runs_it(document: Path) -> None:
    labels = re.findall(r"^```python *(.*)$", document.read_text(), re.MULTILINE)
    assert set(labels) <= set(LABELS)


@pytest.mark.parametrize("text", programs("plain"))
def test_programs_with_the_plain_client_run(text: str, reader: Any) -> None:
    reader.run("core", "python", reader.write("program.py", text))


@pytest.mark.parametrize("text", programs("pytest"))
def test_tests_that_use_the_plugin_pass(text: str, reader: Any) -> None:
    reader.write("test_program.py", text)
    printed = reader.run("core", "python", "-m", "pytest", "-p", "ikigai_core.local.testing", "test_program.py")
    assert re.search(r"\b[1-9]\d* passed", printed)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("text", programs("airflow"))
def test_dags_run(text: str, reader: Any, airflow_database: Path, ikigai_client: Ikigai) -> None:
    dags = reader.folder / "dags"
    dags.mkdir()
    for name in ("flights.csv", "late_flights.yaml"):
        (reader.folder / name).rename(dags / name)
    reader.write("dags/program.py", text)
    (reader.folder / "airflow").mkdir()
    shutil.copy(airflow_database, reader.folder / "airflow")
    dag_ids = re.findall(r"^@dag\(.*?^def (\w+)\(", text, re.MULTILINE | re.DOTALL)
    assert dag_ids
    printed = reader.run("airflow", "python", reader.write("run.py", RUN_DAGS), *dag_ids)
    assert len(re.findall(r"DagRun Finished.*state=success", printed)) == len(dag_ids), printed
    assert_ran(ikigai_client)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("text", programs("prefect"))
def test_prefect_flows_run(text: str, reader: Any, prefect_api: str, ikigai_client: Ikigai) -> None:
    reader.variables["PREFECT_API_URL"] = prefect_api
    reader.write("program.py", text)
    # The server has the blocks of the documents before.
    setup = re.sub(r'\.save\("(\w+)"\)', r'.save("\1", overwrite=True)', "\n".join(blocks("python prefect-setup")))
    steps = [setup, SAVE_BLOCK, RUN_PROGRAM]
    reader.run("prefect", "python", reader.write("run.py", "\n".join(steps)))
    assert_ran(ikigai_client)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("text", programs("dagster"))
def test_dagster_assets_materialize(text: str, reader: Any, ikigai_client: Ikigai) -> None:
    file = reader.write("program.py", text)
    reader.run("dagster", "dg", "launch", "-f", file, "--assets", "*")
    assert_ran(ikigai_client)


@pytest.mark.parametrize("component", blocks("yaml component"))
def test_the_dagster_components_load(component: str, reader: Any, ikigai_client: Ikigai) -> None:
    app = ikigai_client.app.new("Late flights").ensure()
    app.dataset.new("flights").csv(reader.folder / "flights.csv").ensure()
    app.flow.new("Late flights").definition(reader.folder / "late_flights.yaml").ensure()
    file = reader.write("defs.yaml", component)
    printed = reader.run("dagster", "python", reader.write("load.py", textwrap.dedent(LOAD_COMPONENT)), file)
    assert "late_flights" in printed
    app.delete()


@pytest.mark.parametrize("definition", blocks("yaml definition"))
def test_flow_definitions_run(definition: str, reader: Any, ikigai_client: Ikigai) -> None:
    app = ikigai_client.app.new("Definitions").ensure()
    app.dataset.new("flights").csv(reader.folder / "flights.csv").ensure()
    flow = app.flow.new("In a document").definition(yaml.safe_load(definition)).ensure()
    flow.start().result()
    app.delete()


def test_the_options_of_the_local_platform_are_all_told(reader: Any) -> None:
    shown = reader.run("core", "python", "-m", "ikigai_core.local", "--help")
    told = re.findall(r"^\| `(--[\w-]+)`", (ROOT / "docs" / "local-platform.md").read_text(), re.MULTILINE)
    assert set(told) == set(re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE))


def test_the_facets_that_are_told_to_run_are_those_that_do() -> None:
    page = (ROOT / "docs" / "local-platform.md").read_text()
    told = re.findall(r"`(\w+)`", " ".join(re.findall(r"^- `(?:INPUT|MID|OUTPUT)`:(.*)$", page, re.MULTILINE)))
    assert {name.upper() for name in told} == set(runnable_facet_types())


def assert_ran(ikigai: Ikigai) -> None:
    """Make sure that the flow ran and wrote what the documents say; clear it away for the next document."""
    app = ikigai.apps["Late flights"]
    assert app.flows["Late flights"].run_logs()[0].status.value == "SUCCESS"
    written = [dataset for name, dataset in app.datasets().items() if name.startswith("late_flights")]
    assert written
    assert all(len(dataset.df()) > 300 for dataset in written)
    app.delete()
