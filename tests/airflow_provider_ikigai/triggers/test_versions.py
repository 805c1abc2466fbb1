"""What one release deferred, the next one picks up."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.trigger_event import WaitEvent
from airflow_provider_ikigai.triggers.flow_idle import IkigaiFlowIdleTrigger

RUN = {
    "version": 1,
    "app_id": "a",
    "flow_id": "f",
    "flow_name": "A flow",
    "baseline": None,
    "variables": {},
    "phase": "started",
    "attached": False,
}
LOOKING = {"app": "a", "ikigai_conn_id": "c", "poll_interval": 10.0, "deadline": 1.0}
FROM_0_1_0: list[tuple[str, dict[str, Any]]] = [
    # As databases hold them: these stay as they are for as long as this major version is read.
    ("flow_run.IkigaiFlowRunTrigger", {"flow_run": RUN, "ikigai_conn_id": "c", "about": {}, "deadline": None}),
    ("flow_idle.IkigaiFlowIdleTrigger", {"version": 1, **LOOKING, "flow": "f"}),
    ("flow_ended.IkigaiFlowEndedTrigger", {"version": 1, **LOOKING, "flow": "f", "since": "2026-01-01T00:00:00+00:00"}),
    (
        "dataset_updated.IkigaiDatasetUpdatedTrigger",
        {"version": 1, **LOOKING, "dataset": "d", "since": "2026-01-01T00:00:00+00:00"},
    ),
    (
        "events.IkigaiFlowRunFinishedTrigger",
        {
            "version": 1,
            "app": "a",
            "ikigai_conn_id": "c",
            "poll_interval": 30.0,
            "flow": "f",
            "statuses": ["SUCCESS"],
        },
    ),
    (
        "events.IkigaiDatasetChangedTrigger",
        {"version": 1, "app": "a", "ikigai_conn_id": "c", "poll_interval": 30.0, "dataset": "d"},
    ),
]


@pytest.mark.parametrize(("path", "arguments"), FROM_0_1_0, ids=[path for path, _ in FROM_0_1_0])
def test_arguments_of_earlier_releases_are_read(path: str, arguments: dict[str, Any]) -> None:
    module, _, name = path.partition(".")
    classpath = f"airflow_provider_ikigai.triggers.{path}"
    trigger = getattr(importlib.import_module(f"airflow_provider_ikigai.triggers.{module}"), name)(**arguments)
    assert trigger.serialize() == (classpath, {"version": 1, **arguments})
    assert json.loads(json.dumps(trigger.serialize()[1])) == trigger.serialize()[1]


def test_arguments_of_a_later_release_are_refused_with_advice() -> None:
    with pytest.raises(AirflowFailException, match="upgrade it where the triggerer runs"):
        IkigaiFlowIdleTrigger(version=2, flow="f", **LOOKING)


def test_events_of_a_later_release_are_read_for_what_is_known() -> None:
    assert WaitEvent.from_event({"found": {"flow": "f"}, "something": "new"}).found == {"flow": "f"}
    with pytest.raises(AirflowFailException, match="does not say how the wait ended"):
        WaitEvent.from_event({"something": "new"})
