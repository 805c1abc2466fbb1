"""A process that ensures components of each kind whenever it is told to, and says what it got."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from ikigai_core import AsyncApp, AsyncIkigai

DOCUMENT = {
    "facets": {
        "numbers": {"type": "INPUT.Imported", "dataset": "Shared", "arguments": {"file_type": "csv", "header": True}},
        "counts": {
            "type": "MID.Count",
            "after": "numbers",
            "arguments": {"output_column_name": "count", "target_columns": ["n"], "sort": True},
        },
        "output": {
            "type": "OUTPUT.Exported",
            "after": "counts",
            "arguments": {"dataset_name": "Counts", "file_type": "csv", "header": True},
        },
    }
}


async def beside(app: AsyncApp, name: str, numbers: str, model_type: Any) -> dict[str, str]:
    """Ensure all kinds at once."""
    dataset, flow, model, other = await asyncio.gather(
        app.dataset.new(name).csv(numbers).ensure(),
        app.flow.new(name).definition({"facets": {}}).ensure(),
        app.model.new(name).model_type(model_type).ensure(),
        app._client.app.new(name).ensure(),
    )
    return {"dataset": dataset.dataset_id, "flow": flow.flow_id, "model": model.model_id, "app": other.app_id}


async def one_in_another(ikigai: AsyncIkigai, name: str, numbers: str) -> dict[str, str]:
    """Ensure an app, a dataset in it, and a flow that reads the dataset."""
    app = await ikigai.app.new(name).ensure()
    dataset = await app.dataset.new("Shared").csv(numbers).ensure()
    flow = await app.flow.new("Shared").definition(DOCUMENT).ensure()
    return {"app": app.app_id, "dataset": dataset.dataset_id, "flow": flow.flow_id}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Do the jobs that come through a pipe, for a fork server."""
    asyncio.run(work(*arguments))
    return 0


async def work(orders: str, url: str, user: str, key: str, home: str, numbers: str, process: str) -> None:
    async with AsyncIkigai(user, key, url) as ikigai:
        app = await ikigai.apps[home]
        model_type = (await ikigai.model_types).Linear.Lasso
        say("ready")
        random.seed(f"{os.environ['IKIGAI_TEST_SEED']} {process}")
        with Path(orders).open(encoding="utf-8") as lines:
            for line in lines:
                job, name, spread = json.loads(line)
                await asyncio.sleep(random.uniform(0, spread))
                if job == "beside":
                    got = await beside(app, name, numbers, model_type)
                else:
                    got = await one_in_another(ikigai, name, numbers)
                say(json.dumps(got))
