"""The root command: its subcommands, its global options, and its error messages."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ikigai_core._version import __version__
from ikigai_core.cli.apps import apps
from ikigai_core.cli.clients import Connection
from ikigai_core.cli.datasets import datasets
from ikigai_core.cli.flows import flows
from ikigai_core.cli.local import local
from ikigai_core.cli.login import login
from ikigai_core.cli.models import models
from ikigai_core.cli.ping import ping
from ikigai_core.cli.record import record
from ikigai_core.cli.schema import schema
from ikigai_core.cli.specs import specs
from ikigai_core.errors import IkigaiError

root = typer.Typer(
    name="ikigai",
    no_args_is_help=True,
    # Plain help is faster, and the same in a terminal, a pipe and a log.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ikigai-core {__version__}")
        raise typer.Exit


@root.callback()
def ikigai(
    context: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option(help="Profile in your profiles file. Default: IKIGAI_PROFILE, or else the profile named default."),
    ] = None,
    user_email: Annotated[
        str | None, typer.Option(help="Email address of the user. Default: the environment variable IKIGAI_USER_EMAIL.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            help="Address of the platform. Default: the environment variable IKIGAI_BASE_URL, or else the public one."
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            help="File that contains only your API key. Default: the file that IKIGAI_API_KEY_FILE names, or else the "
            "key in IKIGAI_API_KEY.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Work with the Ikigai platform: datasets, flows and their runs, models.

    Every command has the option --json, for plain JSON on standard output. An error is one line on standard error. Its
    exit status is 1, or 2 if the command is invalid.
    """
    context.obj = Connection(profile, user_email, base_url, api_key_file)


root.command()(login)
root.command()(ping)
root.command()(record)
root.command()(schema)
root.add_typer(apps, name="apps")
root.add_typer(datasets, name="datasets")
root.add_typer(flows, name="flows")
root.add_typer(models, name="models")
root.add_typer(specs, name="specs")
root.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(local)

# Created once: Typer would create it for each call.
_command = typer.main.get_command(root)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns its exit status, or exits with it.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: the arguments of this process.
    """
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal does not support is not an error.
        sys.stdout.reconfigure(errors="replace")
    try:
        _command(arguments, prog_name="ikigai")
    except (IkigaiError, OSError) as error:
        _complain(str(error))
    except Exception as error:
        # A bug in this package: a traceback is not useful in a shell.
        _complain(f"unexpected {type(error).__name__}: {error}")
    return 1


def _complain(text: str) -> None:
    sys.stderr.write(f"ikigai: {' '.join(text.split())}\n")


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _complain(f"warning: {message}")
