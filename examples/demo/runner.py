"""Runs the participants side by side against one local platform, and compares what they bring back."""

from __future__ import annotations

import json
import os
import queue
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from participants import FailedError, Job, Participant, fail, say
from rich.console import Console
from rich.table import Table

from ikigai_core.local.process import LocalPlatform

# The slowest first: it sets the pace.
PARTICIPANTS = {
    participant.name: participant
    for participant in (
        Participant("airflow", "Airflow", "airflow", "airflow-provider-ikigai/"),
        Participant("prefect", "Prefect", "prefect", "prefect-ikigai/"),
        Participant("dagster", "Dagster", "dagster", "dagster-ikigai/"),
        Participant("plain", "plain client", "core", "ikigai-core/"),
    )
}

Outcome = dict[str, Any] | FailedError


def run(names: Sequence[str], folder: Path) -> int:
    """Let everybody named do the job, and show one table of how that went.

    Parameters
    ----------
    names : sequence of str
        Keys of `PARTICIPANTS`.
    folder : Path
        An empty one, for everything that is written.

    Returns
    -------
    int
        0, or 1 where a job failed or the outputs differ; the reason is printed.
    """
    participants = [participant for name, participant in PARTICIPANTS.items() if name in names]
    with LocalPlatform.start(data_dir=folder / "platform") as platform:
        say("platform", f"the local platform listens on {platform.url}")
        outcomes = run_side_by_side(participants, folder, platform.environ())
        calls = count_calls(platform)
    show(participants, outcomes, calls)
    failures = {who.title: outcome for who in participants if isinstance(outcome := outcomes[who.name], FailedError)}
    results = {name: outcome for name, outcome in outcomes.items() if not isinstance(outcome, FailedError)}
    reasons = [f"{title} failed: {failure}" for title, failure in failures.items()]
    reasons = reasons or differences(participants, results)
    for reason in reasons:
        fail(reason)
    if not reasons:
        print(f"The {len(participants)} outputs are equal.")
    return 1 if reasons else 0


def run_side_by_side(
    participants: Sequence[Participant], folder: Path, credentials: dict[str, str]
) -> dict[str, Outcome]:
    """Run the jobs, as many at a time as there are processors; all are ended where this is interrupted."""
    waiting: queue.SimpleQueue[Participant] = queue.SimpleQueue()
    for participant in participants:
        waiting.put(participant)
    jobs: list[Job] = []
    outcomes: dict[str, Outcome] = {}
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            try:
                participant = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                jobs.append(job := participant.start(folder, credentials))
                outcomes[participant.name] = job.result()
            except (FailedError, OSError, ValueError, KeyError) as error:
                outcomes[participant.name] = error if isinstance(error, FailedError) else FailedError(repr(error))

    lanes = [threading.Thread(target=work, daemon=True) for _ in range(max(2, os.cpu_count() or 1))]
    try:
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    finally:
        is_over.set()
        for job in jobs:
            job.terminate()
        for job in jobs:
            job.end()
    return outcomes


def count_calls(platform: LocalPlatform) -> dict[str, int]:
    """Ask the platform how many calls came from each user agent; transfers of the data itself are left out."""
    headers = {"user": platform.user_email, "api-key": platform.api_key}
    request = urllib.request.Request(f"{platform.url}/_local/requests", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        by_agent = json.load(answer)["by_agent"]
    return {
        agent: sum(count for call, count in calls.items() if not call.endswith(" /_data"))
        for agent, calls in by_agent.items()
    }


def differences(participants: Sequence[Participant], outcomes: dict[str, dict[str, Any]]) -> list[str]:
    """How the participants' outputs differ from the last one's, as tables: 851 and 851.0 are the same number."""
    tables = {who.title: pd.read_csv(outcomes[who.name]["output"]) for who in participants}
    *others, reference = tables
    return [
        f"the outputs of {who} and {reference} differ: {fault}"
        for who in others
        if (fault := difference(tables[who], tables[reference]))
    ]


def difference(table: pd.DataFrame, reference: pd.DataFrame) -> str:
    """Say how two tables differ; nothing where they do not."""
    try:
        pd.testing.assert_frame_equal(table, reference, check_exact=True)
    except AssertionError as error:
        return " ".join(str(error).split())
    return ""


def show(participants: Sequence[Participant], outcomes: dict[str, Outcome], calls: dict[str, int]) -> None:
    """Print the table."""
    table = Table("who", "run status", title="Late flights")
    for column in ("rows", "seconds", "API calls"):
        table.add_column(column, justify="right")
    for who in participants:
        outcome = outcomes[who.name]
        made = sum(count for agent, count in calls.items() if agent.startswith(who.agent))
        cells = (
            ("failed", "", "")
            if isinstance(outcome, FailedError)
            else (outcome["status"], str(outcome["rows"]), f"{outcome['seconds']:.1f}")
        )
        table.add_row(who.title, *cells, str(made))
    Console().print(table)
