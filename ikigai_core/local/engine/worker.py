"""Process that runs one flow: `python -m ikigai_core.local.engine.worker JOB_DIR`.

It reads `job.json`, keeps `progress.json` and `facets.jsonl` up to date, and writes `result.json` last. It leaves a
result for every definition; only a killed worker leaves none.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ikigai_core.local.engine import facets
from ikigai_core.local.engine.instances import make_ready
from ikigai_core.local.engine.observation import note_in
from ikigai_core.local.engine.run import RunResult, run_flow
from ikigai_core.local.engine.script_access import ScriptAccess, usual_access
from ikigai_core.local.engine.stand_ins import StandIn
from ikigai_core.local.engine.step import Dataset, Model, ScriptLimits
from ikigai_core.local.specs import facet_specs_by_uid, use_specs

_USUAL = ("imported", "exported")


def before_fork() -> None:
    """Do what every run needs, once for all runs that are forked from this process."""
    make_ready()
    facet_specs_by_uid()
    for facet_type in _USUAL:
        import_module(f"{facets.__name__}.{facet_type}")


def main(arguments: list[str]) -> int:
    """Run the job in the folder from the arguments; return the exit code of the process."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ikigai_core.local.engine.worker JOB_DIR\n")
        return 2
    # Scripts and DuckDB's spill files use other relative paths.
    folder = Path(arguments[0]).resolve()
    try:
        result = _run(folder)
    except Exception as error:
        traceback.print_exc()
        message = f"The local platform failed to run the flow ({type(error).__name__}); its log says more."
        result = RunResult("FAILED", "", message, (), "")
    finally:
        shutil.rmtree(folder / "spill", ignore_errors=True)
    _replace(folder / "result.json", result.to_dict())
    return 0


def _run(folder: Path) -> RunResult:
    job: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    if "specs" in job:
        use_specs(Path(job["specs"]))
    return run_flow(
        job["definition"],
        variables=job.get("variables") or {},
        datasets={dataset_id: _dataset(entry) for dataset_id, entry in job.get("inputs", {}).items()},
        folder=folder,
        report=lambda progress, message: _replace(folder / "progress.json", {"progress": progress, "message": message}),
        note=note_in(folder),
        custom_facets=job.get("custom_facets") or {},
        models={name: _model(entry) for name, entry in (job.get("models") or {}).items()},
        stand_ins={facet_id: StandIn.of(entry) for facet_id, entry in (job.get("stand_ins") or {}).items()},
        script_limits=_script_limits(job.get("parameters") or {}),
    )


def _dataset(entry: Mapping[str, Any]) -> Dataset:
    return Dataset(Path(entry["path"]), entry.get("name", ""), entry.get("data_types") or {})


def _model(entry: Mapping[str, Any]) -> Model:
    versions = {version["name"]: Path(version["path"]) for version in entry["versions"]}
    recorded = frozenset(entry.get("recorded") or ())
    return Model(entry["model_id"], entry["model_type"], entry["sub_model_type"], versions, recorded)


def _script_limits(parameters: Mapping[str, Any]) -> ScriptLimits:
    usual = ScriptLimits()
    return ScriptLimits(
        seconds=float(parameters.get("script_seconds", usual.seconds)),
        memory_bytes=int(parameters.get("script_memory_bytes", usual.memory_bytes)),
        access=ScriptAccess(parameters.get("script_access") or usual_access()),
        hidden=Path(parameters["hidden"]) if "hidden" in parameters else None,
    )


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file atomically: readers see the old content or the new one, never a part."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    os.replace(new, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
