"""However the steps of several who ensure one component fall, one is left, and all of them take that one.

They run on a fake clock, against a platform of the test's own that stamps whole seconds, so that thousands of histories
take seconds.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ikigai_core import errors
from ikigai_core.api import apps
from ikigai_core.api.call import Call
from ikigai_core.catalog.kinds import apps_of
from ikigai_core.components import ensuring
from ikigai_core.components.ensuring import PATIENCE, SETTLING, Ensured, ensure_only, find_settled
from ikigai_core.procedure import Pause, Procedure

KIND = apps_of("bob@example.com")
BEGIN = 1_700_000_000.0


def prompt(_: str) -> float:
    return 0.01


@dataclass
class World:
    """A platform, a clock, and processes whose requests and answers take as long as `delay` says."""

    delay: Callable[[str], float] = prompt
    ids: Iterator[str] = field(default_factory=lambda: (f"id {number:03}" for number in itertools.count()))
    now: float = BEGIN
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: list[Any] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    loses_answers: Callable[[], bool] = bool

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], Any]]] = []
        self._numbers = itertools.count()

    def create(self, app_id: str = "") -> str:
        app_id = app_id or next(self.ids)
        self.records[app_id] = {"project_id": app_id, "name": "Shared", "created_at": str(int(self.now))}
        return app_id

    def begin(self, procedure: Procedure[Any], after: float = 0.0) -> None:
        """Let a process begin some seconds from now."""
        self.later(after, lambda: self._advance(procedure, lambda: next(procedure)))

    def ensure(self, after: float = 0.0) -> None:
        self.begin(ensure_only(KIND, "Shared", apps.create("Shared", "")), after)

    def run(self) -> None:
        """Go on until every process has ended."""
        while self._events:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    def later(self, seconds: float, happen: Callable[[], Any]) -> None:
        """Let something happen some seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), happen))

    def _advance(self, procedure: Procedure[Any], go_on: Callable[[], Any]) -> None:
        try:
            step = go_on()
        except StopIteration as end:
            self.results.append(end.value)
        except errors.IkigaiError as error:
            self.results.append(error)
        else:
            self._perform(procedure, step)

    def _perform(self, procedure: Procedure[Any], step: Any) -> None:
        if isinstance(step, Pause):
            self.later(step.seconds, lambda: self._advance(procedure, lambda: procedure.send(self.now)))
            return
        assert isinstance(step, Call)

        def arrive() -> None:
            answer, error = self._answer(step)

            def go_on() -> Any:
                return procedure.send(step.read(answer)) if error is None else procedure.throw(error)

            self.later(self.delay("answer"), lambda: self._advance(procedure, go_on))

        self.later(self.delay(step.path), arrive)

    def _answer(self, step: Call[Any]) -> tuple[Any, Exception | None]:
        match step:
            case Call(path="/search/search-projects-for-user"):
                return {"projects": list(self.records.values()), "limit_warning": ""}, None
            case Call(path="/component/create-project"):
                app_id = self.create()
                return {"project_id": app_id}, errors.AnswerLostError("lost") if self.loses_answers() else None
            case Call(path="/component/delete-project", body={"project": {"project_id": app_id}}):
                self.deleted.append(app_id)
                gone = self.records.pop(app_id, None) is None
                return {"project_id": app_id}, errors.NotFoundError("gone", status=404) if gone else None
        raise AssertionError(f"unexpected {step}")

    @property
    def taken(self) -> set[str]:
        """What the processes ended with: ids, or texts of errors."""
        return {each.component_id if isinstance(each, Ensured) else repr(each) for each in self.results}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World()
    monkeypatch.setattr(ensuring.time, "time", lambda: world.now)
    return world


def histories(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[tuple[World, random.Random]]:
    """Worlds that begin somewhere within a second."""
    for seed in range(number):
        chance = random.Random(seed)
        ids = iter(lambda chance=chance: f"{chance.getrandbits(64):016x}", None)
        world = World(ids=ids, now=BEGIN + chance.random())
        monkeypatch.setattr(ensuring.time, "time", lambda world=world: world.now)
        yield world, chance


@pytest.mark.parametrize(("processes", "slowest"), [(2, 0.5), (3, 0.5), (6, 0.5), (2, 1.5)])
def test_one_is_left_and_everybody_takes_it(monkeypatch: pytest.MonkeyPatch, processes: int, slowest: float) -> None:
    raced = 0
    for world, chance in histories(monkeypatch, 700):
        world.delay = lambda _, chance=chance: chance.uniform(0.001, chance.choice((0.01, 0.1, slowest)))
        for _ in range(processes):
            world.ensure(chance.uniform(0, chance.choice((0.01, 0.5, 5))))
        world.run()
        assert (len(world.results), world.taken) == (processes, set(world.records))
        assert len(world.records) == 1
        raced += bool(world.deleted)
    assert raced > 100, "hardly any history was a race"


def test_what_was_there_before_is_taken_after_one_look(world: World) -> None:
    app_id = world.create()
    world.ensure(after=3600)
    world.run()
    assert (world.taken, world.now - BEGIN - 3600) == ({app_id}, pytest.approx(0.02))
    assert world.results[0].changes == ()


def test_the_only_one_to_create_waits_for_nobody(world: World) -> None:
    world.ensure()
    world.run()
    assert (world.taken, world.now - BEGIN) == (set(world.records), pytest.approx(0.06))
    assert (world.results[0].is_own, world.results[0].changes) == (True, ("created",))


def test_what_was_just_created_is_looked_at_again(world: World) -> None:
    app_id = world.create()
    world.ensure(after=0.5)
    world.run()
    assert (world.taken, world.deleted, world.results[0].is_own) == ({app_id}, [], False)
    assert SETTLING <= world.now - BEGIN < SETTLING + 1


def test_what_goes_while_it_is_looked_at_again_is_not_taken(world: World) -> None:
    app_id = world.create()
    world.ensure(after=0.5)
    world.later(1, lambda: world.records.pop(app_id))
    world.run()
    assert world.taken == set(world.records) != {app_id}


def test_what_holds_data_was_taken_by_its_creator(world: World) -> None:
    kind = dataclasses.replace(KIND, is_used=lambda record: True)
    app_id = world.create()
    world.begin(ensure_only(kind, "Shared", apps.create("Shared", "")))
    world.run()
    assert (world.taken, world.now - BEGIN) == ({app_id}, pytest.approx(0.02))


def test_of_two_that_saw_each_other_the_first_stays(world: World) -> None:
    world.ensure()
    world.ensure()
    world.run()
    assert (world.taken, world.deleted) == ({"id 000"}, ["id 001"])
    assert sorted(each.changes for each in world.results) == [(), ("created",)]


@pytest.mark.parametrize("orphan", ["a", "z"], ids=["before", "after"])
def test_one_whose_creator_died_is_taken(world: World, orphan: str) -> None:
    world.ids = iter(["m"])
    world.ensure()
    # After the look that shows nothing, in the same second.
    world.later(0.02, lambda: world.create(orphan))
    world.run()
    assert (world.taken, set(world.records), world.deleted) == ({orphan}, {orphan}, ["m"])


def test_what_somebody_may_have_taken_is_not_deleted_for_a_later_one(world: World) -> None:
    answers = iter([0.01, 5.0])
    world.delay = lambda step: next(answers, 0.01) if step == "answer" else 0.01
    world.ensure()
    world.ensure(after=3.5)
    world.later(4, lambda: world.create("stays for good"))
    world.run()
    first, second = world.results
    assert (first.component_id, world.deleted) == ("id 000", [])
    assert isinstance(second, errors.AmbiguousError)


def test_a_process_that_was_stopped_looks_again_before_it_deletes(world: World) -> None:
    world.ids = iter("za")
    # The answer to the look that shows the other one, which gives way meanwhile.
    answers = iter([0.01, 0.01, 0.01, 0.01, 30.0])
    world.delay = lambda step: next(answers, 0.01) if step == "answer" else 0.01
    world.ensure()
    world.ensure()
    world.run()
    assert (world.taken, world.deleted) == ({"z"}, ["a"])
    assert world.now - BEGIN > 30


@pytest.mark.parametrize("clock", [0, 3600])
def test_several_are_waited_for_while_their_creators_settle(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: float
) -> None:
    monkeypatch.setattr(ensuring.time, "time", lambda: world.now + clock)
    stays, goes = world.create(), world.create()
    world.later(1.5, lambda: world.records.pop(goes))
    world.ensure(after=0.5)
    world.begin(find_settled(KIND, "Shared"), after=0.5)
    world.run()
    assert (world.results[0]["project_id"], world.results[1].component_id) == (stays, stays)


@pytest.mark.parametrize("apart", [0.0, 60.0], ids=["created together", "one just created"])
def test_several_that_stay_are_ambiguous(world: World, apart: float) -> None:
    world.create()
    world.later(apart, world.create)
    for procedure in (ensure_only(KIND, "Shared", apps.create("Shared", "")), find_settled(KIND, "Shared")):
        world.begin(procedure, after=apart + 0.5)
    world.run()
    assert [type(each) for each in world.results] == [errors.AmbiguousError] * 2
    assert PATIENCE <= world.now - BEGIN - apart < PATIENCE + 2
    assert (len(world.records), world.deleted) == (2, [])


def test_namesakes_of_old_are_ambiguous_at_once(world: World) -> None:
    world.create()
    world.later(60, world.create)
    for procedure in (ensure_only(KIND, "Shared", apps.create("Shared", "")), find_settled(KIND, "Shared")):
        world.begin(procedure, after=3600)
    world.run()
    assert [type(each) for each in world.results] == [errors.AmbiguousError] * 2
    assert world.now - BEGIN - 3600 < 1


def test_after_a_lost_answer_nothing_counts_as_ones_own(world: World) -> None:
    lost = iter([True])
    world.loses_answers = lambda: next(lost, False)
    world.ensure()
    world.ensure()
    world.run()
    assert (world.taken, world.deleted) == ({"id 000"}, ["id 001"])
    assert {(each.is_own, each.changes) for each in world.results} == {(False, ()), (False, ("created",))}
