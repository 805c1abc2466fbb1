"""The image of the container file serves a platform, if there is a tool that makes one. `make lint` checks the file."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import pytest

from ikigai_core import Ikigai

from .conftest import ROOT

pytestmark = pytest.mark.soak
KEY = "a-key-of-the-test"


@cache
def tool() -> str:
    """A container tool that works here, or none."""
    for name in ("docker", "podman"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True).returncode == 0:
            return name
    return ""


def run(*words: str) -> str:
    """What the tool prints; it must end well."""
    done = subprocess.run([tool(), *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_the_image_serves_a_platform_to_this_machine() -> None:
    if not tool():
        pytest.skip("no container tool works here")
    image = run("build", "--quiet", "--file", "Containerfile", ".")
    account = ("--env", "IKIGAI_USER_EMAIL=me@example.com", "--env", f"IKIGAI_API_KEY={KEY}")
    container = run("run", "--detach", "--rm", "--publish", "127.0.0.1::8100", *account, image)
    try:
        address = run("port", container, "8100").splitlines()[0]
        with Ikigai("me@example.com", KEY, f"http://{address}") as ikigai:
            assert "Start Here (Tutorial)" in ikigai.apps()  # which asks again until the platform answers
    finally:
        run("stop", container)
