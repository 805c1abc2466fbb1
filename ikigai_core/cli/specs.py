"""``ikigai specs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ikigai_core.cli.connection import connect
from ikigai_core.cli.output import AsJson, emit

specs = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The facet and model types of your account.")

_SUFFIXES = (".yaml", ".yml", ".json")


@specs.callback()
def _specs() -> None:
    """Facet and model types of your account, for a local platform."""


@specs.command()
def pull(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .yaml, .yml or .json file. Default: specs.yaml.")
    ] = Path("specs.yaml"),
    as_json: AsJson = False,
) -> None:
    """Write the specs of all facet and model types of your account to a file, for `ikigai local --specs FILE`."""
    from ikigai_core.app_documents.specs import read_specs
    from ikigai_core.definition.files import json_text, yaml_text

    if file.suffix not in _SUFFIXES:
        raise typer.BadParameter(f"{str(file)!r} has to end in .yaml, .yml or .json.", param_hint="FILE")
    with connect(context) as ikigai:
        content = ikigai.run(read_specs())
    file.write_text((json_text if file.suffix == ".json" else yaml_text)(content), encoding="utf-8")
    facets = sum(len(group) for chain in content["facet_specs"].values() for group in chain.values())
    models = len(content["model_specs"])
    emit(
        {"file": file, "facet_types": facets, "model_types": models},
        lambda: f"{facets} facet types and {models} model types in {file}",
        as_json=as_json,
    )
