"""What people do with the console, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from ikigai_core import App, Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

from .conftest import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
# It waits for a file in its own folder, which is all that it sees.
HELD = """
import pathlib, time
print("halfway")
while not pathlib.Path("go on").exists():
    time.sleep(0.02)
print("done waiting")
result = data
"""

LATE = {
    "type": "MID.Filter",
    "after": "flights",
    "arguments": {"column_name": "delay", "condition": "greater_than", "value": "60"},
    "variables": {"min_delay": "value"},
}


def python(script: str) -> dict[str, Any]:
    return {"type": "MID.Python", "after": "flights", "arguments": {"script": script}}


def flow_with(late: dict[str, Any]) -> dict[str, Any]:
    """A flow that reads flights, does something to them, and writes what is left."""
    table = {"file_type": "csv", "header": True}
    output = {"type": "OUTPUT.Exported", "after": "late", "arguments": {"dataset_name": "late", **table}}
    return {
        "facets": {
            "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": table},
            "late": late,
            "output": {**output, "variables": {"output": "dataset_name"}},
        }
    }


@pytest.fixture(scope="module")
def hostile(ikigai_local_server: LocalPlatform) -> Iterator[dict[str, str]]:
    """The addresses of pages about things whose names, columns, values and messages are markup."""
    server = ikigai_local_server
    with Ikigai(server.user_email, server.api_key, server.url) as ikigai:
        app = ikigai.app.new(f"Hostile {MARKUP}").description(MARKUP).build()
        yield _made_of_markup(app, ikigai)
        app.delete()


def _made_of_markup(app: App, ikigai: Ikigai) -> dict[str, str]:
    rows = pd.DataFrame({MARKUP: [MARKUP, "x", None], "delay": [1.5, 2, 90], "at": ["2026-01-01", "2026-01-02", ""]})
    dataset = app.dataset.new("flights").df(rows).build()
    app.dataset.new(MARKUP).df(rows).build()
    script = f"print({MARKUP!r})\nraise ValueError({MARKUP!r})"
    broken = app.flow.new(f"broken {MARKUP}").definition(flow_with(python(script))).build()
    failed = broken.start()
    failed.wait()
    flow = app.flow.new(MARKUP).definition(flow_with(LATE)).build()
    for minutes in ("1", "2"):
        flow.start(min_delay=minutes, output=f"out {MARKUP}").wait()
    facet = next(facet.facet_id for facet in flow.definition().facets if facet.name == "flights")
    model = app.model.new(MARKUP).model_type(ikigai.model_types.LINEAR.LASSO).build()
    return {
        "apps": f"{ikigai.base_url}/console",
        "app": str(app.web_url),
        "flow": f"{flow.web_url}?facet={facet}",
        "run": str(failed.web_url),
        "dataset": str(dataset.web_url),
        "model": str(model.web_url),
        "search": f"{ikigai.base_url}/console/search?q=alert",
        "requests": f"{ikigai.base_url}/console/requests",
    }


def test_signing_in_and_out_keeps_the_key_out_of_the_browser(
    open_page: Callable[..., Page], app: App, ikigai_local: LocalAccount
) -> None:
    page = open_page(app.web_url)
    page.get_by_label("Email address").fill(ikigai_local.user_email)
    page.get_by_label("API key").fill("not the key")
    page.get_by_role("button", name="Sign in").click()
    assert "no user with this email" in page.get_by_role("alert").inner_text()
    page.get_by_label("API key").fill(ikigai_local.api_key)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("heading", name=app.name).wait_for()
    assert page.url == app.web_url
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/console")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage])") + str(page.context.cookies()) + page.url
    assert ikigai_local.api_key not in kept + page.content()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.context.add_cookies([cookie])
    page.goto(str(app.web_url))
    assert page.get_by_role("heading", name="Sign in").is_visible(), "the session itself has ended"


def test_a_run_is_watched_from_start_to_end_without_reloading(
    open_page: Callable[..., Page],
    app: App,
    flights: Any,
    ikigai_local: LocalAccount,
) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("watched").definition(flow_with(python(HELD))).build()
    page = open_page(flow.web_url, ikigai_local)
    page.evaluate("window.mark = 'same page'")
    page.get_by_text("No runs yet").wait_for()

    run = flow.start()
    page.get_by_role("link", name="late, Python, running").wait_for()
    page.get_by_role("link", name="flights, Imported, done").wait_for()
    assert page.evaluate("window.mark") == "same page"

    page.locator("#runs").get_by_role("link").first.click()
    page.get_by_text("halfway").wait_for()
    page.evaluate("window.mark = 'same page'")
    [script] = Path(ikigai_local.platform.data_dir).glob("jobs/*/script-*")
    (script / "go on").touch()
    page.get_by_text("done waiting").wait_for()
    page.get_by_role("link", name="output, Exported, done").wait_for()
    page.locator("#state").get_by_text("succeeded").wait_for()
    assert page.evaluate("window.mark") == "same page"
    assert run.wait().status == "SUCCESS"
    page.get_by_role("link", name="flights, Imported, done").click()
    rows = page.get_by_role("region", name="First rows of flights").get_by_role("row")
    assert rows.nth(1).get_by_role("cell").all_inner_texts() == [str(value) for value in flights.iloc[0]]


def test_requests_and_the_faults_that_hit_them_are_watched(
    open_page: Callable[..., Page], app: App, ikigai_local: LocalAccount, ikigai_client: Ikigai
) -> None:
    page = open_page(f"{ikigai_local.url}/console/requests", ikigai_local)
    page.evaluate("window.mark = 'same page'")
    with ikigai_local.control.fault("get-pipelines-for-project", status=503, times=1):
        ikigai_client.apps[app.name].flows()
    calls = page.locator("#calls").get_by_role("row").filter(has_text="get-pipelines-for-project")
    calls.get_by_role("cell").get_by_text("1", exact=True).nth(1).wait_for()
    page.locator("#latest").get_by_text("fault", exact=True).wait_for()
    assert page.evaluate("window.mark") == "same page"


def test_what_users_wrote_is_never_markup_and_axe_finds_nothing_on_any_page(
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    hostile: dict[str, str],
    ikigai_local_server: LocalPlatform,
) -> None:
    page = open_page(hostile["apps"], viewport={"width": 1180, "height": 900})
    found = {"form": axe(page)}
    page.get_by_label("Email address").fill("nobody@example.com")
    page.get_by_label("API key").fill(MARKUP)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    found["form again"] = axe(page)
    assert "alert(1)" not in page.content(), "a key is never shown"
    sign_in(page, ikigai_local_server)
    for name, address in hostile.items():
        page.goto(address)
        page.locator("text=being counted").wait_for(state="detached")
        assert "&lt;script&gt;alert(1)" in page.content(), "the markup is there, as text"
        assert page.locator("img, script:not([src])").count() == 0, name
        found[name] = axe(page)
    page.goto(f"{hostile['apps']}/apps/nowhere")
    page.get_by_role("heading", name="Not possible").wait_for()
    found["not there"] = axe(page)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


@pytest.mark.soak
def test_pages_fit_narrow_screens_and_keys_reach_the_facets(
    open_page: Callable[..., Page], hostile: dict[str, str], ikigai_local_server: LocalPlatform
) -> None:
    page = open_page(hostile["flow"], ikigai_local_server, viewport={"width": 360, "height": 700})
    for address in hostile.values():
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, address
    page.goto(hostile["flow"].partition("?")[0])

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if "late, Filter" in (page.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Arguments").wait_for()


@pytest.mark.soak
def test_times_are_in_the_viewers_zone_and_all_works_without_scripts(
    open_page: Callable[..., Page], hostile: dict[str, str], ikigai_local_server: LocalPlatform
) -> None:
    here = open_page(hostile["run"], ikigai_local_server, locale="en-GB", timezone_id="Asia/Tokyo")
    plain = open_page(hostile["run"], ikigai_local_server, java_script_enabled=False)

    time = here.locator("time").first
    moment = datetime.fromisoformat(str(time.get_attribute("datetime"))).astimezone(ZoneInfo("Asia/Tokyo"))
    assert time.inner_text() == moment.strftime("%-d %b %Y, %H:%M:%S").replace("Sep", "Sept")
    assert plain.locator("time").first.inner_text().endswith("UTC")
    plain.get_by_role("link", name="failed").first.click()
    assert plain.get_by_role("heading", name="Arguments").is_visible()


@pytest.mark.soak
def test_the_page_of_a_trained_model_compares_its_versions(
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    app: App,
    ikigai_local: LocalAccount,
    ikigai_client: Ikigai,
) -> None:
    rows = pd.DataFrame({"delay": range(100), "distance": [7 * n % 50 for n in range(100)]})
    app.dataset.new("flights").df(rows.assign(late=rows["delay"] * 2 + rows["distance"])).build()
    model = app.model.new("late").model_type(ikigai_client.model_types.LINEAR.LASSO).build()
    for alpha in (0.1, 10.0):
        learn = {
            "type": "MID.Predict",
            "after": "flights",
            "model": "Linear.Lasso",
            "arguments": {"model_name": "late", "model_version": f"alpha {alpha:g}"},
            "parameters": {"target_column": "late", "mode": "retrain_inference"},
            "hyperparameters": {"alpha": alpha},
        }
        app.flow.new("learn").definition(flow_with(learn)).ensure()
        app.flows["learn"].start().result()

    page = open_page(model.web_url, ikigai_local)
    chart = page.get_by_role("table", name="r2")
    labels = chart.get_by_role("rowheader").all_inner_texts()
    assert labels == ["alpha 0.1, test", "alpha 0.1, train", "alpha 10, test", "alpha 10, train"]
    assert chart.locator("svg rect").count() == 4
    alphas = page.get_by_role("region", name="Hyperparameters").get_by_role("row").filter(has_text="alpha").last
    assert alphas.get_by_role("cell").all_inner_texts() == ["0.1", "10.0"]
    assert page.get_by_role("heading", name="Feature importance").is_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == []
