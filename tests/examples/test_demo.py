"""``make demo``: what it shows, when it fails, and that it leaves nothing behind."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# Far more than it takes, for machines that have other things to do.
TIMEOUT = 900.0
pytestmark = pytest.mark.timeout(1.5 * TIMEOUT)


# The suites of Airflow and Prefect run the same job on the servers that they have: starting others takes long.
@pytest.mark.parametrize("who", ["Dagster", pytest.param("Airflow,Prefect,Dagster", marks=pytest.mark.soak)])
def test_all_do_the_job_and_bring_the_same_back(start_demo: Callable, who: str) -> None:
    demo = start_demo(who.lower())
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 0, output
    rows = dict(
        re.findall(r"│ (Airflow|Prefect|Dagster|plain client) +│ SUCCESS +│ +(\d+) │ +[\d.]+ │ +[1-9]\d* │", output)
    )
    assert set(rows) == {*who.split(","), "plain client"}
    assert len(set(rows.values())) == 1
    assert output.rstrip().endswith(f"The {len(rows)} outputs are equal.")
    assert demo.leftovers() == []


@pytest.mark.soak
def test_a_job_that_fails_fails_the_demo_with_the_reason(start_demo: Callable, copied_examples: Path) -> None:
    definition = copied_examples / "late_flights.yaml"
    definition.write_text(definition.read_text().replace('data["dep_delay"]', 'data["departure_delay"]'))
    demo = start_demo("dagster", copied_examples)
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 1
    reasons = [line for line in output.splitlines() if line.startswith("demo: ")]
    assert [reason.split(" failed: ")[0] for reason in reasons] == ["demo: Dagster", "demo: plain client"]
    assert all("departure_delay" in reason for reason in reasons), output
    assert demo.leftovers() == []


@pytest.mark.soak
def test_outputs_that_differ_fail_the_demo(start_demo: Callable, copied_examples: Path) -> None:
    example = copied_examples / "plain_late_flights.py"
    example.write_text(
        example.read_text().replace("late.to_csv(output)", "late.df(nrows=9).to_csv(output, index=False)")
    )
    demo = start_demo("dagster", copied_examples)
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 1
    assert "demo: the outputs of Dagster and plain client differ: " in output


def test_an_environment_that_was_not_made_is_named(start_demo: Callable, copied_examples: Path) -> None:
    (copied_examples.parent / ".venvs").unlink()
    demo = start_demo("dagster", copied_examples)
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 1
    assert re.search(r"demo: Dagster failed: .*/\.venvs/dagster/bin/python is not there: `make demo` makes it", output)


def test_unknown_participants_are_refused(start_demo: Callable) -> None:
    demo = start_demo("luigi")
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 2
    assert "luigi is not one of airflow, prefect, dagster" in output


@pytest.mark.soak
def test_nothing_is_left_when_it_is_interrupted(start_demo: Callable) -> None:
    demo = start_demo("airflow,prefect")
    demo.await_servers("airflow api", "server start")
    demo.process.send_signal(signal.SIGTERM)
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 128 + signal.SIGTERM
    assert output.rstrip().endswith("demo: interrupted\n\ninterrupted by SIGTERM")
    assert demo.leftovers() == []


@pytest.mark.soak
def test_nothing_is_left_when_it_is_killed(start_demo: Callable) -> None:
    demo = start_demo("airflow,prefect")
    demo.await_servers("airflow api", "server start")
    demo.process.kill()
    demo.await_nothing_left()


@pytest.mark.soak
def test_jobs_that_are_killed_are_reported(start_demo: Callable) -> None:
    demo = start_demo("airflow,prefect")
    demo.await_servers("airflow api", "server start")
    jobs = [
        process for process in demo.processes() if re.search(r"/run_(airflow|prefect)\.py", " ".join(process.cmdline()))
    ]
    for job in jobs:
        job.kill()
    output, _ = demo.process.communicate(timeout=TIMEOUT)
    assert demo.process.returncode == 1
    assert "demo: Airflow failed: " in output
    assert "demo: Prefect failed: " in output
    assert demo.leftovers() == []
