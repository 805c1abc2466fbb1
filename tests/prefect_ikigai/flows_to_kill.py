"""Flows whose processes die at a chosen moment after the platform's run has ended."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import requests
from prefect import flow

from prefect_ikigai import IkigaiCredentials, output_name, run_flow, start_flow, wait_for_run
from prefect_ikigai.run_store import PrefectRunStore
from prefect_ikigai.runs.followed_run import FollowedRun


class Moments:
    """Counts what is sent since the run has ended, and kills before one request, or after its answer."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._count = 0
        self._counts = False

    def begin(self) -> None:
        if not self._counts:
            self._counts = True
            self.pass_one()

    def pass_one(self) -> None:
        if not self._counts:
            return
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1


def die_at(at: int) -> None:
    """Kill this process at a moment after the run's end was seen: so many requests, and answers, later."""
    moments = Moments(at)
    note = PrefectRunStore.note

    def noting(self: PrefectRunStore, run: dict[str, Any]) -> None:
        if run["phase"] == "ended":
            moments.begin()
        note(self, run)

    end = FollowedRun.end

    def ending(self: FollowedRun, *args: Any) -> None:
        moments.begin()
        end(self, *args)

    PrefectRunStore.note = noting  # type: ignore[method-assign]
    FollowedRun.end = ending  # type: ignore[method-assign]
    for owner, name in ((httpx.HTTPTransport, "handle_request"), (requests.Session, "send")):
        _watch(owner, name, moments)


def _watch(owner: Any, name: str, moments: Moments) -> None:
    original = getattr(owner, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        moments.pass_one()
        answer = original(*args, **kwargs)
        moments.pass_one()
        return answer

    setattr(owner, name, watched)


@flow
def following(
    url: str, user: str, key: str, app: str, name: str, isolation: str, task: str, output: str, with_two: bool
) -> None:
    credentials = IkigaiCredentials(user_email=user, api_key=key, base_url=url)
    variables = {"task": task, "output": output}
    if with_two:
        started = start_flow(credentials, app, name, variables, isolation=isolation)
        log = wait_for_run(credentials, started)
    else:
        log = run_flow(credentials, app, name, variables, isolation=isolation)
    assert log.status.value == "SUCCESS"


@flow
def called(url: str, user: str, key_file: str, app: str, name: str) -> None:
    credentials = IkigaiCredentials(user_email=user, api_key_file=key_file, base_url=url)
    run_flow(credentials, app, name, {"output": output_name("mine")})


@flow
def calling(url: str, user: str, key_file: str, app: str, name: str) -> None:
    called(url, user, key_file, app, name)
