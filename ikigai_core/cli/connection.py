"""The arguments that name components, and the client of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ikigai_core.cli.clients import client_of
from ikigai_core.cli.completion import complete_app, complete_dataset, complete_flow, complete_model

if TYPE_CHECKING:
    from ikigai_core.client import Ikigai

NewName = Annotated[str, typer.Argument(metavar="NEW_NAME", show_default=False, help="The new name.")]
AppName = Annotated[
    str, typer.Argument(metavar="APP", show_default=False, help="Name of the app.", autocompletion=complete_app)
]
DatasetName = Annotated[
    str,
    typer.Argument(metavar="NAME", show_default=False, help="Name of the dataset.", autocompletion=complete_dataset),
]
FlowName = Annotated[
    str, typer.Argument(metavar="FLOW", show_default=False, help="Name of the flow.", autocompletion=complete_flow)
]
ModelName = Annotated[
    str, typer.Argument(metavar="NAME", show_default=False, help="Name of the model.", autocompletion=complete_model)
]


def connect(context: typer.Context) -> Ikigai:
    """A client of the platform for a command. Sends nothing.

    Raises
    ------
    ConfigurationError
        The message names the option or environment variable that is missing or unusable.
    """
    return client_of(context.obj)
