"""The notebook runs from top to bottom, and definitions and runs show themselves in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from ikigai_core.local.account import LocalAccount

pytest_plugins = ["ikigai_core.local.testing"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_notebook_shows_definitions_and_runs(
    ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Nothing of the user's own notebooks takes part.
    folders = dict.fromkeys(("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"), str(tmp_path))
    for name, value in {**folders, **ikigai_local.environ()}.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(EXAMPLES / "late_flights.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    shown = [shown_data(cell) for cell in notebook.cells if cell.cell_type == "code"]
    document, definition, run, log, table = shown[1:]
    for drawing in (document["image/svg+xml"], definition["image/svg+xml"]):
        assert drawing.count("<rect") == 3
        assert drawing.count("marker-end") == 2
    assert "SUCCESS" in run["text/html"]
    assert ikigai_local.user_email in log["text/html"]
    assert "<table" in table["text/html"]


def shown_data(cell: Any) -> Any:
    """What a cell shows at its end, by media type."""
    results = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    return results[0] if results else {}
