"""One task, one run, the right result: what orchestrators say, beside what the platform did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ikigai_core.local.control import BegunRun

from .flows import OUTPUT, TASK, output_of

DOUBTS = ("StartUnknownError", "RunAmbiguousError")
_SHOWN = 5
_WORDS = 200


@dataclass(frozen=True)
class Told:
    """What an orchestrator says of a task at last.

    Attributes
    ----------
    task : str
        The value of its run variable `task`.
    ended : {"success", "failed", "unfinished"}
    error : str
        Class and message of the error, or any text that has them; empty for a success.
    log_id, output : str or None
        The run that it reports as its own, and the dataset; None where it reports none.
    variables : mapping
        The run variables that it reports; empty where it reports none.
    doubt : str
        The doubt about the run that it reports along with it, in a sentence; empty where it tells none.
    clearings : int
        How often somebody asked for another run of it, after it had ended.
    """

    task: str
    ended: Literal["success", "failed", "unfinished"]
    error: str = ""
    log_id: str | None = None
    output: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    doubt: str = ""
    clearings: int = 0


@dataclass(frozen=True)
class Verdict:
    """What was found; each list has tasks, with the reason.

    Attributes
    ----------
    counts : mapping
        Tasks and runs by how they ended.
    without_own
        Ended well, and no run of their own did.
    doubled
        More runs than one began for them, and it was not that the one before had failed, or a clearing.
    anothers
        Reported another run, variables or output than their own, and no doubt about it.
    doubted
        Reported another run than their own, and that it may be; their own ended in the same way.
    for_nothing
        Failed, and not for doubt, though a run of their own had succeeded.
    for_doubt
        Failed with StartUnknownError or RunAmbiguousError.
    unfinished
        Did not end.
    """

    counts: Mapping[str, int]
    without_own: Sequence[str]
    doubled: Sequence[str]
    anothers: Sequence[str]
    doubted: Sequence[str]
    for_nothing: Sequence[str]
    for_doubt: Sequence[str]
    unfinished: Sequence[str]

    def table(self, title: str = "") -> str:
        """The figures as text, with some of what is wrong."""
        lines = [title] if title else []
        lines += [f"  {what:<40} {count:>6}" for what, count in self.counts.items()]
        for name, title in _TITLES.items():
            found = getattr(self, name)
            lines.append(f"  {title:<40} {len(found):>6}")
            lines += [f"      {one}" for one in found[:_SHOWN]]
        return "\n".join(lines)

    def check(self, *, doubt: bool) -> None:
        """Assert that nothing is wrong; `doubt` says whether tasks may have failed for doubt."""
        wrong = [self.without_own, self.doubled, self.anothers, self.for_nothing, self.unfinished]
        wrong += [] if doubt else [self.for_doubt]
        assert not any(wrong), f"\n{self.table()}"


_TITLES = {
    "without_own": "ended well without a run of their own",
    "doubled": "doubled",
    "anothers": "reported with another's",
    "doubted": "reported another run, with a doubt",
    "for_nothing": "failed though their run succeeded",
    "for_doubt": "failed for doubt",
    "unfinished": "unfinished",
}


def judge(told: Iterable[Told], runs: Iterable[BegunRun]) -> Verdict:
    """Compare what orchestrators say with the runs that the platform began, oldest first."""
    told, runs = list(told), list(runs)
    by_task: dict[str, list[BegunRun]] = defaultdict(list)
    for run in runs:
        by_task[str(run.variables.get(TASK))].append(run)
    found: dict[str, list[str]] = {name: [] for name in _TITLES}
    for one in told:
        for name, reason in _faults(one, by_task[one.task]):
            found[name].append(f"{one.task}: {reason}")
    strangers = sum(len(own) for task, own in by_task.items() if task not in {one.task for one in told})
    ends = Counter(one.ended for one in told)
    states = Counter(run.status or "under way" for run in runs)
    counts = {
        "tasks": len(told),
        **{f"  that ended {end!r}": count for end, count in sorted(ends.items())},
        "runs that began": len(runs),
        **{f"  {status}": count for status, count in sorted(states.items())},
        "  of no task here": strangers,
    }
    return Verdict(counts, **found)


def _faults(told: Told, own: Sequence[BegunRun]) -> Iterable[tuple[str, str]]:
    succeeded = [run.run_id for run in own if run.status == "SUCCESS"]
    if told.ended == "unfinished":
        yield "unfinished", told.error or "no end"
    if told.ended == "success" and not succeeded:
        yield "without_own", f"its own runs: {_shown(own)}"
    if (excess := _excess(own)) > told.clearings:
        yield "doubled", f"{excess} too many, {told.clearings} clearings: {_shown(own)}"
    if told.log_id is not None and told.log_id not in {run.run_id for run in own}:
        yield "doubted" if told.doubt else "anothers", f"run {told.log_id}, its own runs: {_shown(own)} {told.doubt}"
    if reason := _anothers(told):
        yield "anothers", reason
    is_doubt = any(name in told.error for name in DOUBTS)
    if told.ended == "failed" and is_doubt:
        yield "for_doubt", f"{told.error[:_WORDS]}, its own runs: {_shown(own)}"
    elif told.ended == "failed" and len(succeeded) > told.clearings:
        yield "for_nothing", f"{told.error[:_WORDS]}, its own runs: {_shown(own)}"


def _excess(own: Sequence[BegunRun]) -> int:
    """How many runs began though one before them had succeeded, or was still under way."""
    excess = 0
    for number, run in enumerate(own):
        before = own[:number]
        excess += any(one.status == "SUCCESS" or not one.ended or one.ended > run.began for one in before)
    return excess


def _anothers(told: Told) -> str:
    if told.output not in (None, output_of(told.task)):
        return f"output {told.output!r}"
    expected = {TASK: told.task, OUTPUT: output_of(told.task)}
    wrong = {name: value for name, value in told.variables.items() if expected.get(name, value) != value}
    return f"variables {wrong}" if wrong else ""


def _shown(own: Sequence[BegunRun]) -> str:
    return ", ".join(f"{run.run_id} {run.status or 'under way'} of {run.flow_name!r}" for run in own) or "none"
