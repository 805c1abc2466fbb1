"""Callbacks that return an awaitable: awaited on the async face, refused on the sync one, and never dropped."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Flow, Ikigai, errors
from ikigai_core.local.account import LocalAccount


class Told:
    """What callbacks were told, and in which threads."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.threads: set[int] = set()

    async def later(self, value: Any) -> None:
        """A coroutine function, which ends after others have had their turn."""
        self.threads.add(threading.get_ident())
        await asyncio.sleep(0)
        self.values.append(value)

    async def of(self, what: str, value: Any) -> None:
        await self.later(value)


class Callable_:
    """An object that is async to call."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def __call__(self, value: Any) -> None:
        await self._told.later(value)


class Delegate:
    """An object that is not async to call, and returns an awaitable that is no coroutine."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def __call__(self, value: Any) -> Awaitable[None]:
        told = self._told

        class Later:
            def __await__(self) -> Any:
                return told.later(value).__await__()

        return Later()


KNOWN: dict[str, Callable[[Told], Any]] = {
    "coroutine function": lambda told: told.later,
    "partial": lambda told: partial(told.of, "run"),
    "async object": Callable_,
    "partial of an async object": lambda told: partial(Callable_(told)),
}
UNKNOWN: dict[str, Callable[[Told], Any]] = {
    "lambda": lambda told: lambda value: told.later(value),
    "awaitable object": Delegate,
}


@pytest.fixture(autouse=True)
def never_unawaited() -> Iterator[None]:
    """What is never awaited tells so when it is collected."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert [str(each.message) for each in caught if "never awaited" in str(each.message)] == []


@pytest.fixture
def flow(app: App, ikigai_local: LocalAccount) -> Flow:
    ikigai_local.control.outcome("Flow", duration=0.05)
    return app.flow.new("Flow").build()


@pytest.fixture(params=KNOWN)
def known(request: pytest.FixtureRequest) -> Any:
    return KNOWN[request.param]


@pytest.mark.parametrize("kind", [*KNOWN, *UNKNOWN])
def test_what_returns_an_awaitable_is_awaited_on_the_loop(
    kind: str, app: App, flow: Flow, ikigai_local: LocalAccount
) -> None:
    kept, reports, seen = Told(), Told(), Told()
    make = (KNOWN | UNKNOWN)[kind]

    async def job() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            own = await (await ikigai.apps[app.name]).flows[flow.name]
            run = await own.launch(keep=make(kept))
            await run.wait(timeout=30, on_update=make(reports))
            pairs = make(seen)
            async for outcome in ikigai.watch([run], on_update=lambda _, report: pairs(report)):
                outcome.result()

    asyncio.run(job())
    assert [run["phase"] for run in kept.values][:2] == ["prepared", "started"]
    assert [each.values[-1].status for each in (reports, seen)] == ["IDLE", "IDLE"]
    assert kept.threads | reports.threads | seen.threads == {threading.get_ident()}


def test_what_is_no_coroutine_function_runs_in_a_thread_of_its_own(
    app: App, flow: Flow, ikigai_local: LocalAccount
) -> None:
    threads = set()

    async def job() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            own = await (await ikigai.apps[app.name]).flows[flow.name]
            await own.launch(keep=lambda _: threads.add(threading.get_ident()))

    asyncio.run(job())
    assert threads
    assert threading.get_ident() not in threads


def test_the_sync_client_refuses_it_before_anything_is_sent(
    known: Any, app: App, flow: Flow, ikigai_client: Ikigai, ikigai_local: LocalAccount
) -> None:
    run = flow.start()
    run.wait(timeout=30)
    dataset = app.dataset.new("numbers").df(pd.DataFrame({"n": [1]}))
    callback = known(Told())
    ikigai_local.control.clear_journal()
    for name, call in {
        "keep": lambda: flow.launch({}, keep=callback),
        "on_update": lambda: run.wait(10, None, callback),
        "on_update ": lambda: run.result(on_update=callback),
        "on_update  ": lambda: ikigai_client.watch([run], None, callback),
        "on_progress": lambda: dataset.build(on_progress=callback),
    }.items():
        with pytest.raises(errors.WrongInputTypeError, match=f"^{name.strip()} is async, .*: give a plain function"):
            call()
    assert ikigai_local.control.journal() == []


@pytest.mark.parametrize("kind", UNKNOWN)
def test_the_sync_client_never_starts_a_flow_whose_keep_it_cannot_run(
    kind: str, flow: Flow, ikigai_local: LocalAccount
) -> None:
    kept = Told()
    with pytest.raises(errors.WrongInputTypeError, match=r"returned an awaitable \((Told.later|.*Later)\)"):
        flow.launch(keep=UNKNOWN[kind](kept))
    assert (kept.values, ikigai_local.control.journal("run-pipeline")) == ([], [])


def test_the_sync_client_says_so_while_it_follows_a_run(flow: Flow, ikigai_client: Ikigai) -> None:
    run = flow.start()
    with pytest.raises(errors.WrongInputTypeError, match="returned an awaitable"):
        run.wait(timeout=30, on_update=UNKNOWN["lambda"](Told()))
    (outcome,) = ikigai_client.watch([run], on_update=lambda _, report: Told().later(report))
    with pytest.raises(errors.WrongInputTypeError, match="returned an awaitable"):
        outcome.result()


def test_neither_face_takes_progress_that_has_to_be_awaited(known: Any, app: App, ikigai_local: LocalAccount) -> None:
    frame = pd.DataFrame({"n": [1]})
    told = Told()

    async def job() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            dataset = (await ikigai.apps[app.name]).dataset.new("numbers").df(frame)
            with pytest.raises(errors.WrongInputTypeError, match="^on_progress is async, .*: give a plain function.$"):
                await dataset.build(on_progress=known(told))
            with pytest.raises(errors.WrongInputTypeError, match="^on_progress returned an awaitable"):
                await dataset.build(on_progress=UNKNOWN["lambda"](told))

    asyncio.run(job())
    with pytest.raises(errors.WrongInputTypeError, match="^on_progress returned an awaitable"):
        app.dataset.new("numbers").df(frame).build(on_progress=UNKNOWN["lambda"](told))
    assert (told.values, len(app.datasets())) == ([], 0)
