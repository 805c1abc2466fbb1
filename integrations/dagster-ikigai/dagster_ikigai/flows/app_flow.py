"""A flow on the platform, as it was when its app was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import dagster as dg

from dagster_ikigai.flows.facets import FlowFacet, Target
from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.naming import identifier

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai


@dataclass(frozen=True, repr=False)
class IkigaiAppFlow(RunnableFlow):
    """A flow of an app, with its definition on the platform. Part of an `IkigaiAppState`.

    Attributes
    ----------
    app, app_id, name, flow_id : str
        Names and ids of the app and of the flow.
    facets : mapping
        Its facets, by id.
    targets : mapping
        Its run variables.
    digest : str
        Digest of its definition.
    period : float or None
        The longest time between two of its scheduled runs, in seconds; None if there is no such schedule.
    fault : str or None
        Why the flow cannot run; None if there is no known fault.

    Examples
    --------
    >>> state = IkigaiAppState(app_id="1", app="Late flights", owner="bob@example.com")
    >>> [flow.name for flow in state.flows if flow.fault]
    []
    """

    app: str
    app_id: str
    name: str
    flow_id: str
    facets: Mapping[str, FlowFacet]
    targets: Mapping[str, Target]
    digest: str
    period: float | None = None
    fault: str | None = None

    @property
    def op_name(self) -> str:
        """Name of the step, from the names of app and flow: it is what Dagster's pages and errors show."""
        return f"{identifier(self.app)}__{identifier(self.name)}"

    @property
    def version(self) -> str:
        """Digest of the definition."""
        return self.digest

    @property
    def is_readable(self) -> bool:
        """Whether the flow's definition could be read."""
        return bool(self.facets) or self.fault is None

    def remote(self, ikigai: Ikigai) -> tuple[App, Flow]:
        """Find the app and the flow, even if they were renamed.

        Raises
        ------
        Failure
            The flow was deleted, or no longer writes its assets. Nothing was started.
        """
        app = _found(ikigai.apps, self.app, self.app_id, "app_id")
        flow: Flow | None = None if app is None else _found(app.flows, self.name, self.flow_id, "flow_id")
        if app is None or flow is None:
            raise dg.Failure(
                f"Flow {self.name!r} of app {self.app!r} (id {self.flow_id}) is no longer there. Nothing was started. "
                "Refresh what is known of the app: dg utils refresh-defs-state.",
                allow_retries=False,
            )
        self._check_outputs(flow)
        return app, flow

    def to_dict(self) -> dict[str, Any]:
        """The flow as a JSON-compatible dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Create a flow from the result of `to_dict`."""
        facets = {
            name: FlowFacet(**{**facet, "after": tuple(facet["after"])}) for name, facet in content["facets"].items()
        }
        targets = {name: Target(*target) for name, target in content["targets"].items()}
        return cls(**{**content, "facets": facets, "targets": targets})

    def _check_outputs(self, flow: Flow) -> None:
        now = {
            facet.facet_id: facet.arguments.get("dataset_name") or facet.arguments.get("model_name")
            for facet in flow.definition().facets
        }
        gone = [component.name for facet, component in self.written if now.get(facet) != component.name]
        if gone:
            raise dg.Failure(
                f"Flow {self.name!r} of app {self.app!r} was changed: it no longer writes {', '.join(map(repr, gone))} "
                "where it did. Nothing was started. Refresh what is known of the app: dg utils refresh-defs-state.",
                allow_retries=False,
            )


def _found(browser: Any, name: str, component_id: str, id_name: str) -> Any:
    """The component with that id. Looks it up by name first, then by id."""
    from ikigai_core.errors import NotFoundError

    try:
        named = browser[name]
        if getattr(named, id_name) == component_id:
            return named
    except NotFoundError:
        pass
    try:
        return browser().get_id(component_id)
    except KeyError:
        return None
