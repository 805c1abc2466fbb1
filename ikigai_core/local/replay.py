"""Creates recorded flows with their data on a local platform. Their runs return the recorded outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ikigai_core.app_documents.specs import read_specs
from ikigai_core.client import Ikigai
from ikigai_core.components.app import App
from ikigai_core.errors import InvalidDefinitionError
from ikigai_core.local.control.client import LocalControl
from ikigai_core.recordings.recording import Recording
from ikigai_core.recordings.tables import write_csv


def replay(
    control: LocalControl,
    ikigai: Ikigai,
    folder: str | Path,
    *,
    only: bool = False,
    permanent: bool = False,
) -> App:
    """Create the app of a recording with its flow and its data; return the app.

    Runs of the flow compute what the platform can. For the rest, they give the recorded outputs.

    Parameters
    ----------
    control : LocalControl
    ikigai : Ikigai
        The client of the user who gets the app. It must not have asked for facet types before.
    folder : str or Path
        A folder that `ikigai record` wrote.
    only : bool, default False
        Compute nothing, and return all recorded outputs.
    permanent : bool, default False
        Keep the recording when the control API is reset.

    Raises
    ------
    InvalidDefinitionError
        The folder is not a recording, or the flow is there with another definition. The message has the difference.
    MissingFileError
        The folder, or one of its files, does not exist.
    """
    recording = Recording.load(folder)
    if _has_other_specs(ikigai.run(read_specs()), recording.specs):
        control.send("POST", "/specs", {"specs": recording.specs, "permanent": permanent})
    _check_flow(ikigai, recording)
    ikigai.apply_app(recording.document)
    app: App = ikigai.apps[recording.document.name]
    with TemporaryDirectory(prefix="ikigai-") as scratch:
        for number, (name, path) in enumerate(recording.imported.items()):
            app.dataset.new(name).csv(_csv(path, Path(scratch) / f"{number}.csv")).ensure(on_progress=False)
        tables = {}
        for name, path in recording.exported.items():
            tables[name] = control.send_table(_csv(path, Path(scratch) / "table.csv"))
    for name, versions in recording.model_versions.items():
        control.send("POST", "/model-versions", {"app_id": app.app_id, "model": name, "versions": list(versions)})
    flow = app.flows[recording.flow]
    order = {
        "label": str(recording.folder),
        "app_id": app.app_id,
        "flow": flow.name,
        "definition": flow.definition().to_dict(),
        "tables": tables,
        "only": only,
        "permanent": permanent,
    }
    control.send("POST", "/recordings", order)
    return app


def _csv(source: Path, target: Path) -> Path:
    write_csv(source, target)
    return target


def _check_flow(ikigai: Ikigai, recording: Recording) -> None:
    """Refuse to replace a flow that has another definition."""
    plan = ikigai.plan_app(recording.document)
    for step in plan.steps:
        changes = [detail.removeprefix("definition: ") for detail in step.details if detail.startswith("definition: ")]
        if (step.kind, step.action) == ("flow", "update") and changes:
            raise InvalidDefinitionError(
                f"The recording {str(recording.folder)!r} no longer matches flow {step.name!r} of app {plan.app!r}. "
                f"From the flow to the recording: {'; '.join(changes)}. Record it again, or restore its definition."
            )


def _has_other_specs(current: Mapping[str, Any], recorded: Mapping[str, Any]) -> bool:
    return any(
        current["facet_specs"].get(chain_group, {}).get(group, {}).get(facet_type) != spec
        for chain_group, groups in recorded.get("facet_specs", {}).items()
        for group, facet_types in groups.items()
        for facet_type, spec in facet_types.items()
    ) or any(current["model_specs"].get(name) != spec for name, spec in recorded.get("model_specs", {}).items())
