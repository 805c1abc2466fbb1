"""Events about runs on the platform, for Prefect's automations and event feed.

The resource of each event is the platform's flow, ``ikigai.flow.<id>``. Its app and its run are related resources.
Prefect itself adds the flow run, task run, flow, deployment and tags that the event belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect.events import Event, emit_event

from prefect_ikigai.run_report import event_payload

if TYPE_CHECKING:
    from ikigai_core.orchestration import RunReport

STARTED = "ikigai.run.started"
ATTACHED = "ikigai.run.attached"
SUCCEEDED = "ikigai.run.succeeded"
FAILED = "ikigai.run.failed"
LEFT = "ikigai.run.left"


class RunEvents:
    """Emits the events of one run.

    Parameters
    ----------
    app : str
        Name of the app.
    run : mapping
        As `ikigai_core.FlowRun.to_dict` returns it.
    """

    def __init__(self, app: str, run: Mapping[str, Any]) -> None:
        self._app = app
        self._run = run
        self._started: Event | None = None

    def started(self, web_url: str | None) -> None:
        """Emit the event for a run that was started, or found running."""
        kind = ATTACHED if self._run["attached"] else STARTED
        variables = dict(self._run["variables"])
        self._started = self._emit(kind, {"variables": variables, "web_url": web_url})

    def ended(self, report: RunReport) -> None:
        """Emit the event for the end of the run."""
        payload = event_payload(report)
        run = {
            "prefect.resource.id": f"ikigai.run.{payload['log_id']}",
            "prefect.resource.role": "run",
            "prefect.resource.name": payload["log_id"],
        }
        self._emit(SUCCEEDED if report.is_success else FAILED, payload, [run])

    def left(self, related: list[dict[str, str]], payload: Mapping[str, Any]) -> None:
        """Emit the event for a run that is still running but no longer followed."""
        self._emit(LEFT, payload, related)

    def _emit(self, kind: str, payload: Mapping[str, Any], related: list[dict[str, str]] | None = None) -> Event | None:
        flow_id, name = self._run["flow_id"], self._run["flow_name"]
        app = {
            "prefect.resource.id": f"ikigai.app.{self._run['app_id']}",
            "prefect.resource.role": "app",
            "prefect.resource.name": self._app,
        }
        return emit_event(
            event=kind,
            resource={"prefect.resource.id": f"ikigai.flow.{flow_id}", "prefect.resource.name": name},
            related=[app, *(related or [])],
            payload={"app": self._app, "flow": name, **payload},
            follows=self._started,
        )
