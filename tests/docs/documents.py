"""What the documents show, for those who run it: the tests here, and those of the orchestrators."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import Ikigai

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("integrations/*/README.md"))]


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


def lay_out(folder: Path, **files: str) -> Path:
    """Put what the programs read into a folder, and files of Python by their names; return the folder."""
    for name in ("data/flights.csv", "late_flights.yaml", "delays.yaml"):
        shutil.copy(ROOT / "examples" / name, folder)
    shutil.copytree(ROOT / "examples" / "recordings", folder / "recordings", dirs_exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def assert_ran(ikigai: Ikigai) -> None:
    """Make sure that flows ran, and wrote what the documents say."""
    apps = [app for app in ikigai.apps().values() if app.name in ("Late flights", "Delays")]
    last_runs = [run for app in apps for flow in app.flows().values() for run in flow.run_logs()]
    assert last_runs
    assert {run.status.value for run in last_runs} == {"SUCCESS"}
    written = [
        dataset
        for app in apps
        for name, dataset in app.datasets().items()
        if name.startswith(("late_flights", "predicted_delays"))
    ]
    assert written
    assert all(len(dataset.df()) > 300 for dataset in written)
