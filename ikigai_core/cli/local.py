"""``ikigai local``: a platform on this machine."""

from __future__ import annotations

import os
import sys

import typer

from ikigai_core.cli.clients import Connection
from ikigai_core.cli.local_environment import environment
from ikigai_core.errors import ConfigurationError


def local(context: typer.Context) -> None:
    """Serve a platform on this machine until it is stopped. `ikigai local --help` lists its options.

    `ikigai local env` prints the settings of a running one: eval "$(ikigai local env)".
    """
    if context.args[:1] == ["env"]:
        environment(context.args[1:])
        return
    connection: Connection = context.obj
    if connection.base_url is not None:
        raise typer.BadParameter("--base-url does not apply to `ikigai local`: use --host and --port.", ctx=context)
    try:
        from ikigai_core.local.__main__ import main
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f'The local platform needs {error.name}, which the extra `local` brings: pip install "ikigai-core[local]"'
        ) from None
    given = {"IKIGAI_USER_EMAIL": connection.user_email, "IKIGAI_API_KEY": connection.api_key}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    status = main(context.args, program="ikigai local")
    sys.stdout.flush()
    # As for `python -m ikigai_core.local`: do not wait for threads that process data.
    os._exit(status)
