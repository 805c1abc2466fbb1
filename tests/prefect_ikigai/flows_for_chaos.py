"""Flow runs of many tasks, in all ways in which a task runs a flow of the platform."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from prefect import flow, task, unmapped
from prefect.futures import PrefectFuture
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

from prefect_ikigai import IkigaiCredentials, IkigaiFlow, run_flow, start_flow, wait_for_run
from prefect_ikigai.tasks.making import task_options
from tests.chaos.flows import variables_of


@task(**task_options())
def by_block(block: IkigaiFlow) -> Any:
    run = block.trigger()
    run.wait_for_completion()
    return run.fetch_result()


@flow
def below(credentials: IkigaiCredentials, app: str, name: str, item: str, how: dict[str, Any], delays: Any) -> Any:
    return run_flow.with_options(**delays)(credentials, app, name, variables_of(item), **how)


@flow(retries=1, retry_delay_seconds=1, task_runner=ThreadPoolTaskRunner(max_workers=4))
def contending(
    url: str,
    user: str,
    key: str,
    app: str,
    flows: list[str],
    items: list[str],
    how: dict[str, Any],
    told: str,
    delays: dict[str, Any],
) -> None:
    """Run a flow for each item, and write down what became of each.

    One goes through a block, one through a subflow, one is started by one task and awaited by another; the rest is
    mapped.
    """
    credentials = IkigaiCredentials(user_email=user, api_key=key, base_url=url)
    names = [flows[number % len(flows)] for number in range(len(items))]
    *mapped, with_block, in_subflow, in_two = items
    outcomes: dict[str, Any] = {}
    variables = [variables_of(item) for item in mapped]
    each = run_flow.with_options(**delays).map(
        unmapped(credentials), unmapped(app), names[: len(mapped)], variables, **how
    )
    block = IkigaiFlow(credentials=credentials, app=app, flow=names[-3], variables=variables_of(with_block), **how)
    blocked = by_block.with_options(**delays).submit(block)
    started = start_flow.with_options(**delays).submit(credentials, app, names[-1], variables_of(in_two), **how)
    awaited = wait_for_run.with_options(**delays).submit(credentials, started)
    outcomes[in_subflow] = told_of(below(credentials, app, names[-2], in_subflow, how, delays, return_state=True))
    for item, future in zip(mapped, each, strict=True):
        outcomes[item] = told_of(state_of(future))
    outcomes[with_block] = told_of(state_of(blocked))
    outcomes[in_two] = told_of(state_of(awaited) if state_of(started).is_completed() else state_of(started))
    write(Path(told), outcomes)
    failed = [item for item, outcome in outcomes.items() if outcome["ended"] != "success"]
    if failed:
        raise RuntimeError(f"{len(failed)} items failed")


def state_of(future: PrefectFuture[Any]) -> State[Any]:
    future.wait()
    return future.state


def told_of(state: State[Any]) -> dict[str, Any]:
    if not state.is_completed():
        return {"ended": "failed", "error": str(state.message)}
    log = state.result()
    return {"ended": "success", "log_id": log.log_id, "doubt": getattr(log, "doubt", "")}


def write(file: Path, outcomes: dict[str, Any]) -> None:
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_text(json.dumps(outcomes))
    os.replace(new, file)
