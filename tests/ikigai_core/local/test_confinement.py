"""Who may see what lies in the data directory: users of the machine, and scripts of the platform's users."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.script_access import can_confine
from ikigai_core.local.process import LocalPlatform

PRYING = """
import pathlib
here = pathlib.Path.cwd()
for folder in here.parents:
    print(folder, sorted(path.name for path in folder.iterdir()))
print((here / "../../../credentials.json").resolve().read_text())
"""


def _has_namespaces_to_give_up() -> bool:
    command = ["unshare", "-Ur", "sh", "-c", "echo 0 > /proc/sys/user/max_user_namespaces"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_confine(), reason="no user namespaces")
def test_a_script_cannot_read_keys_and_files_of_other_users(
    connect: Callable[..., Any], definition: Callable[..., Any], python_uid: str
) -> None:
    with LocalPlatform.start(users=["ann@example.com"]) as platform:
        api = connect(platform)
        app_id = api.app()
        dataset_id = api.dataset(app_id)
        ended = api.run(app_id, api.flow(app_id, definition(dataset_id, (python_uid, {"script": PRYING}))))

    assert ended["status"] == "FAILED"
    assert "No such file or directory" in ended["message"]
    assert "platform.sqlite" not in ended["message"]
    assert not any(key in ended["message"] for key in (platform.api_key, *platform.users.values()))


def test_the_data_directory_is_for_its_own_user_alone(connect: Callable[..., Any], tmp_path: Path) -> None:
    old = tmp_path / "datasets" / "left.csv"
    old.parent.mkdir()
    old.write_text("a\n")
    theirs = tmp_path / "notes"
    theirs.mkdir(mode=0o755)
    with LocalPlatform.start(data_dir=tmp_path) as platform:
        api = connect(platform)
        api.dataset(api.app())
        paths = [tmp_path, *(path for path in tmp_path.rglob("*") if path != theirs)]
        assert len(paths) > 8
        assert [path for path in paths if path.exists() and path.stat().st_mode & 0o077] == []
        assert theirs.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(not _has_namespaces_to_give_up(), reason="no user namespaces")
def test_without_namespaces_scripts_of_several_users_are_refused_unless_asked_for(
    connect: Callable[..., Any], definition: Callable[..., Any], python_uid: str, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    python.write_text(f"#!/bin/sh\nexec unshare -Ur sh -c '{limit}' sh {sys.executable} \"$@\"\n")
    python.chmod(0o755)

    def message(platform: LocalPlatform) -> str:
        api = connect(platform)
        app_id = api.app()
        flow = api.flow(app_id, definition(api.dataset(app_id), (python_uid, {"script": "result = data"})))
        return str(api.run(app_id, flow)["message"])

    data = tmp_path / "data"
    with LocalPlatform.start(python=python, data_dir=data) as platform:
        assert message(platform) == ""
        assert "cannot confine the scripts" in (data / "server.log").read_text()
        platform.control.add_user("ann@example.com")
        assert "--unconfined-scripts" in message(platform)
    users = ["ann@example.com"]
    with LocalPlatform.start(python=python, data_dir=data, users=users, unconfined_scripts=True) as platform:
        assert message(platform) == ""
