"""Tests that every `RunStore` and `StartLease` must pass. Subclass them in a test module, and define how to make one.

Examples
--------
>>> class TestMyStore(RunStoreContract):  # doctest: +SKIP
...     def a_try(self, work: str, number: int) -> RunStore:
...         return MyStore(work, number)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pytest

from ikigai_core.orchestration.run_store import RunStore, SupersededError
from ikigai_core.runs.lease import StartLease
from ikigai_core.runs.state import RunState

_RUN = RunState(
    app_id="app",
    flow_id="flow",
    flow_name='Late "flights" ✈',
    baseline="before",
    variables={"text": "ü\n'", "number": 1.5, "flag": True, "nothing": None},
    user="bob@example.com",
)


def _run(**changes: Any) -> dict[str, Any]:
    return {**_RUN.to_dict(), **changes}


class RunStoreContract(ABC):
    """The contract of a run store."""

    @abstractmethod
    def a_try(self, work: str, number: int) -> RunStore:
        """The store of one attempt at a piece of work, as a new process would create it.

        Parameters
        ----------
        work : str
            Name of the piece of work. Each test uses its own names.
        number : int
            Number of the attempt, from 1. An earlier attempt may still be alive.
        """

    def test_the_first_try_finds_nothing(self) -> None:
        assert self.a_try("first", 1).find() is None

    def test_the_next_try_finds_what_was_noted_as_it_was(self) -> None:
        self.a_try("same", 1).note(_run())
        assert self.a_try("same", 2).find() == _run()

    def test_the_newest_note_counts(self) -> None:
        store = self.a_try("newest", 1)
        for phase in ("prepared", "copied", "started"):
            store.note(_run(phase=phase))
        found = self.a_try("newest", 2).find()
        assert found is not None
        assert found["phase"] == "started"

    def test_other_work_finds_nothing(self) -> None:
        self.a_try("mine", 1).note(_run())
        assert self.a_try("other", 1).find() is None

    def test_a_result_that_was_taken_is_found_by_the_next_try(self) -> None:
        store = self.a_try("taken", 1)
        store.note(_run(phase="ended", log_id="log"))
        store.take(_run(phase="ended", log_id="log"))
        found = self.a_try("taken", 2).find()
        assert found is not None
        assert (found["phase"], found["log_id"], bool(found["taken_by"])) == ("taken", "log", True)

    def test_what_is_forgotten_is_not_found(self) -> None:
        store = self.a_try("forgotten", 1)
        store.note(_run())
        store.forget()
        store.forget()
        assert self.a_try("forgotten", 2).find() is None

    def test_a_try_that_was_superseded_can_note_nothing(self) -> None:
        late = self.a_try("superseded", 1)
        late.note(_run(phase="prepared"))
        self.a_try("superseded", 2).note(_run(phase="prepared", copy_name="second"))
        with pytest.raises(SupersededError):
            late.note(_run(phase="copied", copy_name="first"))
        found = self.a_try("superseded", 3).find()
        assert found is not None
        assert found["copy_name"] == "second"

    @pytest.mark.parametrize("order", [(1, 2), (2, 1)])
    def test_of_two_tries_that_found_nothing_one_at_most_may_start(self, order: tuple[int, int]) -> None:
        work = f"both {order[0]}"
        tries = {}
        for number in (1, 2):
            tries[number] = self.a_try(work, number)
            assert tries[number].find() is None
        assert sum(_may_start(tries[number], f"try {number}") for number in order) <= 1


def _may_start(store: RunStore, copy_name: str) -> bool:
    try:
        store.note(_run(phase="prepared", copy_name=copy_name))
    except Exception:
        return False
    return True


class StartLeaseContract(ABC):
    """The contract of a start lease."""

    @abstractmethod
    def a_lease(self, flow_id: str) -> StartLease:
        """A lease of a flow, as a new process would create it. Each test uses its own flows."""

    def test_only_one_holds_it(self) -> None:
        first, second = self.a_lease("only-one"), self.a_lease("only-one")
        assert first.hold()
        assert not second.hold()
        first.release()
        assert second.hold()
        second.release()

    def test_flows_do_not_hold_each_other_up(self) -> None:
        one, other = self.a_lease("one"), self.a_lease("other")
        assert one.hold()
        assert other.hold()
        one.release()
        other.release()

    def test_it_is_kept_while_it_is_renewed(self) -> None:
        lease = self.a_lease("renewed")
        assert lease.hold()
        assert lease.renew()
        assert not self.a_lease("renewed").hold()
        lease.release()

    def test_one_that_was_lost_is_not_renewed(self) -> None:
        lease = self.a_lease("lost")
        assert lease.hold()
        self.lose(lease)
        assert not lease.renew()
        lease.release()

    @abstractmethod
    def lose(self, lease: StartLease) -> None:
        """Take the lease away from its holder, as its expiry or an operator would."""

    def test_one_that_is_not_held_is_released_without_harm(self) -> None:
        lease = self.a_lease("released")
        lease.release()
        assert lease.hold()
        lease.release()
        lease.release()
