"""Runs flows as the platform does: a job folder, and the worker on it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine import worker
from ikigai_core.local.specs import load_facet_specs

Facet = dict[str, Any]


@dataclass
class Ended:
    """What a worker left."""

    status: str
    message: str
    facet_id: str
    printed: str
    outputs: list[dict[str, Any]]
    folder: Path
    model_versions: list[dict[str, Any]]
    stand_ins: list[str]

    def text(self, number: int = 0) -> str:
        """The bytes of an output, as text with its line endings."""
        return Path(self.outputs[number]["path"]).read_bytes().decode()

    def rows(self, number: int = 0) -> list[list[str]]:
        """The rows of an output, its header first."""
        with Path(self.outputs[number]["path"]).open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file, strict=True))

    def types(self, number: int = 0) -> dict[str, str]:
        """The column types of an output."""
        return {name: column["data_type"] for name, column in self.outputs[number]["columns"].items()}


class Jobs:
    """Makes job folders and runs the worker on them.

    Parameters
    ----------
    folder
        Where they go.
    own_process
        Whether the worker is started as the platform starts it. Tests of what single facets do call it instead:
        hundreds of Python processes would take minutes.
    """

    def __init__(self, folder: Path, *, own_process: bool = False) -> None:
        self.own_process = own_process
        self._folder = folder
        self._inputs: dict[str, dict[str, Any]] = {}
        self._made = 0

    def dataset(self, content: str | bytes, data_types: Mapping[str, Any] | None = None) -> str:
        """Store a dataset; gives its id."""
        dataset_id = f"dataset-{len(self._inputs)}"
        path = self._folder / f"{dataset_id}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._inputs[dataset_id] = {"path": str(path), "name": dataset_id, "data_types": data_types or {}}
        return dataset_id

    @staticmethod
    def facet(facet_type: str, name: str = "", facet_id: str | None = None, **arguments: Any) -> Facet:
        """A facet of a type such as `MID.SORT`, in wire format; its id is its name where none is given."""
        chain, kind = facet_type.split(".")
        spec = next(group[kind] for group in load_facet_specs()[chain].values() if kind in group)
        return {
            "facet_id": facet_id or name or facet_type,
            "facet_uid": spec["facet_info"]["facet_uid"],
            "name": name,
            "arguments": arguments,
        }

    @staticmethod
    def arrow(source: Facet, destination: Facet, **arguments: Any) -> dict[str, Any]:
        """An arrow in wire format."""
        return {"source": source["facet_id"], "destination": destination["facet_id"], "arguments": arguments}

    def exported(self, name: str = "sink", dataset_name: str = "result", **arguments: Any) -> Facet:
        """An Exported facet."""
        return self.facet("OUTPUT.EXPORTED", name, dataset_name=dataset_name, **arguments)

    def imported(self, content: str | bytes, name: str = "source", **arguments: Any) -> Facet:
        """An Imported facet of a new dataset."""
        return self.facet("INPUT.IMPORTED", name, dataset_id=self.dataset(content), **arguments)

    def run(
        self,
        facets: Sequence[Facet],
        arrows: Sequence[dict[str, Any]] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        targets: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        custom_facets: Mapping[str, Any] | None = None,
        models: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Ended:
        """Run a flow of these facets: chained one after another where no arrows are given."""
        if arrows is None:
            arrows = [self.arrow(one, other) for one, other in zip(facets, facets[1:], strict=False)]
        definition = {"facets": list(facets), "arrows": arrows, "variables": targets or {}, "model_variables": {}}
        return self.run_definition(
            definition, variables=variables, parameters=parameters, custom_facets=custom_facets, models=models, **more
        )

    def run_definition(
        self,
        definition: Any,
        *,
        variables: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        custom_facets: Mapping[str, Any] | None = None,
        models: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Ended:
        """Run a definition, whatever it is. `more` are other parts of the job."""
        self._made += 1
        folder = self._folder / f"job-{self._made}"
        folder.mkdir()
        job = {
            "run_id": folder.name,
            "definition": definition,
            "variables": variables or {},
            "inputs": self._inputs,
            "parameters": parameters or {},
            "custom_facets": custom_facets or {},
            "models": models or {},
            **more,
        }
        (folder / "job.json").write_text(json.dumps(job))
        if self.own_process or environment:
            command = [sys.executable, "-m", "ikigai_core.local.engine.worker", str(folder)]
            subprocess.run(command, env={**os.environ, **(environment or {})}, check=True, timeout=120)
        else:
            assert worker.main([str(folder)]) == 0
        result = json.loads((folder / "result.json").read_text())
        return Ended(**result, folder=folder)

    def transform(self, content: str | bytes, *facets: Facet) -> Ended:
        """Run Imported, these facets, Exported."""
        return self.run([self.imported(content), *facets, self.exported()])


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)
