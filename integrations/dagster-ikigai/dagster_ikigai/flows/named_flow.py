"""A flow of which only the name is known before it runs."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.naming import identifier

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai


class NamedFlow(RunnableFlow):
    """A flow of the platform, by name or id. The platform checks its run variables.

    Parameters
    ----------
    app, name : str
        Names or ids of the app and of the flow.
    """

    def __init__(self, app: str, name: str) -> None:
        self.app = app
        self.name = name
        self.facets = {}
        self.targets = {}

    @property
    def is_described(self) -> bool:
        """Whether the run variables are known; always False."""
        return False

    @property
    def op_name(self) -> str:
        """Name of a step, for Dagster."""
        return f"{identifier(self.app)}__{identifier(self.name)}"

    @property
    def version(self) -> str:
        """Digest of the names."""
        return sha256(f"{self.app}/{self.name}".encode()).hexdigest()[:16]

    def remote(self, ikigai: Ikigai) -> tuple[App, Flow]:
        """Find the app and the flow."""
        app = ikigai.apps.find(self.app)
        return app, app.flows.find(self.name)
