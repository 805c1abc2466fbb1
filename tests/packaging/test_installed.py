"""The wheels in clean environments: they work alone, and their orchestrators find them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

# It fetches and unpacks an orchestrator.
pytestmark = pytest.mark.timeout(400)


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


def test_airflow_finds_the_provider(install: Callable, tmp_path: Path) -> None:
    environment = install("airflow", "airflow-provider-ikigai")
    settings = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False"}
    providers = json.loads(environment.run("airflow", "providers", "list", "--output", "json", **settings))
    assert "airflow-provider-ikigai" in {provider["package_name"] for provider in providers}
    hooks = json.loads(environment.run("airflow", "providers", "hooks", "--output", "json", **settings))
    assert ("ikigai", "airflow-provider-ikigai") in {(hook["connection_type"], hook["package_name"]) for hook in hooks}


def test_prefect_finds_the_blocks(install: Callable, tmp_path: Path) -> None:
    environment = install("prefect", "prefect-ikigai")
    settings = {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "DO_NOT_TRACK": "1",
    }
    assert "ikigai-credentials" in environment.run("prefect", "block", "type", "ls", **settings)


def test_dagster_finds_the_components(install: Callable, tmp_path: Path) -> None:
    environment = install("dagster", "dagster-ikigai", "dagster-dg-cli")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    printed = environment.run("dg", "list", "components", "--json", DAGSTER_HOME=str(tmp_path))
    keys = {component["key"] for component in json.loads(printed)["items"]}
    assert "dagster_ikigai.IkigaiFlowComponent" in keys
