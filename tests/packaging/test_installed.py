"""The wheels in clean environments: they work alone, and their orchestrators find them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


def test_the_core_alone_imports_and_makes_a_client(install: Callable) -> None:
    environment = install("core", "ikigai-core")
    program = "from ikigai_core import Ikigai; print(Ikigai(user_email='bob@example.com', api_key='not-shown'))"
    printed = environment.run("python", "-c", program)
    assert "bob@example.com" in printed
    assert "not-shown" not in printed


def test_the_core_says_which_extra_its_async_face_needs(install: Callable) -> None:
    environment = install("core", "ikigai-core")
    program = """
import asyncio
from ikigai_core import AsyncIkigai
from ikigai_core.errors import ConfigurationError

async def list_apps():
    async with AsyncIkigai(user_email="bob@example.com", api_key="k", base_url="http://127.0.0.1:1") as ikigai:
        await ikigai.apps()

try:
    asyncio.run(list_apps())
except ConfigurationError as error:
    print(error)
"""
    assert "ikigai-core[async]" in environment.run("python", "-c", program)


def test_the_core_says_which_extra_its_command_line_needs(install: Callable) -> None:
    environment = install("core", "ikigai-core")
    program = "import subprocess; print(subprocess.run(['ikigai', 'ping'], capture_output=True, text=True))"
    printed = environment.run("python", "-c", program)
    assert "returncode=1" in printed
    assert "ikigai-core[cli]" in printed
    assert "Traceback" not in printed


def test_the_command_line_runs_from_its_wheel(install: Callable) -> None:
    environment = install("core", "ikigai-core[cli]")
    assert environment.run("ikigai", "--version").startswith("ikigai-core ")
    assert "--watch" in environment.run("ikigai", "flows", "run", "--help")
    program = "import subprocess; print(subprocess.run(['ikigai', 'local'], capture_output=True, text=True))"
    printed = environment.run("python", "-c", program)
    assert "returncode=1" in printed
    assert "ikigai-core[local]" in printed


def test_the_local_platform_runs_from_its_wheel(install: Callable) -> None:
    environment = install("core", "ikigai-core[local]")
    program = """
import requests
from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform

with LocalPlatform.start() as platform:
    with Ikigai(user_email=platform.user_email, api_key=platform.api_key, base_url=platform.url) as ikigai:
        tutorial = next(iter(ikigai.apps().values()))
        page = requests.get(tutorial.web_url, auth=(platform.user_email, platform.api_key), timeout=60)
        print(ikigai.facet_types.find("MID.Filter").facet_uid, page.status_code)
"""
    uid, status = environment.run("python", "-c", program).split()
    assert uid.startswith("M_")
    assert status == "200"


AIRFLOWS_TOOLS = """
import importlib, io, json, sys
from contextlib import redirect_stdout
from importlib.resources import files

import jsonschema
from airflow.__main__ import main
from airflow_provider_ikigai.get_provider_info import get_provider_info

def printed(*arguments):
    sys.argv = ["airflow", "providers", *arguments, "--output", "json"]
    with redirect_stdout(io.StringIO()) as output:
        main()
    return output.getvalue()

def strings(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in strings(part)] if isinstance(value, list) else [value]

info = get_provider_info()
jsonschema.validate(info, json.loads(files("airflow").joinpath("provider_info.schema.json").read_text()))
for text in strings(info):
    if str(text).startswith("airflow_provider_ikigai."):
        try:
            importlib.import_module(text)
        except ModuleNotFoundError:
            module, _, name = text.rpartition(".")
            getattr(importlib.import_module(module), name)
tools = ("list", "hooks", "triggers", "links", "behaviours", "widgets", "auth-managers", "configs", "executors",
         "logging", "notifications", "queues", "secrets")
answers = {tool: printed(tool) for tool in tools}
answers["get"] = printed("get", "--full", "airflow-provider-ikigai")
print(json.dumps(answers))
"""
LAZY_LOADED = """
import subprocess
done = subprocess.run(["airflow", "providers", "lazy-loaded"], capture_output=True, text=True)
print(done.returncode, done.stdout, done.stderr)
"""


def test_airflows_own_tools_find_all_of_the_provider(install: Callable, tmp_path: Path) -> None:
    environment = install("airflow", "airflow-provider-ikigai")
    settings = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False"}
    answers = json.loads(environment.run("python", "-c", AIRFLOWS_TOOLS, **settings).splitlines()[-1])
    told = {tool: [row for row in json.loads(rows) if "ikigai" in str(row)] for tool, rows in answers.items() if rows}
    (provider,) = told["list"]
    assert provider["package_name"] == told["get"][0]["package-name"] == "airflow-provider-ikigai"
    assert told["get"][0]["task-decorators"]
    (hook,) = told["hooks"]
    assert (hook["connection_type"], hook["hook_name"]) == ("ikigai", "Ikigai")
    parts = {tool: len(told[tool]) for tool in ("triggers", "links", "behaviours", "widgets")}
    assert parts == {"triggers": 5, "links": 5, "behaviours": 1, "widgets": 12}

    lazy_loaded = environment.run("python", "-c", LAZY_LOADED, **settings)
    assert "ikigai" not in lazy_loaded.replace(str(environment.folder), "")
    environment.remove("airflow-provider-ikigai")
    # Airflow 3.3 itself asks for the providers as it reads its configuration, which its tool takes for a fault.
    assert environment.run("python", "-c", LAZY_LOADED, **settings) == lazy_loaded


def test_prefect_loads_the_blocks_where_a_server_registers_them(install: Callable, tmp_path: Path) -> None:
    environment = install("prefect", "prefect-ikigai")
    program = """
from prefect.blocks.core import Block
from prefect.plugins import load_prefect_collections
from prefect.utilities.dispatch import get_registry_for_type

load_prefect_collections()
print(*get_registry_for_type(Block))
"""
    assert "ikigai-credentials" in environment.run("python", "-c", program, PREFECT_HOME=str(tmp_path)).split()


# It starts a server.
@pytest.mark.soak
def test_prefect_finds_the_blocks(install: Callable, tmp_path: Path) -> None:
    environment = install("prefect", "prefect-ikigai")
    settings = {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600",
        "DO_NOT_TRACK": "1",
    }
    assert "ikigai-credentials" in environment.run("prefect", "block", "type", "ls", **settings)


def test_dagster_finds_the_components(install: Callable, tmp_path: Path) -> None:
    environment = install("dagster", "dagster-ikigai", "dagster-dg-cli")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    printed = environment.run("dg", "list", "components", "--json", DAGSTER_HOME=str(tmp_path))
    keys = {component["key"] for component in json.loads(printed)["items"]}
    assert "dagster_ikigai.IkigaiFlowComponent" in keys
