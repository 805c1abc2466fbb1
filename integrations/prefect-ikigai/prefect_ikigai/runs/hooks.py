"""Hooks for flow runs that are cancelled or crash while they follow a run of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.blocks.core import Block
from prefect.logging.loggers import flow_run_logger

from prefect_ikigai.api.artifacts import create_artifact
from prefect_ikigai.api.flow_runs import with_subflows
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.notes.note import Note, notes_of
from prefect_ikigai.runs.events import RunEvents
from prefect_ikigai.runs.running import goes_on

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun, State

_GOING = "is still running"


def report_left_runs(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Report the runs that continue on the platform after the flow run that followed them ends, or its subflows.

    The platform cannot stop runs. Each run that continues is reported in the flow run's logs, by the event
    ``ikigai.run.left``, and by an artifact with a link. Another attempt of this flow run continues with it, or the next
    flow run with the same run variables.

    Use it for both hooks. Prefect calls ``on_cancellation`` for deployed flow runs that are cancelled. It calls
    ``on_crashed`` if the process of a flow run dies or is interrupted.

    Examples
    --------
    >>> @flow(on_cancellation=[report_left_runs], on_crashed=[report_left_runs])
    ... def late_flights(): ...
    """
    logger = flow_run_logger(flow_run, flow)
    for left in notes_of(with_subflows(flow_run.id)):
        if left.is_over:
            continue
        is_going, web_url = _look(left, logger)
        if is_going is False:
            logger.info("Flow %r: the run on the Ikigai platform has ended", left.flow)
            continue
        certainly = _GOING if is_going and left.phase == "started" else "may still be running"
        where = f": {web_url}" if web_url else ""
        logger.warning(
            "Flow %r of app %r %s on the Ikigai platform, which cannot stop it. The next flow run with the same "
            "variables continues with it%s",
            left.flow,
            left.app,
            certainly,
            where,
        )
        _tell(left, flow_run, state, certainly, web_url)


def _look(left: Note, logger: Any) -> tuple[bool | None, str | None]:
    """Whether the run is still running (None if that is not known), and its page."""
    if left.credentials_id is None:
        # The credentials block was not saved, and secrets are stored nowhere else.
        return None, None
    try:
        # Hooks of async flows are called from the event loop. Without `_sync`, this would be a coroutine there.
        credentials: Any = Block.load_from_ref(left.credentials_id, _sync=True)  # type: ignore[call-arg]
        with credentials.get_client() as ikigai:
            return ikigai.run(goes_on(ikigai, left.run)), ikigai.flow_run(left.run).web_url
    except Exception as error:
        logger.debug("The Ikigai platform could not be asked for flow %r: %s", left.flow, error)
        return None, None


def _tell(left: Note, flow_run: FlowRun, state: State[Any], certainly: str, web_url: str | None) -> None:
    related = [
        {
            "prefect.resource.id": f"prefect.flow-run.{flow_run.id}",
            "prefect.resource.role": "flow-run",
            "prefect.resource.name": flow_run.name,
        }
    ]
    payload = {"state": state.name, "certain": certainly == _GOING, "web_url": web_url}
    RunEvents(left.app, left.run).left(related, payload)
    what = f"[Flow {left.flow}]({web_url})" if web_url else f"Flow {left.flow}"
    text = f"{what} of app {left.app} {certainly} on the Ikigai platform. Flow run {flow_run.name} is {state.name}."
    owner = Owner(flow_run.id, None, flow_run.run_count)
    create_artifact(owner, "markdown", artifact_key(left.app, left.flow, "left"), text, "A run that nobody follows")
