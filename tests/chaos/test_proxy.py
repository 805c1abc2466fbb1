"""What the proxy does to requests, as clients and the platform see it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pandas as pd
import pytest
import requests

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform

from .flows import ChaosFlows, variables_of
from .proxy import FaultingProxy

PATH = "/component/get-projects-for-user?fetch_all=true"
Get = Callable[[], requests.Response]


@pytest.fixture
def session(platform: LocalPlatform) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update({"user": platform.user_email, "api-key": platform.api_key})
        yield session


@pytest.fixture
def get(session: requests.Session, proxy: FaultingProxy) -> Get:
    return lambda: session.get(proxy.url + PATH, timeout=30)


def start(session: requests.Session, url: str, chaos: ChaosFlows, task: str) -> requests.Response:
    flow = {"project_id": chaos.app_id, "pipeline_id": chaos.flows["Flow 0"]}
    variables = {name: {"value": value} for name, value in variables_of(task).items()}
    return session.post(f"{url}/component/run-pipeline", json={"pipeline": flow, "variables": variables}, timeout=30)


def test_all_that_is_not_to_go_wrong_is_passed_on_signed_urls_too(
    platform: LocalPlatform, proxy: FaultingProxy
) -> None:
    rows = pd.DataFrame({"a": range(1000)})
    with Ikigai(platform.user_email, platform.api_key, proxy.url) as ikigai:
        app = ikigai.app.new("Through").build()
        assert app.dataset.new("rows").df(rows).build().df().equals(rows)
    data = [one.operation for one in platform.control.journal() if one.operation in ("upload-part", "download")]
    assert data == ["upload-part", "download"]
    counts = proxy.counts()
    # The order itself is none.
    assert counts == {"requests": len(platform.control.journal())}


@pytest.mark.parametrize(("kind", "status"), [("unavailable", 503), ("throttled", 429)])
def test_a_refusal_does_not_reach_the_platform(
    platform: LocalPlatform, proxy: FaultingProxy, get: Get, kind: str, status: int
) -> None:
    proxy.faults(1.0, kinds=[kind])
    answer = get()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, "1" if status == 429 else None)
    assert platform.control.journal("get-projects-for-user") == []
    assert proxy.counts() == {"requests": 1, kind: 1}
    proxy.heal()
    assert get().status_code == 200


@pytest.mark.parametrize(("kind", "arrives"), [("reset", False), ("lost", True), ("truncated", True)])
def test_a_broken_connection_leaves_the_sender_in_doubt(
    platform: LocalPlatform, proxy: FaultingProxy, get: Get, kind: str, arrives: bool
) -> None:
    proxy.faults(1.0, kinds=[kind], operations=["get-projects-for-user"])
    with pytest.raises(requests.ConnectionError if kind != "truncated" else requests.exceptions.RequestException):
        get()
    assert [one.status for one in platform.control.journal("get-projects-for-user")] == [200] * arrives
    proxy.faults(1.0, kinds=[kind], operations=["another"])
    assert get().status_code == 200


def test_slow_answers_are_right(proxy: FaultingProxy, get: Get) -> None:
    proxy.faults(1.0, kinds=["slow"], slow=0.2)
    began = time.monotonic()
    assert all(get().json()["projects"] for _ in range(10))
    assert time.monotonic() - began > 0.2


def test_a_share_of_the_requests_goes_wrong(proxy: FaultingProxy, get: Get) -> None:
    proxy.faults(0.1, kinds=["unavailable"])
    failed = sum(get().status_code == 503 for _ in range(150))
    assert 4 < failed < 32
    assert proxy.counts()["unavailable"] == failed


def test_a_late_start_arrives_after_its_sender_was_hung_up_on(
    session: requests.Session, platform: LocalPlatform, proxy: FaultingProxy, chaos: ChaosFlows
) -> None:
    platform.control.outcome(chaos.flows["Flow 0"], duration=3600)
    proxy.hold("run-pipeline", seconds=1.5)
    with pytest.raises(requests.ConnectionError):
        start(session, proxy.url, chaos, "late")
    assert chaos.runs() == []
    assert [(one.operation, one.status, "late" in one.body) for one in proxy.late()] == [("run-pipeline", None, True)]
    assert [one.status for one in proxy.await_delivery()] == [200]
    assert [run.variables["task"] for run in chaos.runs()] == ["late"]
    # The next is not late; the platform says that the flow runs.
    assert start(session, proxy.url, chaos, "next").status_code == 409


def test_what_is_held_back_is_delivered_when_that_is_asked_for(
    session: requests.Session, platform: LocalPlatform, proxy: FaultingProxy, chaos: ChaosFlows
) -> None:
    proxy.hold("run-pipeline", seconds=3600.0)
    with pytest.raises(requests.ConnectionError):
        start(session, proxy.url, chaos, "held")
    assert [one.status for one in proxy.deliver()] == [200]
    assert [run.variables["task"] for run in chaos.runs()] == ["held"]


def test_a_late_start_outlives_the_platform_and_finds_what_is_there_then(
    session: requests.Session, platform: LocalPlatform, proxy: FaultingProxy, chaos: ChaosFlows
) -> None:
    proxy.hold("run-pipeline", seconds=0.0, hang_up=0.2, times=2)
    platform.kill()
    with pytest.raises(requests.ConnectionError):
        start(session, proxy.url, chaos, "down")
    platform.restart()
    assert [one.status for one in proxy.await_delivery()] == [200]
    flow = {"project_id": chaos.app_id, "pipeline_id": chaos.flows["Flow 0"]}
    session.post(f"{proxy.url}/component/delete-pipeline", json={"pipeline": flow}, timeout=30).raise_for_status()
    with pytest.raises(requests.ConnectionError):
        start(session, proxy.url, chaos, "gone")
    assert [one.status for one in proxy.await_delivery(2)] == [200, 404]
    assert [(run.variables["task"], run.status) for run in chaos.runs()] == [("down", "DELETED")]


def test_starts_are_late_by_chance(
    session: requests.Session, proxy: FaultingProxy, chaos: ChaosFlows, platform: LocalPlatform
) -> None:
    proxy.faults(0.0, late=0.5, late_seconds=(0.0, 0.1))
    lost = 0
    for number in range(20):
        try:
            start(session, proxy.url, chaos, f"{number}")
        except requests.ConnectionError:
            lost += 1
    assert 2 < lost < 18
    assert len(proxy.await_delivery()) == proxy.counts()["late"] == lost
    assert len(platform.control.journal("run-pipeline")) == 20


def test_connections_outlive_a_restart_of_the_platform(platform: LocalPlatform, proxy: FaultingProxy, get: Get) -> None:
    assert get().status_code == 200
    platform.kill()
    assert get().status_code == 502
    platform.restart()
    assert get().status_code == 200
    assert proxy.counts()["away"] == 1


def test_hundreds_of_connections_are_kept_open(platform: LocalPlatform, proxy: FaultingProxy) -> None:
    headers = {"user": platform.user_email, "api-key": platform.api_key}
    connections = [http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=30) for _ in range(200)]
    for _ in range(2):
        for connection in connections:
            connection.request("GET", PATH, headers=headers)
        for connection in connections:
            answer = connection.getresponse()
            assert (answer.status, len(answer.read()) > 10, answer.isclosed()) == (200, True, True)
            assert connection.sock is not None
    for connection in connections:
        connection.close()


def test_it_ends_when_it_is_told_to(proxy: FaultingProxy, get: Get) -> None:
    proxy.stop()
    with pytest.raises(requests.ConnectionError):
        get()
