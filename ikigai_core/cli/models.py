"""``ikigai models``."""

from __future__ import annotations

import typer

from ikigai_core.cli.connection import AppName, ModelName, connect
from ikigai_core.cli.output import AsJson, details, emit, page, sections, table

models = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="List and show models.")


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
