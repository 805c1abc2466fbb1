"""``ikigai models``."""

from __future__ import annotations

from typing import Annotated

import typer

from ikigai_core.cli.connection import AppName, ModelName, NewName, connect
from ikigai_core.cli.output import AsJson, Yes, confirm, details, emit, page, sections, table

models = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="List, show, create, rename and delete models.")


@models.command("list")
def list_models(context: typer.Context, app: AppName, as_json: AsJson = False) -> None:
    """List the models of an app."""
    with connect(context) as ikigai:
        found = list(ikigai.apps[app].models().values())
    emit(
        [model.to_dict() for model in found],
        lambda: table(
            ("Name", "Type", "Modified", "Description"),
            (
                (model.name, f"{model.model_type}.{model.sub_model_type}", model.modified_at, model.description)
                for model in found
            ),
            empty=f"App {app!r} has no models yet.",
        ),
        as_json=as_json,
    )


@models.command()
def create(
    context: typer.Context,
    app: AppName,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Name of the model.")],
    model_type: Annotated[str, typer.Argument(metavar="TYPE", help="Type of the model, such as Linear.Lasso.")],
    description: Annotated[str | None, typer.Option(help="Description of the model.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a model. If one of that name and type exists, update only its description."""
    with connect(context) as ikigai:
        builder = ikigai.apps[app].model.new(name).model_type(ikigai.model_types.find(model_type))
        model = (builder if description is None else builder.description(description)).ensure()
    emit(
        {**model.to_dict(), "changes": model.changes},
        lambda: f"Model {name!r}: {', '.join(model.changes) or 'nothing to change'}",
        as_json=as_json,
    )


@models.command()
def rename(context: typer.Context, app: AppName, name: ModelName, new_name: NewName, as_json: AsJson = False) -> None:
    """Rename a model."""
    with connect(context) as ikigai:
        model = ikigai.apps[app].models[name].rename(new_name)
    emit(model.to_dict(), lambda: f"Model {name!r} is named {new_name!r} now.", as_json=as_json)


@models.command()
def delete(context: typer.Context, app: AppName, name: ModelName, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a model with its versions."""
    with connect(context) as ikigai:
        model = ikigai.apps[app].models[name]
        confirm(f"Delete model {name!r} of app {app!r} with its versions?", yes=yes)
        model.delete()
    emit({**model.to_dict(), "deleted": True}, lambda: f"Model {name!r} is deleted.", as_json=as_json)


@models.command()
def show(context: typer.Context, app: AppName, name: ModelName, as_json: AsJson = False) -> None:
    """Show a model and its versions."""
    with connect(context) as ikigai:
        model = ikigai.apps[app].models[name]
        versions = list(model.versions().values())
    emit(
        {**model.to_dict(), "web_url": model.web_url, "versions": [version.to_dict() for version in versions]},
        lambda: sections(
            model=details(
                {
                    "Name": model.name,
                    "Id": model.model_id,
                    "Type": f"{model.model_type}.{model.sub_model_type}",
                    "Description": model.description,
                    "Created": model.created_at,
                    "Modified": model.modified_at,
                    **page(model.web_url),
                }
            ),
            versions=table(
                ("Version", "Metrics", "Hyperparameters", "Created"),
                ((each.version, each.metrics, each.hyperparameters, each.created_at) for each in versions),
                empty="No versions yet.",
            ),
        ),
        as_json=as_json,
    )
