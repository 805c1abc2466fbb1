"""The console shows what people may see, and nothing that they wrote is taken for a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from ikigai_core import App, Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def look(ikigai_local: LocalAccount) -> Callable[[str | None], str]:
    """Fetch a page as a browser does that its user gave the credentials to."""

    def fetch(url: str | None) -> str:
        assert url is not None
        assert ikigai_local.api_key not in url
        answer = requests.get(url, auth=(ikigai_local.user_email, ikigai_local.api_key), timeout=60)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert ikigai_local.api_key not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return answer.text

    return fetch


def test_what_a_web_url_leads_to(
    app: App,
    look: Callable[[str | None], str],
    flights: Any,
    document: dict[str, Any],
    fail: Callable[[dict[str, Any], str], dict[str, Any]],
    ikigai_client: Ikigai,
) -> None:
    dataset = app.dataset.new("flights").df(flights.rename(columns={"carrier": SCRIPT})).build()
    flow = app.flow.new(f"late {SCRIPT}").definition(document).build()
    failed = app.flow.new("fails").definition(fail(document, f"raise ValueError('{SCRIPT}')")).build()
    model = app.model.new("lasso").model_type(ikigai_client.model_types.LINEAR.LASSO).build()
    run, unlucky = flow.start(min_delay="90"), failed.start()
    before = run.web_url
    logs = [run.wait(), unlucky.wait()]

    assert before == flow.web_url
    assert run.web_url == f"{flow.web_url}/runs/{logs[0].log_id}"
    assert app.name in look(f"{ikigai_client.base_url}/console")
    for name in ("flights", "late &lt;script&gt;", "lasso"):
        assert name in look(app.web_url)
    shown = look(flow.web_url)
    assert "<svg" in shown
    assert "late_flights" not in shown
    assert logs[0].log_id in shown
    assert "min_delay</dt><dd>90" in look(run.web_url)
    assert "alert(1)" in look(unlucky.web_url)
    shown = look(dataset.web_url)
    assert f"({dataset.size} bytes)" in shown
    assert "INTEGER" in shown
    assert "Not trained yet" in look(model.web_url)
    for url in (app.web_url, flow.web_url, unlucky.web_url, dataset.web_url):
        assert SCRIPT not in look(url)


def test_only_those_who_may_use_an_app_see_its_pages(team: LocalPlatform, member: Callable[[str], Ikigai]) -> None:
    ann = member("ann@example.com")
    mine = ann.app.new("Ann's own").build()
    assert mine.web_url is not None
    as_bob = {"auth": ("bob@example.com", team.users["bob@example.com"]), "timeout": 60}

    assert requests.get(mine.web_url, **as_bob).status_code == 404
    assert "Ann" not in requests.get(f"{team.url}/console", **as_bob).text
    mine.access.grant("bob@example.com", "VIEWER")
    assert "Ann" in requests.get(mine.web_url, **as_bob).text


def test_pages_need_credentials_and_change_nothing(ikigai_local: LocalAccount) -> None:
    address = f"{ikigai_local.url}/console/apps"
    for auth in ((ikigai_local.user_email, "wrong"), ("ü", "ü")):
        answer = requests.get(address, auth=auth, timeout=60)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    unknown = requests.get(address, timeout=60)
    assert unknown.status_code == 401
    assert "www-authenticate" not in unknown.headers, "browsers would show a dialog instead of the form"
    assert "API key" in unknown.text
    own = (ikigai_local.user_email, ikigai_local.api_key)
    assert requests.post(address, auth=own, timeout=60).status_code == 405
    missing = requests.get(f"{address}/<script>", auth=own, timeout=60)
    assert missing.status_code == 404
    assert "&lt;script&gt;" in missing.text
