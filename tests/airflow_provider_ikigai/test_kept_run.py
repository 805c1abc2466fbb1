"""What a task keeps of its run for its next try."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ikigai.kept_run import KeptRun

RUN = {"version": 1, "flow_id": "f1", "flow_name": "A flow", "phase": "prepared"}


class Store(dict[str, Any]):
    """A task's state as Airflow lends it to a task."""

    is_away = False

    def set(self, key: str, value: Any) -> None:
        if self.is_away:
            raise ConnectionError("the API server is away")
        self[key] = value

    def delete(self, key: str) -> None:
        self.pop(key, None)


@pytest.fixture
def store() -> Store:
    return Store()


def kept_in(store: Store | None, max_tries: int = 0) -> KeptRun:
    context: Any = {"ti": SimpleNamespace(max_tries=max_tries)}
    if store is not None:
        context["task_state_store"] = store
    return KeptRun(context, logging.getLogger("airflow.task"))  # type: ignore[arg-type]


def test_the_next_try_finds_the_run_until_it_is_forgotten(store: Store) -> None:
    kept_in(store).keep(RUN)
    kept_in(store).keep({**RUN, "phase": "started"})
    assert kept_in(store).previous("f1") == {**RUN, "phase": "started", "max_tries": 0}
    kept_in(store).forget()
    assert kept_in(store).previous("f1") is None


def test_a_run_of_before_the_task_was_cleared_is_told_apart(store: Store) -> None:
    kept_in(store).keep(RUN)
    for max_tries, is_cleared in ((0, False), (1, True)):
        kept = kept_in(store, max_tries)
        previous = kept.previous("f1")
        assert previous is not None
        assert kept.is_of_before_a_clearing(previous) is is_cleared
    assert not kept_in(store, 1).is_of_before_a_clearing(RUN)


def test_a_run_of_another_flow_is_not_picked_up(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    kept_in(store).keep(RUN)
    with caplog.at_level(logging.INFO):
        assert kept_in(store).previous("f2") is None
    assert "An earlier try kept a run of flow 'A flow', which this task no longer runs" in caplog.text


def test_a_run_that_cannot_be_kept_must_not_start_but_is_followed_once_it_has(store: Store) -> None:
    kept = kept_in(store)
    kept.keep(RUN)
    store.is_away = True
    kept.keep({**RUN, "phase": "started"})
    assert kept.previous("f1") == {**RUN, "max_tries": 0}
    with pytest.raises(ConnectionError):
        kept.keep(RUN)


def test_an_airflow_without_task_states_keeps_nothing() -> None:
    kept = kept_in(None)
    kept.keep(RUN)
    assert kept.previous("f1") is None
    kept.forget()
