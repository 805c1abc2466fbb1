"""The programs in the documents run, as they stand, and do what the documents say.

Those for an orchestrator run where it stands already: in the `test_documents` of its integration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ikigai_core import Ikigai

from .documents import DOCUMENTS, ROOT, blocks, programs

LABELS = (
    "plain", "airflow", "airflow-test", "prefect", "prefect-test", "prefect-setup", "pytest",
    "dagster", "dagster-workspace", "dagster-resources", "dagster-data", "dagster-test",
)  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_program_says_who_runs_it(document: Path) -> None:
    labels = re.findall(r"^```python *(.*)$", document.read_text(), re.MULTILINE)
    assert set(labels) <= set(LABELS)


@pytest.mark.parametrize("text", programs("plain"))
def test_programs_with_the_plain_client_run(text: str, run_program: Callable[[str], str]) -> None:
    run_program(text)


@pytest.mark.parametrize("text", programs("pytest"))
def test_tests_that_use_the_plugin_pass(text: str, reader: Path, run_program: Callable[[str], str]) -> None:
    (reader / "test_program.py").write_text(text)
    arguments = ["-p", "ikigai_core.local.testing", "test_program.py"]
    printed = run_program(f"import sys, pytest; sys.exit(pytest.main({arguments}))")
    assert re.search(r"\b[1-9]\d* passed", printed)


@pytest.mark.parametrize("definition", blocks("yaml definition"))
def test_flow_definitions_run(definition: str, reader: Path, ikigai_client: Ikigai) -> None:
    app = ikigai_client.app.new("Definitions").ensure()
    app.dataset.new("flights").csv(reader / "flights.csv").ensure()
    document = yaml.safe_load(definition)
    for facet in document["facets"].values():
        if "model" in facet:
            model_type = ikigai_client.model_types.find(facet["model"])
            app.model.new(facet["arguments"]["model_name"]).model_type(model_type).ensure()
    flow = app.flow.new("In a document").definition(document).ensure()
    flow.start().result()


def test_the_options_of_the_local_platform_are_all_told(run_program: Callable[[str], str]) -> None:
    shown = run_program(
        "import sys, runpy; sys.argv[1:] = ['--help']; runpy.run_module('ikigai_core.local', run_name='__main__')"
    )
    told = re.findall(r"^\| `(--[\w-]+)`", (ROOT / "docs" / "local-platform.md").read_text(), re.MULTILINE)
    assert set(told) == set(re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE))
