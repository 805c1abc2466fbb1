"""Makes the pictures of the console in the documents: `python tools/screenshots.py [FOLDER]`, by default docs/console.

It starts a local platform, gives it data, flows and runs, and photographs each page in light and dark with the
machine's Chromium (`make browser` installs one).
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import yaml
from headless import browser, installed_chromium, new_page
from playwright.sync_api import Page

from ikigai_core import App, Flow, Ikigai
from ikigai_core.local.process import LocalPlatform

ROOT = Path(__file__).resolve().parents[1]
DEFINITIONS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
CARRIERS = [("AA", "American"), ("B6", "JetBlue"), ("DL", "Delta"), ("EV", "ExpressJet"), ("UA", "United")]


def main(folder: Path) -> None:
    """Make all pictures."""
    installed_chromium()
    folder.mkdir(parents=True, exist_ok=True)
    with scene() as (platform, addresses), browser() as chromium:
        for scheme in ("light", "dark"):
            page = new_page(chromium, scheme)
            sign_in(page, platform)
            for name, address in addresses.items():
                page.goto(address)
                page.get_by_role("heading", level=1).wait_for()
                page.locator("text=being counted").wait_for(state="detached")
                page.screenshot(path=folder / f"{name}-{scheme}.png")
            page.context.close()


def sign_in(page: Page, platform: LocalPlatform) -> None:
    """Sign in as the platform's own user."""
    page.goto(f"{platform.url}/console")
    page.get_by_label("Email address").fill(platform.user_email)
    page.get_by_label("API key").fill(platform.api_key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


@contextmanager
def scene() -> Iterator[tuple[LocalPlatform, dict[str, str]]]:
    """A platform on which something has happened, and the addresses of its pages."""
    with LocalPlatform.start() as platform, Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        app = ikigai.app.new("Late flights").description("Which flights were late, and why").build()
        flights = app.dataset.new("flights").csv(ROOT / "examples/data/flights.csv").build()
        carriers = app.dataset.new("carriers").df(pd.DataFrame(CARRIERS, columns=["carrier", "airline"])).build()
        model = app.model.new("Arrival delay").model_type(ikigai.model_types.LINEAR.LASSO).build()
        late, speeds = _flow(app, "Late flights", "late_flights"), _flow(app, "Speeds", "speeds")
        for minutes in ("60", "30", "90", "15", "120", "45"):
            late.start(min_delay=minutes).result()
        failed = speeds.start()
        failed.wait()
        _train(app)
        with platform.control.fault("get-dataset-download-url", status=503, times=2):
            carriers.df()
            platform.control.outcome("Speeds", sequence=[("RUNNING", 3600)], times=1)
            speeds.start()
            yield (
                platform,
                {
                    "apps": f"{platform.url}/console",
                    "app": str(app.web_url),
                    "flow": f"{late.web_url}?facet={_facet_id(late, 'with names')}",
                    "run": str(failed.web_url),
                    "dataset": str(flights.web_url),
                    "model": str(model.web_url),
                    "search": f"{platform.url}/console/search?q=late",
                    "requests": f"{platform.url}/console/requests",
                },
            )


def _flow(app: App, name: str, definition: str) -> Flow:
    return app.flow.new(name).definition(DEFINITIONS[definition]).build()


def _train(app: App) -> None:
    """Train three versions of the model."""
    flow = _flow(app, "Delays", "delays")
    for alpha in (0.1, 1.0, 10.0):
        definition = copy.deepcopy(DEFINITIONS["delays"])
        definition["facets"]["predict"]["hyperparameters"] = {"alpha": alpha}
        definition["facets"]["predict"]["arguments"]["model_version"] = f"alpha {alpha:g}"
        app.flow.new("Delays").definition(definition).ensure()
        flow.start().result()


def _facet_id(flow: Flow, name: str) -> str:
    return next(facet.facet_id for facet in flow.definition().facets if facet.name == name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/console")
