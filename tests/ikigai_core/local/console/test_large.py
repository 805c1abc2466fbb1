"""Pages of large apps and datasets open at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from ikigai_core.local.process import LocalPlatform
from ikigai_core.local.store import Store
from ikigai_core.local.store.access import AccessLevel
from ikigai_core.local.store.apps import App
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.flows import Flow

pytestmark = pytest.mark.soak

OWNER = "user@example.com"
FLOWS, ROWS, FACETS = 1_000, 10_000_000, 300
MOST_SECONDS = 0.5
LINE = "{},2026-01-01,east,1.5\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A platform with an app of many flows and runs, and a dataset of many rows, made beforehand."""
    folder = tmp_path_factory.mktemp("large")
    _fill(folder)
    with LocalPlatform.start(data_dir=folder, user_email=OWNER) as platform:
        yield platform


def _fill(folder: Path) -> None:
    data = folder / "datasets" / "large.csv"
    data.parent.mkdir()
    with data.open("w") as file:
        file.write("n,day,side,price\n")
        block = "".join(LINE.format(n) for n in range(ROWS // 100))
        for _ in range(100):
            file.write(block)
    store = Store(folder / "platform.sqlite")
    with store.transaction():
        store.apps.add(App("large", "Large", OWNER, "", "", 1, 1, 1))
        store.app_grants.set("large", OWNER, AccessLevel.OWNER)
        number, text = ({"data_type": kind, "data_formats": {}} for kind in ("NUMERIC", "CATEGORICAL"))
        types = {"n": number, "day": {**text, "data_type": "TIME"}, "side": text, "price": number}
        kept = {"size": data.stat().st_size, "data_file": data.name, "data_types": types}
        store.datasets.add(Dataset("rows", "large", "rows", "", "rows.csv", 1, 1, **kept))
        for number in range(FLOWS):
            flow = store.flows.add(Flow(f"flow-{number}", "large", f"Flow {number}", "", _chain(), 1, 1))
            for _ in range(3):
                run = store.runs.queue(flow, OWNER, {})
                store.runs.finish(run.run_id, "SUCCESS")
    store.close()


def _chain() -> dict[str, object]:
    names = [f"facet {number}" for number in range(FACETS)]
    return {
        "facets": [{"facet_id": name, "facet_uid": "M_003", "name": name, "arguments": {}} for name in names],
        "arrows": [{"source": a, "destination": b, "arguments": {}} for a, b in pairwise(names)],
    }


@pytest.mark.parametrize(
    "page",
    ["apps/large", "apps/large?flows=10", "apps/large/flows/flow-500", "apps/large/datasets/rows", "search?q=Flow+99"],
)
def test_a_page_opens_in_half_a_second(large: LocalPlatform, page: str) -> None:
    auth = (large.user_email, large.api_key)
    address = f"{large.url}/console/{page}"
    times = []
    for _ in range(5):
        began = time.monotonic()
        answer = requests.get(address, auth=auth, timeout=60)
        times.append(time.monotonic() - began)
        assert answer.status_code == 200, answer.text
    # The first one loads the templates; a busy machine may hold up some.
    assert min(times) < MOST_SECONDS, times
