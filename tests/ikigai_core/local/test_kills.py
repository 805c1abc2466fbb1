"""A platform that is killed at any moment loses nothing that it had acknowledged."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from ikigai_core.local.jobs.runner import INTERRUPTED
from ikigai_core.local.process import LocalPlatform


class Hand:
    """A user who works until the platform is gone, and knows what was acknowledged."""

    def __init__(self, api: Any, app_id: str, name: str, definition: Callable[..., Any]) -> None:
        self.api, self.app_id, self.name, self.definition = api, app_id, name, definition
        # What a dataset may hold: one content, or two while the second is on its way.
        self.contents: dict[str, set[bytes]] = {}
        self.deleted: set[str] = set()
        self.doubtful: set[str] = set()
        self.flows: dict[str, tuple[int, int]] = {}
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        with contextlib.suppress(requests.RequestException):
            while True:
                self._upload_twice()
                self._run()
                self._delete()

    def _upload_twice(self) -> None:
        content = self._content()
        dataset_id = self.api.dataset(self.app_id, f"{self.name} {len(self.contents)}", content)
        self.contents[dataset_id] = {content}
        newer = self._content()
        self.contents[dataset_id] = {content, newer}
        name = self.api.ask("get-dataset", project_id=self.app_id, dataset_id=dataset_id)["dataset"]["filename"]
        assert self.api.upload(self.app_id, dataset_id, name, newer) == "SUCCESS"
        self.contents[dataset_id] = {newer}

    def _content(self) -> bytes:
        return b"a,b\n" + b"".join(b"%d,x\n" % random.randrange(1000) for _ in range(random.randrange(1, 2000)))

    def _run(self) -> None:
        dataset_id = next(iter(self.contents))
        definition = self.definition(dataset_id, output=f"out of {self.name}")
        flow_id = self.api.flow(self.app_id, definition, f"{self.name} {len(self.flows)}")
        self.flows[flow_id] = (0, 1)
        self.api.start(self.app_id, flow_id).raise_for_status()
        self.flows[flow_id] = (1, 1)

    def _delete(self) -> None:
        if len(self.contents) > 2:
            dataset_id = list(self.contents)[-1]
            self.doubtful.add(dataset_id)
            self.api.tell("delete-dataset", {"dataset": {"project_id": self.app_id, "dataset_id": dataset_id}})
            self.deleted.add(dataset_id)


def test_five_kills_lose_nothing(connect: Callable[..., Any], definition: Any, until: Callable[..., Any]) -> None:
    kill_often(5, connect, definition, until, hands=2, longest=0.7)


@pytest.mark.soak
def test_a_hundred_kills_lose_nothing(connect: Callable[..., Any], definition: Any, until: Callable[..., Any]) -> None:
    kill_often(100, connect, definition, until, hands=3, longest=1.5)


def kill_often(
    rounds: int,
    connect: Callable[..., Any],
    definition: Any,
    until: Callable[..., Any],
    *,
    hands: int,
    longest: float,
) -> None:
    with LocalPlatform.start(workers=2) as platform:
        api = connect(platform)
        for number in range(rounds):
            app_id = api.app(f"Round {number}")
            users = [Hand(connect(platform), app_id, f"hand {hand}", definition) for hand in range(hands)]
            for hand in users:
                hand.thread.start()
            time.sleep(random.uniform(0, longest))
            platform.kill()
            for hand in users:
                hand.thread.join(30)
                assert not hand.thread.is_alive()
            platform.restart()
            for hand in users:
                _check_datasets(api, app_id, hand)
                _check_runs(api, app_id, hand, until)
            api.tell("delete-project", {"project": {"project_id": app_id}})
        platform.restart()
        # Open uploads can still be completed; all else that was half done is gone.
        assert not list((platform.data_dir / "jobs").iterdir())
        assert len(list((platform.data_dir / "datasets").iterdir())) == 1
        assert not list((platform.data_dir / "uploads").iterdir())


def _check_datasets(api: Any, app_id: str, hand: Hand) -> None:
    listed = api.ask("get-datasets-for-project", project_id=app_id, fetch_all="true")["datasets"]
    there = {dataset["dataset_id"] for dataset in listed}
    assert not there & hand.deleted
    assert set(hand.contents) - hand.doubtful <= there
    for dataset_id in there & set(hand.contents):
        assert api.download(app_id, dataset_id) in hand.contents[dataset_id]


def _check_runs(api: Any, app_id: str, hand: Hand, until: Callable[..., Any]) -> None:
    for flow_id, (least, most) in hand.flows.items():
        until(lambda flow_id=flow_id: not api.status(app_id, flow_id)["status"], 120)
        logs = api.logs(app_id, flow_id)
        assert least <= len(logs) <= most
        assert all(log["status"] == "SUCCESS" or log["message"] == INTERRUPTED for log in logs), logs
