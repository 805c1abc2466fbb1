"""The OpenAPI document tells of the whole API, and what it tells is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

import ikigai_core.api
from ikigai_core.local.process import LocalPlatform

HERE = Path(__file__).parent
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "refusals_say_why",
)


@pytest.fixture
def document(api: Any) -> Any:
    """The document, which needs no credentials."""
    answer = requests.get(f"{api.platform.url}/openapi.json", timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_every_endpoint_that_the_client_calls_is_described(document: Any) -> None:
    sources = Path(ikigai_core.api.__file__).parent.glob("*.py")
    called = {
        path for source in sources for path in re.findall(r'"(/(?:component|search)/[a-z-]+)"', source.read_text())
    }
    assert len(called) > 40
    assert called <= set(document["paths"])


def test_bodies_answers_and_refusals_are_described(document: Any) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all("4XX" in operation["responses"] and "422" not in operation["responses"] for operation in operations)
    answered = document["paths"]["/component/get-pipeline"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answered["schema"]["$ref"].endswith("FlowFound")
    definition = document["components"]["schemas"]["Definition"]["properties"]
    assert set(definition) == {"facets", "arrows", "variables", "model_variables"}


def test_what_needs_credentials_is_told(document: Any) -> None:
    assert document["security"] == [{"user": [], "api-key": []}]
    assert document["paths"]["/search/heartbeat"]["get"]["security"] == []
    assert "security" not in document["paths"]["/component/get-project"]["get"]


@pytest.fixture
def own_api(own_platform: LocalPlatform, connect: Callable[..., Any]) -> Any:
    """A platform of the test's own: fuzzing deletes whatever it finds, and leaves uploads behind."""
    return connect(own_platform)


@pytest.mark.soak
def test_ten_minutes_of_fuzzing_find_nothing(own_api: Any, definition: Any, tmp_path: Path) -> None:
    fuzz(own_api, definition, tmp_path, "--max-time", "600")


def fuzz(api: Any, definition: Any, folder: Path, *length: str) -> None:
    """Fuzz a platform's API from its document; no answer takes longer than 20 s."""
    app_id = api.app()
    log_before = len((api.platform.data_dir / "server.log").read_text())
    environment = os.environ | {"FUZZING_KNOWN": json.dumps(known(api, app_id, definition)), "PYTHONPATH": str(HERE)}
    environment["FUZZING_HEADERS"] = json.dumps({name: api.session.headers[name] for name in ("user", "api-key")})
    environment["SCHEMATHESIS_HOOKS"] = "fuzzing"
    command = [str(Path(sys.executable).with_name("st")), "run", f"{api.platform.url}/openapi.json"]
    command += [
        *length,
        "--seed",
        os.environ["IKIGAI_TEST_SEED"],
        "--checks",
        ",".join(CHECKS),
        "--request-timeout",
        "20",
    ]
    command += ["--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--warnings", "off"]
    # What orders failures is not for this: it would be obeyed.
    command += ["--exclude-path-regex", "^/_local"]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    # What the fuzzer deleted is gone; the platform is well.
    assert api.ask("get-projects-for-user") is not None
    assert "Traceback" not in (api.platform.data_dir / "server.log").read_text()[log_before:]


def known(api: Any, app_id: str, definition: Any) -> dict[str, str]:
    """Return ids of one thing of every kind, by the names of the parameters and fields that take them."""
    dataset_id = api.dataset(app_id)
    flow_id = api.flow(app_id, definition(dataset_id))
    new_model = {"project_id": app_id, "name": "a model", "model_type": "Linear", "sub_model_type": "Lasso"}
    custom_facet = {"name": "a facet", "chain_group": "MID", "python_script": "result = data"}
    upload = api.begin_upload(app_id, dataset_id, "rows.csv", 100)
    directory = {"name": "a directory", "project_id": app_id, "parent_id": ""}
    return {
        "project_id": app_id,
        "dataset_id": dataset_id,
        "pipeline_id": flow_id,
        "model_id": api.tell("create-model", {"model": new_model})["model_id"],
        "custom_facet_id": api.tell("create-custom-facet", {"custom_facet": custom_facet})["custom_facet_id"],
        "directory_id": api.tell("create-dataset-directory", {"directory": directory})["directory_id"],
        "upload_id": upload["upload_id"],
        "filename": "rows.csv",
        "model_type": "Linear",
        "sub_model_type": "Lasso",
    }
