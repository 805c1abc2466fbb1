"""Many runs are followed at once, by few threads or by tasks, and each one's outcome is told as it ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ikigai_core import AsyncIkigai, Ikigai, errors
from ikigai_core.local.process import LocalPlatform

ORDERS = {"Quick": ("SUCCESS", 0.3), "Broken": ("FAILED", 0.8), "Slow": ("SUCCESS", 1.5), "Endless": ("SUCCESS", 600)}


@pytest.fixture
def flows(own_platform: LocalPlatform) -> LocalPlatform:
    with Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url) as ikigai:
        app = ikigai.app.new("Watched").build()
        for name, (status, duration) in ORDERS.items():
            app.flow.new(name).build()
            own_platform.control.outcome(name, status=status, duration=duration)  # type: ignore[arg-type]
    return own_platform


def test_outcomes_are_told_as_runs_end_on_both_faces(flows: LocalPlatform) -> None:
    credentials = (flows.user_email, flows.api_key, flows.url)
    with Ikigai(*credentials) as ikigai:
        app = ikigai.apps["Watched"]
        told: set[tuple[str, int]] = set()
        before = threading.active_count()
        runs = [app.flows[name].start() for name in ORDERS]
        ended = [
            (outcome.run.flow_name, type(outcome.error).__name__, outcome.log is not None)
            for outcome in ikigai.watch(
                runs, timeout=6.0, on_update=lambda run, report: told.add((run.flow_name, report.progress or 0))
            )
        ]
        expected = [
            ("Quick", "NoneType", True),
            ("Broken", "RunFailedError", True),
            ("Slow", "NoneType", True),
            ("Endless", "RunTimeoutError", False),
        ]
        assert ended == expected
        assert {("Quick", 100), ("Slow", 100)} <= told
        assert threading.active_count() <= before + 8
        following = ikigai.watch(runs[-1:])
        del following

    async def watch() -> list[str]:
        async with AsyncIkigai(*credentials) as ikigai:
            same = [ikigai.flow_run(run.to_dict()) for run in runs]
            return [outcome.run.flow_name async for outcome in ikigai.watch(same, timeout=1.0)]

    assert asyncio.run(watch())[-1] == "Endless"


def test_an_outcome_raises_what_went_wrong(flows: LocalPlatform) -> None:
    with Ikigai(flows.user_email, flows.api_key, flows.url) as ikigai:
        app = ikigai.apps["Watched"]
        quick, broken = ikigai.watch([app.flows[name].start() for name in ("Quick", "Broken")])
        assert quick.result() == quick.log
        with pytest.raises(errors.RunFailedError, match="'Broken' ended FAILED"):
            broken.result()


def test_what_a_callback_raises_ends_the_watch(flows: LocalPlatform) -> None:
    def fail(run: object, report: object) -> None:
        raise ZeroDivisionError

    with Ikigai(flows.user_email, flows.api_key, flows.url) as ikigai:
        run = ikigai.apps["Watched"].flows["Slow"].start()
        with pytest.raises(ZeroDivisionError):
            list(ikigai.watch([run], on_update=fail))
