"""``ikigai flows export``, ``diff`` and ``apply``: write definitions to files, and read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ikigai_core.cli.connection import AppName, FlowName, connect
from ikigai_core.cli.output import AsJson, DryRun, ExitCode, emit, leave_if_different
from ikigai_core.errors import InvalidDefinitionError

if TYPE_CHECKING:
    from ikigai_core.components.app import App
    from ikigai_core.components.flow_builder import FlowBuilder, FlowPlan
    from ikigai_core.definition.definition import FlowDefinition
    from ikigai_core.definition.document import DefinitionDocument

_SUFFIXES = (".yaml", ".yml", ".json")

DefinitionFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A definition document, or an exported definition.")
]
NewName = Annotated[str | None, typer.Option(help="Name of the flow. Default: the file name without its suffix.")]


def export(
    context: typer.Context,
    app: AppName,
    flow: FlowName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .yaml, .yml or .json file. Default: standard output.")
    ] = None,
    ids: Annotated[
        bool, typer.Option("--ids", help="Refer to datasets and others by id, as the platform does, not by name.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a flow's definition as YAML, or as JSON if the file's suffix or --json asks for it.

    The definition refers to datasets, models, custom facets and directories by name, so it fits other apps and
    accounts. With --ids, it fits this app only.
    """
    if output is not None and output.suffix not in _SUFFIXES:
        raise typer.BadParameter(f"{str(output)!r} has to end in .yaml, .yml or .json.", param_hint="--output")
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        try:
            definition = found.definition() if ids else found.document()
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"{error} The option --ids exports it as it is.") from None
    if output is None:
        emit(definition.to_dict(), lambda: definition.to_yaml().rstrip(), as_json=as_json)
        return
    content = f"{definition.to_json()}\n" if output.suffix == ".json" else definition.to_yaml()
    output.write_text(content, encoding="utf-8")
    emit(
        {"flow_id": found.flow_id, "name": found.name, "file": output},
        lambda: f"Flow {flow!r}: definition in {output}",
        as_json=as_json,
    )


def diff(
    context: typer.Context,
    app: AppName,
    file: DefinitionFile,
    name: NewName = None,
    exit_code: ExitCode = False,
    as_json: AsJson = False,
) -> None:
    """Print what `apply` would change. Changes nothing."""
    wanted = _read(file)
    with connect(context) as ikigai:
        plan = _builder(ikigai.apps[app], wanted, name or file.stem).plan()
    _print_plan(plan, as_json=as_json)
    leave_if_different(exit_code and bool(plan.changes))


def apply(
    context: typer.Context,
    app: AppName,
    file: DefinitionFile,
    name: NewName = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Create or update a flow from a file, and print the changes. Repeating the command changes nothing.

    If the app lacks something that the file names, the command fails and changes nothing.
    """
    wanted = _read(file)
    with connect(context) as ikigai:
        builder = _builder(ikigai.apps[app], wanted, name or file.stem)
        plan = builder.plan()
        flow = None if dry_run else builder.ensure()
    if flow is None:
        _print_plan(plan, as_json=as_json)
        return
    differences = plan.differences if "definition" in flow.changes else ()
    emit(
        {**flow.to_dict(), "changes": flow.changes, "differences": differences},
        lambda: _told(flow.name, flow.changes, differences),
        as_json=as_json,
    )


def _read(file: Path) -> FlowDefinition | DefinitionDocument:
    """Read the file first: its errors can be reported without a request to the platform."""
    from ikigai_core.definition.loading import load_definition

    return load_definition(file)


def _builder(app: App, wanted: FlowDefinition | DefinitionDocument, name: str) -> FlowBuilder:
    from ikigai_core.definition.definition import FlowDefinition

    if isinstance(wanted, FlowDefinition):
        _check_ids(app, wanted)
    return app.flow.new(name).definition(wanted)


def _check_ids(app: App, definition: FlowDefinition) -> None:
    """Refuse a definition with the ids of another app. The platform would store it, and its runs would fail."""
    given = [facet for facet in definition.facets if facet.arguments.get("dataset_id")]
    known = {dataset.dataset_id for dataset in app.datasets().values()} if given else set()
    for facet in given:
        if facet.arguments["dataset_id"] not in known:
            raise InvalidDefinitionError(
                f"Facet {facet.name or facet.facet_id!r} imports the dataset with the id "
                f"{facet.arguments['dataset_id']!r}, which app {app.name!r} does not have. "
                "For use in other apps, export the flow by names, without --ids."
            )


def _print_plan(plan: FlowPlan, *, as_json: bool) -> None:
    data: dict[str, Any] = {"name": plan.name, "changes": plan.changes, "differences": plan.differences}
    emit(data, lambda: _told(plan.name, plan.changes, plan.differences), as_json=as_json)


def _told(name: str, changes: tuple[str, ...], differences: tuple[str, ...]) -> str:
    return "\n".join([f"Flow {name!r}: {', '.join(changes) or 'nothing to change'}", *(f"  {d}" for d in differences)])
