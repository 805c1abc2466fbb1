"""What goes wrong on order, as plain HTTP clients see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from ikigai_core.local.application import create_app
from ikigai_core.local.control import ControlError, LocalControl
from ikigai_core.local.platform import Platform, Settings

APPS = "get-projects-for-user"


@pytest.fixture
def control(api: Any) -> Iterator[LocalControl]:
    yield api.platform.control
    api.platform.control.reset()


def create(api: Any, name: str) -> requests.Response:
    return api.post("/component/create-project", {"project": {"name": name}})


def named(api: Any, name: str) -> int:
    return sum(app["name"] == name for app in api.ask(APPS)["projects"])


def test_an_error_is_answered_as_often_as_ordered(api: Any, control: LocalControl) -> None:
    fault = control.fault(APPS, status=429, retry_after=7, times=2, skip=1)
    answers = [api.get(f"/component/{APPS}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert "ordered" in answers[1].json()["message"]
    assert fault.hits == 2


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("kind", [{"status": 502, "body": "<html>Bad gateway</html>"}, {"cut": True}])
def test_what_was_asked_for_is_done_or_not(
    api: Any, control: LocalControl, when: Any, made: int, kind: dict[str, Any]
) -> None:
    name = f"{when} {kind}"
    control.fault("create-project", when=when, **kind)
    if "cut" in kind:
        with pytest.raises(requests.ConnectionError):
            create(api, name)
    else:
        assert create(api, name).text == "<html>Bad gateway</html>"
    assert named(api, name) == made


def test_half_an_answer_comes_after_the_work(api: Any, control: LocalControl) -> None:
    control.fault("create-project", truncate=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        create(api, "half")
    assert named(api, "half") == 1


def test_a_delay_alone_is_a_slow_answer(api: Any, control: LocalControl) -> None:
    control.fault(APPS, delay=0.3)
    began = time.monotonic()
    assert api.get(f"/component/{APPS}").status_code == 200
    assert time.monotonic() - began > 0.3


def test_parts_and_downloads_go_wrong_too(api: Any, control: LocalControl, app_id: str) -> None:
    content = b"a,b\n1,x\n2,y\n"
    dataset_id = api.dataset(app_id)
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(content))
    control.fault("upload-part", cut=True, where={"upload_id": begun["upload_id"], "number": 1})
    with pytest.raises(requests.ConnectionError):
        api.put(begun["urls"]["1"], content)
    assert api.put(begun["urls"]["1"], content).status_code == 200
    control.fault("download", truncate=True, where={"dataset_id": dataset_id})
    url = api.download_url(app_id, dataset_id)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=30)
    assert requests.get(url, timeout=30).content == content


def test_a_fault_can_be_about_one_component_only(api: Any, control: LocalControl, app_id: str) -> None:
    control.fault("get-project", status=500, where={"project_id": app_id})
    control.fault("create-dataset", status=500, where={"name": "unlucky"})
    other = api.app()
    asked = [api.get("/component/get-project", project_id=project_id).status_code for project_id in (other, app_id)]
    new = {"project_id": app_id, "directory": {}}
    told = [
        api.post("/component/create-dataset", {"dataset": {**new, "name": name}}).status_code
        for name in ("lucky", "unlucky")
    ]
    assert asked == told == [200, 500]


def test_chance_with_a_seed_is_the_same_each_time(api: Any, control: LocalControl) -> None:
    def statuses() -> list[int]:
        with control.fault("heartbeat", status=503, probability=0.5, seed=3):
            return [api.get("/access/heartbeat").status_code for _ in range(20)]

    first = statuses()
    assert statuses() == first
    assert {200, 503} == set(first)
    assert api.get("/access/heartbeat").status_code == 200


def test_a_fault_that_lasts_is_over_in_the_end(api: Any, control: LocalControl, until: Any) -> None:
    control.fault("heartbeat", status=503, lasting=0.3)
    assert api.get("/access/heartbeat").status_code == 503
    until(lambda: api.get("/access/heartbeat").status_code == 200)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"operation": "run-pipelin", "status": 500}, "did you mean 'run-pipeline'"),
        ({"operation": "run-pipeline"}, "set status, cut, truncate or delay"),
        ({"status": 500, "cut": True}, "status and cut cannot be combined"),
        ({"cut": True, "retry_after": 3}, "need a status"),
        ({"status": 42}, "status"),
        ({"status": 500, "body": {"n": float("nan")}}, "finite"),
        ({"status": 500, "retry_after": "1\r\nX-Y: z"}, "retry_after"),
        ({"status": 500, "probability": 2}, "probability"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(control: LocalControl, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        control.fault(**wanted)


def test_only_the_platforms_own_user_gives_orders(api: Any, control: LocalControl) -> None:
    key = control.add_user("orders@example.com")
    with pytest.raises(ControlError, match=r"user@example\.com"):
        LocalControl(api.platform.url, "orders@example.com", key).fault(status=500)
    with pytest.raises(ControlError, match="Missing Authentication Token"):
        LocalControl(api.platform.url, api.platform.user_email, "wrong").reset()
    control.remove_user("orders@example.com")
    assert api.platform.api_key not in repr(control)


@pytest.mark.parametrize(
    ("remote_control", "address", "status"),
    [
        (False, "127.0.0.9", 200),
        (False, "::ffff:127.0.0.1", 200),
        (False, "192.0.2.7", 403),
        (False, "::ffff:192.0.2.7", 403),
        (True, "192.0.2.7", 200),
    ],
)
def test_only_its_own_machine_gives_orders_unless_others_may(
    remote_control: bool, address: str, status: int, tmp_path: Path
) -> None:
    platform = Platform(Settings(tmp_path, api_key="key", remote_control=remote_control))
    headers = {"user": platform.credentials.user_email, "api-key": "key"}
    caller = httpx.ASGITransport(create_app(platform), client=(address, 50000))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=caller, base_url="http://platform") as client:
            return await client.get("/_local/faults", headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == status
    assert ("--remote-control" in answer.text) == (status == 403)
    platform.stop()
