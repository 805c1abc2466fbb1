"""The judge finds what it is there for, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from ikigai_core.local.control import BegunRun

from .flows import variables_of
from .judge import Told, judge

WELL = Told("a", "success")


def ran(task: str, status: str, began: float, ended: float, run_id: str = "") -> BegunRun:
    return BegunRun(run_id or f"{task} {began}", "f", "Flow", "app", "u", variables_of(task), began, ended, status)


DONE = ran("a", "SUCCESS", 1, 2, "done")
LATER = ran("a", "SUCCESS", 3, 4)
FAILED = ran("a", "FAILED", 0, 1)


@pytest.mark.parametrize(
    ("told", "runs", "wrong"),
    [
        (WELL, [DONE], ""),
        (WELL, [], "without_own"),
        (WELL, [FAILED], "without_own"),
        (WELL, [ran("b", "SUCCESS", 1, 2)], "without_own"),
        (WELL, [FAILED, DONE], ""),
        (WELL, [ran("a", "DELETED", 0, 1), DONE], ""),
        (WELL, [DONE, LATER], "doubled"),
        (WELL, [DONE, ran("a", "FAILED", 3, 4)], "doubled"),
        (WELL, [ran("a", "FAILED", 0, 1.5), DONE], "doubled"),
        (WELL, [ran("a", "", 0, 0), DONE], "doubled"),
        (dataclasses.replace(WELL, clearings=1), [DONE, LATER], ""),
        (dataclasses.replace(WELL, clearings=1), [DONE, LATER, ran("a", "SUCCESS", 5, 6)], "doubled"),
        (dataclasses.replace(WELL, log_id="done", output="out a", variables=variables_of("a")), [DONE], ""),
        (dataclasses.replace(WELL, log_id="b's"), [DONE], "anothers"),
        (dataclasses.replace(WELL, log_id="b's", doubt="It may be another's."), [DONE], "doubted"),
        (dataclasses.replace(WELL, output="out b"), [DONE], "anothers"),
        (dataclasses.replace(WELL, output="out b", doubt="It may be another's."), [DONE], "anothers"),
        (dataclasses.replace(WELL, variables=variables_of("b")), [DONE], "anothers"),
        (Told("a", "failed", "RunFailedError: x"), [FAILED], ""),
        (Told("a", "failed", "PlatformAwayError: x"), [DONE], "for_nothing"),
        (Told("a", "failed", "RunFailedError: x", clearings=1), [DONE, ran("a", "FAILED", 3, 4)], ""),
        (Told("a", "failed", "... StartUnknownError: x"), [DONE], "for_doubt"),
        (Told("a", "failed", "RunAmbiguousError: x"), [], "for_doubt"),
        (Told("a", "unfinished"), [], "unfinished"),
    ],
)
def test_what_is_wrong_is_found(told: Told, runs: list[BegunRun], wrong: str) -> None:
    verdict = judge([told, Told("b", "failed")], runs)
    kinds = ("without_own", "doubled", "anothers", "doubted", "for_nothing", "for_doubt", "unfinished")
    of_a = {kind: [one for one in getattr(verdict, kind) if one.startswith("a: ")] for kind in kinds}
    assert [kind for kind, found in of_a.items() if found] == ([wrong] if wrong else [])


def test_only_doubt_may_be_let_pass() -> None:
    doubtful = judge([Told("a", "failed", "StartUnknownError: x")], [FAILED, ran("c", "", 1, 0)])
    doubtful.check(doubt=True)
    with pytest.raises(AssertionError, match="failed for doubt +1\n +a: StartUnknownError: x"):
        doubtful.check(doubt=False)
    with pytest.raises(AssertionError, match="doubled +1"):
        judge([WELL], [DONE, LATER]).check(doubt=True)
    assert doubtful.counts["  of no task here"] == doubtful.counts["  under way"] == 1
