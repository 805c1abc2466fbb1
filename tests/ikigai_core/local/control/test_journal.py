"""What the journal remembers, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ikigai_core.local.control import LocalControl


@pytest.fixture
def control(api: Any) -> Iterator[LocalControl]:
    api.platform.control.reset()
    yield api.platform.control
    api.platform.control.reset()


def test_a_request_is_remembered_with_what_it_asked_and_was_answered(api: Any, control: LocalControl) -> None:
    api.session.headers["User-Agent"] = "journal/1.0"
    app_id = api.app("Journal")
    api.get("//component/get-project", project_id="none")
    fault = control.fault("get-project", cut=True)
    with pytest.raises(requests.ConnectionError):
        api.get("/component/get-project", project_id=app_id)
    made, failed, cut = control.journal()
    assert (made.method, made.path, made.operation) == ("POST", "/component/create-project", "create-project")
    assert made.body == {"project": {"name": "Journal"}}
    assert (made.status, made.user, made.agent) == (200, api.platform.user_email, "journal/1.0")
    assert made.seconds is not None
    assert (failed.query, failed.body, failed.status, failed.fault_id) == ({"project_id": "none"}, None, 404, "")
    assert (cut.status, cut.fault_id, cut.query) == (None, fault.fault_id, {"project_id": app_id})
    assert control.journal("get-project", after=failed.number) == [cut]
    assert control.journal(user="ann@example.com") == []
    assert control.wait_for_request("get-project", 2) == [failed, cut]
    with pytest.raises(TimeoutError, match="2 of 3"):
        control.wait_for_request("get-project", 3, timeout=0.1)
    control.clear_journal()
    assert control.journal() == []


def test_it_holds_no_secrets_and_no_data(api: Any, control: LocalControl, app_id: str) -> None:
    api.download(app_id, api.dataset(app_id, content=b"secret,b\n1,2\n"))
    facet = {"name": "f", "rootkit_token": "hush"}
    api.post("/component/create-custom-facet", {"custom_facet": facet})
    requests.get(api.platform.url + "/component/get-project", headers={"user": "ann", "api-key": "wrong"}, timeout=30)
    entries = control.journal()
    (part,) = control.journal("upload-part")
    (download,) = control.journal("download")
    assert (part.query, part.body, part.status, part.user) == ({}, None, 200, "")
    assert (download.query, download.status) == ({}, 200)
    assert (entries[-1].status, entries[-1].user) == (403, "")
    said = repr(entries)
    for secret in ("signature", "hush", "secret,b", api.platform.api_key, "wrong"):
        assert secret not in said


def test_bodies_without_end_do_not_fill_the_memory(api: Any, control: LocalControl) -> None:
    for _ in range(20):
        api.post("/component/create-project", {"project": {"name": "x" * 1_000_000}})
    api.post("/component/create-project", {"project": {"name": "x" * 2_000_000}})
    entries = control.journal()
    assert 10 < len(entries) < 20
    assert entries[-1].body is None
