"""``ikigai flows export`` and ``apply``: write definitions to files, and read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ikigai_core.cli.connection import AppName, FlowName, connect
from ikigai_core.cli.output import AsJson, emit
from ikigai_core.errors import InvalidDefinitionError

if TYPE_CHECKING:
    from ikigai_core.components.app import App
    from ikigai_core.components.flow import Flow
    from ikigai_core.definition.definition import FlowDefinition

_SUFFIXES = (".yaml", ".yml", ".json")


def export(
    context: typer.Context,
    app: AppName,
    flow: FlowName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .yaml, .yml or .json file. Default: standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a flow's definition as YAML, or as JSON if the file's suffix or --json asks for it."""
    if output is not None and output.suffix not in _SUFFIXES:
        raise typer.BadParameter(f"{str(output)!r} has to end in .yaml, .yml or .json.", param_hint="--output")
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        definition = found.definition()
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


def apply(
    context: typer.Context,
    app: AppName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A definition document, or an exported definition.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the flow. Default: the file name without its suffix.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create or update a flow from a file, and print the changes. Repeating the command changes nothing."""
    from ikigai_core.definition.loading import load_definition

    # Read the file first: its errors can be reported without a request to the platform.
    wanted = load_definition(file)
    with connect(context) as ikigai:
        target = ikigai.apps[app]
        before = _definition_of(target, name or file.stem)
        flow = target.flow.new(name or file.stem).definition(wanted).ensure()
        differences = _differences(before, flow)
    emit(
        {**flow.to_dict(), "changes": flow.changes, "differences": differences},
        lambda: "\n".join(
            [f"Flow {flow.name!r}: {', '.join(flow.changes) or 'nothing to change'}", *(f"  {d}" for d in differences)]
        ),
        as_json=as_json,
    )


def _definition_of(app: App, name: str) -> FlowDefinition | None:
    """The current definition of the only flow with that name, to compare it later."""
    same = [flow for flow in app.flows.search(name).values() if flow.name == name]
    return same[0].definition() if len(same) == 1 else None


def _differences(before: FlowDefinition | None, flow: Flow) -> list[str]:
    if before is None or "definition" not in flow.changes:
        return []
    try:
        return before.diff(flow.definition())
    except InvalidDefinitionError:
        # The platform also stores definitions that are invalid. They are replaced too.
        return []
