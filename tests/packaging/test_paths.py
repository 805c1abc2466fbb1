"""Each path of the READMEs and pages, from the installation on, to the letter: in an empty environment, from wheels."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from tests.docs.documents import DOCUMENTS, ROOT, assert_ran, lay_out, program

from .conftest import UV, Distribution, uv

pytest_plugins = ["ikigai_core.local.testing"]

FLIGHTS = ROOT / "examples/data/flights.csv"
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
    """The documents' paths of one program: the document, and the label of its programs and commands."""
    return [
        pytest.param(document, label, id=f"{document.relative_to(ROOT)} {label}")
        for document in DOCUMENTS
        for label in ("plain", "airflow", "prefect", "dagster")
        if commands(document, label)
    ]


def test_every_readme_and_first_page_has_a_path() -> None:
    found = [tuple(path.values) for path in paths()]
    pages = {document.stem for document, _ in found if document.name != "README.md"}
    assert len(found) == 7 + len(pages)
    assert pages == {"airflow", "core-client", "dagster", "prefect"}
    assert all(re.search(r"^pip install \S", commands(*each), re.MULTILINE) for each in found)


@dataclass(frozen=True)
class Walk:
    """A page that leads from nothing to a result, in several files."""

    page: Path
    label: str
    """Of its commands."""
    files: dict[str, str]
    """The file that each block is saved as, by the block's fence."""
    result: str
    """What is printed when all went well."""

    def typed(self, port: str) -> str:
        """All that a reader does, top to bottom, as a shell script; but for the port, which may be taken here."""
        steps = []
        for fence, text in re.findall(r"^```(.+)\n((?:.*\n)*?)^```$", self.page.read_text(), re.MULTILINE):
            if fence == f"bash {self.label}":
                steps.append(text)
            elif fence in self.files:
                path = self.files[fence]
                steps.append(f"cat > {path} <<'END OF FILE'\n{text}END OF FILE\n")
                steps.append(f"cp {FLIGHTS} {Path(path).parent}\n")
        script = "".join(steps).replace("8100", port)
        return script.replace("ikigai local", f"ikigai local --port {port}")


WALKS = [
    Walk(
        ROOT / "docs/tutorial.md",
        "tutorial",
        {"yaml definition": "dags/delays.yaml", "python airflow": "dags/delays.py"},
        "predicted_arr_delay",
    ),
    Walk(
        ROOT / "docs/dagster-start.md",
        "first-project",
        {
            "python dagster-resources": "src/flights/defs/resources.py",
            "python dagster-data": "src/flights/defs/flights.py",
            "yaml dagster-defs": "src/flights/defs/late_flights/defs.yaml",
            "yaml dagster-flow": "src/flights/defs/late_flights/flow.yaml",
            "python dagster-test": "tests/test_flights.py",
        },
        "1 passed",
    ),
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.page.stem)
def test_a_walk_does_all_that_its_page_shows(walk: Walk) -> None:
    typed = walk.typed("1")
    assert all(f"cat > {path} " in typed for path in walk.files.values())
    assert "ikigai local --port 1 " in typed


def shell_environment(home: Path, distributions: dict[str, Distribution]) -> dict[str, str]:
    """That of a new user, whose pip finds our wheels beside what else it knows."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IKIGAI", "PYTHON", "AIRFLOW"))}
    wheels = [str(each.wheel.parent) for each in distributions.values()]
    found = " ".join([*wheels, os.environ.get("PIP_FIND_LINKS", "")])
    return {**kept, **QUIET, "HOME": str(home), "PIP_FIND_LINKS": found, "UV_FIND_LINKS": ",".join(wheels)}


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
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.page.stem)
def test_a_walk_leads_to_its_result(walk: Walk, distributions: dict[str, Distribution], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    python = Path(sys.executable).resolve()
    path = f"{python.parent}:{UV.parent}:{os.environ['PATH']}"
    with (tmp_path / "said").open("w") as said:
        shell = subprocess.Popen(
            ["bash", "-euc", walk.typed(port)],
            cwd=tmp_path,
            env={**shell_environment(tmp_path, distributions), "PATH": path, "UV_PYTHON": str(python)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait()
        finally:
            # The platform, which the reader leaves running, if it came to that.
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
    told = (tmp_path / "said").read_text()
    assert status == 0, told[-10_000:]
    assert walk.result in "".join(told.splitlines(keepends=True)[-5:]), told[-10_000:]
