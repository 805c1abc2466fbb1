"""The console shows what people may see, and nothing that they wrote is taken for a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pandas as pd
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


def test_an_app_shows_what_runs_now(
    app: App, flights: Any, document: dict[str, Any], look: Callable[[str | None], str], ikigai_local: LocalAccount
) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("late").definition(document).build()
    assert "<h2>Now</h2>" not in look(app.web_url)
    ikigai_local.control.outcome(flow.flow_id, sequence=[("RUNNING", 3600)], times=1)
    flow.start()
    shown = look(app.web_url)
    now = shown[shown.index("<h2>Now</h2>") : shown.index("<h2>Flows</h2>")]
    assert f'href="{urlsplit(flow.web_url).path}">late</a>' in now
    assert ">running</a>" in now


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


def test_what_is_wrong_is_told_on_a_page(app: App, ikigai_local: LocalAccount) -> None:
    own = (ikigai_local.user_email, ikigai_local.api_key)

    def ask(address: str, method: str = "GET", **options: Any) -> requests.Response:
        answer = requests.request(method, f"{ikigai_local.url}/console/{address}", timeout=60, **options)
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return answer

    for address, status in ((f"apps/{app.app_id}?flows=-1", 400), ("appz/<script>", 404), ("requests/7", 404)):
        refused = ask(address, auth=own)
        assert refused.status_code == status
        assert 'aria-label="Breadcrumbs"' in refused.text
        assert "<script>" not in refused.text
    assert ask("apps", "POST", auth=own).status_code == 405
    assert ask("apps", auth=(ikigai_local.user_email, "wrong")).status_code == 401
    assert "API key" in ask("appz").text


def test_a_request_that_is_no_valid_text_leaves_the_journal_readable(
    ikigai_local: LocalAccount, look: Callable[..., str]
) -> None:
    headers = {"user": ikigai_local.user_email, "api-key": ikigai_local.api_key, "Content-Type": "application/json"}
    for body in ('{"project": {"name": "\\ud800"}}', '{"project": {"name": NaN}}'):
        url = f"{ikigai_local.url}/component/create-project"
        assert requests.post(url, data=body, headers=headers, timeout=60).status_code == 400
    assert look(f"{ikigai_local.url}/console/requests").count("POST create-project") == 2
    refused = ikigai_local.control.journal("create-project", user=ikigai_local.user_email)
    assert [request.body for request in refused] == [None, None]


def test_a_run_tells_which_task_started_it_and_leads_back_there(
    ikigai_local: LocalAccount, look: Callable[[str | None], str]
) -> None:
    task = {"orchestrator": "airflow", "dag": f"nightly {SCRIPT}", "task": "run", "run": "é&1"}

    def origin() -> dict[str, str]:
        return task

    with Ikigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url, origin=origin) as client:
        flow = client.apps["Start Here (Tutorial)"].flows["new flow"]
        for url in ("https://airflow.example.com/dags/nightly", "javascript:alert(1)"):
            task["url"] = url
            run = flow.start()
            run.wait()
            shown = look(run.web_url)
            assert ('href="https://airflow.example.com/dags/nightly"' in shown) == url.startswith("https")
            assert "nightly &lt;script&gt;" in shown
            assert "javascript:" not in shown
    assert ikigai_local.control.journal("run-pipeline")[-1].origin == task
    assert "nightly &lt;script&gt;" in look(f"{ikigai_local.url}/console/requests")


def test_the_search_finds_names_columns_and_scripts_of_what_one_may_see(
    app: App, flights: Any, document: dict[str, Any], fail: Callable[..., Any], look: Callable[[str | None], str]
) -> None:
    dataset = app.dataset.new("Zürich 100%").df(flights).build()
    app.dataset.new("flights").df(flights[["flight"]]).build()
    flow = app.flow.new("plain").definition(fail(document, "needle = 'ä_x'\nresult = data")).build()
    base = str(app.web_url).partition("/apps/")[0]

    def found(words: str) -> set[str]:
        shown = look(f"{base}/search?{urlencode({'q': words})}")
        ours = {"dataset": dataset.web_url, "flow": flow.web_url, "app": app.web_url}
        return {kind for kind, url in ours.items() if f'href="{urlsplit(url).path}">' in shown.split("<tbody>")[-1]}

    assert found("zÜRICH") == {"dataset", "app"}
    assert found("ä_x") == {"flow", "app"}
    assert found("äyx") == set()
    assert found("carrier") == {"dataset", "app"}
    assert found(app.name) == {"app"}


def test_a_dataset_shows_how_its_values_are_spread_and_how_it_grew(
    app: App, flights: Any, look: Callable[..., str]
) -> None:
    dataset = app.dataset.new("flights").df(flights[:1]).build()
    app.dataset.new("flights").df(flights).ensure()
    deadline = time.monotonic() + 60
    while "being counted" in (shown := look(dataset.web_url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    delay, carrier = (shown[shown.index(f'aria-label="Column {name}"') :] for name in ("delay", "carrier"))
    assert 'aria-label="Distribution of delay"' in delay
    assert "5 to 240, mean 99" in delay
    assert "25.0 % missing" in carrier
    assert "Most frequent values" in carrier
    sizes = shown[shown.index("Size over time") : shown.index("Table of sizes")]
    assert sizes.count("<rect") == 2


def test_a_dataset_may_have_times_that_are_beyond_the_years_of_python(app: App, look: Callable[..., str]) -> None:
    frame = pd.DataFrame({"t": ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"]})
    dataset = app.dataset.new("times").df(frame).build()
    deadline = time.monotonic() + 60
    while "being counted" in (shown := look(dataset.web_url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "9999-12-31 23:59:59 UTC" in shown


def test_data_is_downloaded_as_it_is(app: App, flights: Any, ikigai_local: LocalAccount) -> None:
    dataset = app.dataset.new("flights / all").df(flights).build()
    own = (ikigai_local.user_email, ikigai_local.api_key)
    answer = requests.get(f"{dataset.web_url}/data", auth=own, timeout=60)
    assert answer.text == flights.to_csv(index=False)
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''flights%20%2F%20all.csv"
    assert requests.get(f"{dataset.web_url}/data", timeout=60).status_code == 401


def test_signing_in_leads_nowhere_else_and_other_sites_cannot_do_it(ikigai_local: LocalAccount) -> None:
    form = {"user_email": ikigai_local.user_email, "api_key": ikigai_local.api_key}

    def sign_in(destination: str, **headers: str) -> requests.Response:
        url = f"{ikigai_local.url}/console/sign-in"
        sent = {**form, "destination": destination}
        return requests.post(url, data=sent, headers=headers, allow_redirects=False, timeout=60)

    for destination in ("https://example.com", "//example.com", "/consoles", "/console\\..", ""):
        assert sign_in(destination).headers["location"] == "/console"
    assert sign_in("/console/requests").headers["location"] == "/console/requests"
    refused = sign_in("/console", **{"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers
    assert ikigai_local.control.journal(user=ikigai_local.user_email) == []
