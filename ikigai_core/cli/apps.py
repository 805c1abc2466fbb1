"""``ikigai apps``."""

from __future__ import annotations

from typing import Annotated

import typer

from ikigai_core.cli.app_documents import apply, diff, export
from ikigai_core.cli.connection import AppName, NewName, connect
from ikigai_core.cli.output import AsJson, Yes, confirm, details, emit, page, sections, table
from ikigai_core.enums import AppAccessLevel

apps = typer.Typer(rich_markup_mode=None, help="List, show, create, share and delete apps; whole apps as files.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", show_default=False, help="Email address of the other user.")]


@apps.callback(invoke_without_command=True)
def _apps(context: typer.Context, as_json: AsJson = False) -> None:
    """List, show, create, share and delete apps. Without a subcommand: `list`."""
    if context.invoked_subcommand is None:
        list_apps(context, as_json)
    elif as_json:
        raise typer.BadParameter(f"comes after `{context.invoked_subcommand}`.", param_hint="--json")


@apps.command("list")
def list_apps(context: typer.Context, as_json: AsJson = False) -> None:
    """List your apps."""
    with connect(context) as ikigai:
        found = list(ikigai.apps().values())
    emit(
        [app.to_dict() for app in found],
        lambda: table(
            ("Name", "Owner", "Modified", "Description"),
            ((app.name, app.owner, app.modified_at, app.description) for app in found),
            empty="There are no apps yet: `ikigai apps create NAME` makes one.",
        ),
        as_json=as_json,
    )


@apps.command()
def show(context: typer.Context, app: AppName, as_json: AsJson = False) -> None:
    """Show an app, the users who may use it, and the numbers of its components."""
    with connect(context) as ikigai:
        found = ikigai.apps[app]
        components = found.describe()["components"]
    users = components.get("users") or []
    counts = {word: len(components.get(kind) or []) for word, kind in _COUNTED.items()}
    emit(
        {**found.to_dict(), "web_url": found.web_url, "users": users, **counts},
        lambda: sections(
            app=details(
                {
                    "Name": found.name,
                    "Id": found.app_id,
                    "Owner": found.owner,
                    "Description": found.description,
                    **{word.capitalize(): count for word, count in counts.items()},
                    "Created": found.created_at,
                    "Modified": found.modified_at,
                    **page(found.web_url),
                }
            ),
            users=table(
                ("User", "Access"),
                ((user.get("email"), user.get("project_access_level")) for user in users),
                empty="Nobody else may use it.",
            ),
        ),
        as_json=as_json,
    )


_COUNTED = {"datasets": "datasets", "flows": "pipelines", "models": "models"}


@apps.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="APP", show_default=False, help="Name of the app.")],
    description: Annotated[str | None, typer.Option(help="Description of the app.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create an app. If one of that name exists, update only its description."""
    with connect(context) as ikigai:
        builder = ikigai.app.new(name)
        app = (builder if description is None else builder.description(description)).ensure()
    emit(
        {**app.to_dict(), "changes": app.changes},
        lambda: f"App {app.name!r}: {', '.join(app.changes) or 'nothing to change'}",
        as_json=as_json,
    )


@apps.command()
def rename(context: typer.Context, app: AppName, name: NewName, as_json: AsJson = False) -> None:
    """Rename an app."""
    with connect(context) as ikigai:
        renamed = ikigai.apps[app].rename(name)
    emit(renamed.to_dict(), lambda: f"App {app!r} is named {name!r} now.", as_json=as_json)


@apps.command()
def delete(context: typer.Context, app: AppName, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete an app with everything in it."""
    with connect(context) as ikigai:
        found = ikigai.apps[app]
        confirm(f"Delete app {app!r} with all its datasets, flows and models?", yes=yes)
        found.delete()
    emit({**found.to_dict(), "deleted": True}, lambda: f"App {app!r} is deleted.", as_json=as_json)


@apps.command()
def grant(context: typer.Context, app: AppName, email: Email, level: AppAccessLevel, as_json: AsJson = False) -> None:
    """Give another user access to an app, or change their level."""
    with connect(context) as ikigai:
        found = ikigai.apps[app]
        users = found.describe()["components"].get("users") or []
        access = found.access
        (access.update if any(user.get("email") == email for user in users) else access.grant)(email, level)
    emit(
        {"app": found.name, "email": email, "level": level.value},
        lambda: f"{email} is {level.value} of app {app!r}.",
        as_json=as_json,
    )


@apps.command()
def revoke(context: typer.Context, app: AppName, email: Email, as_json: AsJson = False) -> None:
    """Take another user's access to an app away."""
    with connect(context) as ikigai:
        found = ikigai.apps[app]
        found.access.revoke(email)
    emit(
        {"app": found.name, "email": email, "level": None},
        lambda: f"{email} has no access to app {app!r} any more.",
        as_json=as_json,
    )


apps.command()(export)
apps.command()(diff)
apps.command()(apply)
