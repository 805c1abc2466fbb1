"""Flows are run: started, followed, waited for, failed, interrupted."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ikigai_core import App, Ikigai

from .conftest import COMMAND, CommandLine, GatedFlow

RUN = ("flows", "run")


def test_a_watched_run_ends_with_its_log(ikigai: CommandLine, stocked: App) -> None:
    done = ikigai(*RUN, stocked.name, "Late flights", "--var", "min_delay=200", "--var", "output=very late", "--watch")
    assert done.returncode == 0
    assert b"SUCCESS" in done.stdout
    assert b"Late flights: " in done.stderr
    assert stocked.datasets["very late"].df()["flight"].tolist() == ['the "red" eye']
    log = ikigai.json(*RUN, stocked.name, "Late flights", "--watch")
    assert log["status"] == "SUCCESS"
    assert ikigai.json("flows", "logs", stocked.name, "Late flights", "-n", "1") == [log]
    assert len(ikigai.json("flows", "logs", stocked.name, "Late flights")) == 2


def test_an_unwatched_run_is_told_at_once_and_can_be_picked_up(
    ikigai: CommandLine, ikigai_client: Ikigai, stocked: App, gated: GatedFlow
) -> None:
    run = ikigai.json(*RUN, stocked.name, gated.name, "--var", "output=later")
    assert (run["flow_name"], run["phase"], run["variables"]) == (gated.name, "started", {"output": "later"})
    gated.open()
    assert ikigai_client.flow_run(run).result().status == "SUCCESS"
    assert "was started" in ikigai.text(*RUN, stocked.name, gated.name)


def test_a_run_on_a_private_copy_is_beside_a_busy_flow_and_leaves_nothing(
    ikigai: CommandLine, stocked: App, gated: GatedFlow
) -> None:
    words = (*RUN, stocked.name, gated.name)
    ikigai.text(*words)
    before = list(stocked.flows())
    left = ikigai.json(*words, "--isolation", "copy")
    assert left["copy_name"] in stocked.flows()
    gated.open()
    assert ikigai.json(*words, "--isolation", "copy", "--watch")["status"] == "SUCCESS"
    assert ikigai.json("flows", "sweep", stocked.name) == []
    stocked.flows[left["copy_name"]].delete()
    stocked.flow.new(left["copy_name"]).build()
    assert left["copy_name"] in ikigai.text("flows", "sweep", stocked.name, gated.name, "--older-than", "0")
    assert list(stocked.flows()) == before


def test_a_failed_run_names_its_facet_and_message_and_ends_with_1(
    ikigai: CommandLine, stocked: App, document: dict[str, Any], fail: Callable[..., dict[str, Any]]
) -> None:
    stocked.flow.new("Broken").definition(fail(document, "raise ValueError('no\\nluck')")).build()
    done = ikigai(*RUN, stocked.name, "Broken", "--watch", "--json")
    assert done.returncode == 1
    log = json.loads(done.stdout)
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "1")
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("ikigai: Flow 'Broken' ended FAILED at facet 'late'")
    assert "no luck" in last
    assert "late" in ikigai.text("flows", "logs", stocked.name, "Broken")


def test_a_busy_flow_is_refused_or_attached_to(ikigai: CommandLine, stocked: App, gated: GatedFlow) -> None:
    words = (*RUN, stocked.name, gated.name)
    ikigai.text(*words)
    assert "is running already" in ikigai.complaint(*words)
    assert "attached to that run" in ikigai.text(*words, "--on-busy", "attach")
    with ikigai.watching(*words, "--watch", "--json", "--on-busy", "attach") as command:
        gated.open()
        code, printed, _ = command.end()
    assert code == 0
    assert ikigai.json("flows", "logs", stocked.name, gated.name) == [json.loads(printed)]


def test_a_busy_flow_is_waited_for(ikigai: CommandLine, stocked: App, gated: GatedFlow) -> None:
    words = (*RUN, stocked.name, gated.name)
    ikigai.text(*words)
    assert "is running already" in ikigai.complaint(*words, "--on-busy", "wait", "--timeout", "0.1")
    opening = threading.Timer(1.5, gated.open)
    opening.start()
    log = ikigai.json(*words, "--on-busy", "wait", "--watch")
    opening.join()
    logs = ikigai.json("flows", "logs", stocked.name, gated.name)
    assert len(logs) == 2
    assert logs[0] == log


def test_a_timeout_says_that_the_run_goes_on(ikigai: CommandLine, stocked: App, gated: GatedFlow) -> None:
    done = ikigai(*RUN, stocked.name, gated.name, "--watch", "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"The run continues" in done.stderr


def test_an_interruption_says_that_the_run_goes_on(ikigai: CommandLine, stocked: App, gated: GatedFlow) -> None:
    words = (*RUN, stocked.name, gated.name, "--watch")
    with ikigai.watching(*words) as command:
        command.interrupt()
        code, printed, said = command.end()
    assert (code, printed) == (130, "")
    assert f"The run of flow {gated.name!r} continues" in said
    assert "Traceback" not in said
    with ikigai.watching(*words, "--on-busy", "attach") as command:
        gated.open()
        assert command.end()[0] == 0
    assert len(ikigai.json("flows", "logs", stocked.name, gated.name)) == 1


@pytest.mark.parametrize("assignment", ["no value", "=x", "a:=[1", ":=1"])
def test_what_is_no_assignment_is_refused_before_anything_is_sent(
    ikigai: CommandLine, stocked: App, assignment: str
) -> None:
    done = ikigai(*RUN, stocked.name, "Late flights", "--var", assignment)
    assert done.returncode == 2
    assert b"--var" in done.stderr
    assert stocked.flows["Late flights"].run_logs() == []


def test_a_variable_is_text_or_json_and_given_once(ikigai: CommandLine, stocked: App) -> None:
    words = (*RUN, stocked.name, "Late flights")
    assert ikigai(*words, "--var", "output=a", "--var", "output=b").returncode == 2
    run = ikigai.json(*words, "--var", "output=a=b", "--var", 'min_delay:="90"')
    assert run["variables"] == {"output": "a=b", "min_delay": "90"}
    assert "it has: min_delay, output" in ikigai.complaint(*words, "--on-busy", "wait", "--var", "min_dely=90")


def test_a_terminal_gets_a_progress_bar_and_colour_unless_told_otherwise(ikigai: CommandLine, stocked: App) -> None:
    said = in_a_terminal(ikigai, *RUN, stocked.name, "Late flights", "--watch")
    assert "Late flights: 100%" in said
    assert "\x1b[32mSUCCESS" in said
    said = in_a_terminal(ikigai, "flows", "logs", stocked.name, "Late flights", NO_COLOR="1")
    assert "SUCCESS" in said
    assert "\x1b[32m" not in said


def in_a_terminal(ikigai: CommandLine, *words: str, **variables: str) -> str:
    """What a command that ends well says in a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = {**ikigai.environment, "TERM": "xterm", **variables}
    with subprocess.Popen([*COMMAND, *words], env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = read_to_end(ours).decode()
        assert process.wait() == 0
    return said


def read_to_end(terminal: int) -> bytes:
    """All that is written to a terminal, until nobody holds its other end."""
    said = b""
    try:
        while block := os.read(terminal, 65536):
            said += block
    except OSError:
        pass
    os.close(terminal)
    return said
