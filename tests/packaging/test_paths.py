"""Each path of the READMEs, from `pip install` on, to the letter: in an empty environment, from the wheels alone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from tests.docs.documents import DOCUMENTS, ROOT, assert_ran, lay_out, program

from .conftest import Distribution, uv

pytest_plugins = ["ikigai_core.local.testing"]

TUTORIAL = ROOT / "docs/tutorial.md"
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600",
}


def commands(document: Path, label: str) -> str:
    """What a document has a reader type in a shell on one path."""
    return "\n".join(re.findall(rf"^```bash {label}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL))


def paths() -> list[Any]:
    """The READMEs' paths: the document, and the label of its programs and commands."""
    return [
        pytest.param(document, label, id=f"{document.relative_to(ROOT)} {label}")
        for document in DOCUMENTS
        for label in ("plain", "airflow", "prefect", "dagster")
        if document.name == "README.md" and commands(document, label)
    ]


def test_every_readme_has_a_path() -> None:
    found = [tuple(path.values) for path in paths()]
    assert len(found) == 7
    assert all(re.search(r"^pip install \S", commands(*each), re.MULTILINE) for each in found)


def shell_environment(home: Path, distributions: dict[str, Distribution]) -> dict[str, str]:
    """That of a new user, whose pip finds our wheels beside what else it knows."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IKIGAI", "PYTHON", "AIRFLOW"))}
    wheels = [str(each.wheel.parent) for each in distributions.values()]
    found = " ".join([*wheels, os.environ.get("PIP_FIND_LINKS", "")])
    return {**kept, **QUIET, "HOME": str(home), "PIP_FIND_LINKS": found}


# An upstream release may break a path on any day, which says nothing about a change here.
@pytest.mark.soak
@pytest.mark.parametrize(("document", "label"), paths())
def test_a_path_runs_as_it_is_printed(
    document: Path,
    label: str,
    distributions: dict[str, Distribution],
    ikigai_local: LocalAccount,
    ikigai_client: Ikigai,
    tmp_path: Path,
) -> None:
    environment, reader = tmp_path / "environment", tmp_path / "reader"
    uv("venv", "--quiet", "--seed", "--no-project", "--python", sys.executable, str(environment))
    reader.mkdir()
    lay_out(reader, late_flights=program(document, label))
    own = {"PATH": f"{environment / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(environment)}
    done = subprocess.run(
        ["bash", "-euc", commands(document, label)],
        cwd=reader,
        env={**shell_environment(tmp_path, distributions), **own, **ikigai_local.environ()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-10_000:]
    assert_ran(ikigai_client)


@pytest.mark.soak
def test_the_tutorial_runs_as_it_is_printed(distributions: dict[str, Distribution], tmp_path: Path) -> None:
    """All but the port, which another program of this machine may have."""
    dags = tmp_path / "delays" / "dags"
    dags.mkdir(parents=True)
    lay_out(dags, delays=program(TUTORIAL, "airflow")).joinpath("late_flights.yaml").unlink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    typed = commands(TUTORIAL, "tutorial").replace("8100", port)
    typed = typed.replace("ikigai local", f"ikigai local --port {port}")
    environment = shell_environment(tmp_path, distributions)
    python = f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"
    with (tmp_path / "said").open("w") as said:
        shell = subprocess.Popen(
            ["bash", "-euc", typed],
            cwd=tmp_path,
            env={**environment, "PATH": python},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait()
        finally:
            # The platform, which the reader leaves running.
            os.killpg(shell.pid, signal.SIGTERM)
    told = (tmp_path / "said").read_text()
    assert status == 0, told[-10_000:]
    assert "predicted_arr_delay" in told.splitlines()[-3], told[-10_000:]
