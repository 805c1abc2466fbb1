"""Makes the pictures of Airflow in the documents: `python tools/airflow_screenshots.py [FOLDER]`.

The folder is docs/airflow by default. It starts a local platform and the demo's Airflow, runs the DAGs that
docs/airflow.md shows, and photographs what the provider adds to Airflow's pages with the machine's Chromium
(`make browser` installs one).
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from headless import WIDTH, browser, installed_chromium, new_page
from playwright.sync_api import Page

from ikigai_core.local.process import LocalPlatform

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / ".venvs/airflow/bin/airflow"
DEMO = ROOT / "examples/demo/run_airflow.py"
DOCUMENT = ROOT / "docs/airflow.md"
FILES = ("late_flights.yaml", "data/flights.csv")
DAG_ID, MAPPED, TOLD = "daily_late_flights", "late_flights_side_by_side", "after_each_week"
MOST_SECONDS = 900.0
LOWER = 620


def main(folder: Path) -> None:
    """Make all pictures."""
    installed_chromium()
    if not PROGRAM.exists():
        sys.exit("tools/airflow_screenshots.py: there is no Airflow; `make .venvs/airflow/.ready` installs it")
    folder.mkdir(parents=True, exist_ok=True)
    with scene() as (url, run_id, asset_id), browser() as chromium:
        page = new_page(chromium)
        page.set_default_timeout(60_000)
        show_form(page, url)
        page.get_by_role("dialog").screenshot(path=folder / "connection.png")
        page.set_viewport_size({"width": WIDTH, "height": LOWER})
        task = f"{url}/dags/{DAG_ID}/runs/{run_id}/tasks/run"
        page.goto(task)
        page.get_by_text("ended: SUCCESS").wait_for()
        page.screenshot(path=folder / "task.png")
        page.goto(f"{task}/details")
        page.get_by_role("link", name="Ikigai run").wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / "links.png")
        page.goto(f"{url}/assets/{asset_id}")
        page.get_by_text("Triggered Dag Run").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / "assets.png")


def show_form(page: Page, url: str) -> None:
    """Open the form for a new connection of the provider's type."""
    page.goto(f"{url}/connections")
    page.get_by_role("button", name="Add Connection").first.click()
    page.get_by_label("Connection ID").fill("ikigai_default")
    page.get_by_role("combobox").last.click()
    page.keyboard.type("Ikigai")
    page.get_by_role("option", name="Ikigai").click()
    page.get_by_placeholder("From your profile on the platform").wait_for()


@contextmanager
def scene() -> Iterator[tuple[str, str, int]]:
    """An Airflow on which the document's DAGs have run: its address, the run of the first, and an asset of the next."""
    demo = _load(DEMO)
    with LocalPlatform.start() as platform, tempfile.TemporaryDirectory(prefix="airflow-pictures-") as name:
        with patch.dict("os.environ", platform.environ()):
            airflow = demo.Airflow(Path(name) / "airflow")
        airflow.program = PROGRAM
        _deploy(airflow.home / "dags")
        with airflow:
            for dag_id in (DAG_ID, MAPPED, TOLD):
                airflow.await_dag(dag_id)
            first, _ = (_ran(airflow.api, dag_id, airflow.api.trigger(dag_id, {})) for dag_id in (DAG_ID, MAPPED))
            _ran(airflow.api, TOLD, _told(airflow.api))
            # Airflow lists an asset that only an alias leads to for a while, and then no more.
            (asset,) = airflow.api.get("/assets", name_pattern="late_flights_this_week", only_active="false")["assets"]
            yield airflow.api.base_url, first, asset["id"]


def _deploy(dags: Path) -> None:
    """Put the document's DAGs, and what they read, into a folder of DAGs."""
    for name in FILES:
        shutil.copyfile(ROOT / "examples" / name, dags / Path(name).name)
    programs = re.findall(
        r"^```python airflow\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for dag_id in (DAG_ID, MAPPED):
        text = next(program for program in programs if f"def {dag_id}(" in program)
        # Only what is started here is to be seen.
        (dags / f"{dag_id}.py").write_text(text.replace('schedule="@daily"', "schedule=None"))


def _told(api: Any) -> str:
    """Return the id of the run that the assets have started, once there is one."""
    deadline = time.monotonic() + MOST_SECONDS
    while not (runs := api.get(f"/dags/{TOLD}/dagRuns")["dag_runs"]):
        if time.monotonic() > deadline:
            raise RuntimeError(f"No asset has started {TOLD}")
        time.sleep(0.5)
    return str(runs[0]["dag_run_id"])


def _ran(api: Any, dag_id: str, run_id: str) -> str:
    """Return the run's id once it has ended well."""
    deadline = time.monotonic() + MOST_SECONDS
    while (state := api.dag_run_state(dag_id, run_id)) != "success":
        if state == "failed" or time.monotonic() > deadline:
            raise RuntimeError(f"The run of {dag_id} is {state}: {api.task_states(dag_id, run_id)}")
        time.sleep(0.5)
    return run_id


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/airflow")
