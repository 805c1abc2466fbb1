"""A process ends with the one that started it."""

from __future__ import annotations

import socket
import subprocess
import sys

CHILD = """
import os, threading
from ikigai_core.local.parent_watch import call_when_starter_ends
os.write(0, b"a word that nobody reads")
call_when_starter_ends(lambda: os._exit(7))
print("watching", flush=True)
threading.Event().wait(20)
"""


def test_a_process_ends_although_its_starter_has_not_read_all_that_it_was_sent() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=theirs, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None and child.stdout.readline() == b"watching\n"
        ours.close()
        assert child.wait() == 7
