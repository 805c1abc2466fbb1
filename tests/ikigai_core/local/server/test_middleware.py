"""Who may pass, and what is counted on the way."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

WRONG = [
    {},
    {"user": "user@example.com"},
    {"user": "user@example.com", "api-key": ""},
    {"user": "user@example.com", "api-key": "wrong"},
    {"user": "other@example.com", "api-key": None},
]


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("path", ["/component/get-projects-for-user", "/component/no-such-thing", "/_local/requests"])
def test_without_the_right_key_nothing_passes(api: Any, headers: dict[str, str | None], path: str) -> None:
    sent = {name: api.platform.api_key if value is None else value for name, value in headers.items()}
    answer = requests.get(api.platform.url + path, headers=sent, timeout=30)
    assert answer.status_code == 403
    assert answer.json() == {"message": "Missing Authentication Token"}


@pytest.mark.parametrize("path", ["/access/heartbeat", "/search/heartbeat"])
def test_heartbeats_need_no_key(api: Any, path: str) -> None:
    assert requests.get(api.platform.url + path, timeout=30).status_code == 200


def test_repeated_slashes_are_one(api: Any) -> None:
    assert api.ask("//component///get-projects-for-user")["projects"]


def test_an_unknown_endpoint_is_a_404_that_names_it(api: Any) -> None:
    answer = api.get("/component/get-everything")
    assert answer.status_code == 404
    assert "/component/get-everything" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_there_are_no_pages_that_need_the_internet(api: Any, path: str) -> None:
    assert api.get(path).status_code == 404


def test_requests_are_counted_by_agent_method_and_path(api: Any, app_id: str) -> None:
    dataset_id = api.dataset(app_id)
    api.tell("/_local/requests/reset", {})
    api.session.headers["User-Agent"] = "counting/1.0"
    api.ask("//component/get-project", project_id=app_id)
    api.ask("get-project", project_id=app_id)
    url = api.download_url(app_id, dataset_id)
    requests.get(url, headers={"User-Agent": "counting/1.0"}, timeout=30)
    report = api.ask("/_local/requests")
    assert report["by_agent"]["counting/1.0"] == {
        "GET /component/get-project": 2,
        "GET /component/get-dataset-download-url": 1,
        "GET /_data": 1,
    }
    assert report["total"] == 4


def test_a_made_up_agent_for_each_request_does_not_fill_the_memory(api: Any) -> None:
    api.tell("/_local/requests/reset", {})
    for number in range(300):
        api.session.get(api.platform.url + f"/{number}", headers={"User-Agent": f"agent {number}"}, timeout=30)
    report = api.ask("/_local/requests")
    assert report["total"] >= 300
    assert len(report["by_agent"]) <= 201


def test_a_client_that_goes_away_leaves_one_line_in_the_log(api: Any, until: Callable[..., Any]) -> None:
    address = urlsplit(api.platform.url)
    key = f"user: {api.platform.user_email}\r\napi-key: {api.platform.api_key}"
    head = f"POST /component/create-project HTTP/1.1\r\nHost: here\r\n{key}\r\n"
    log = Path(api.platform.data_dir) / "server.log"
    before = log.read_text()
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())

    def added() -> str:
        return log.read_text().removeprefix(before)

    until(lambda: "A client disconnected while it sent POST /component/create-project" in added())
    assert added().count("\n") == 1
