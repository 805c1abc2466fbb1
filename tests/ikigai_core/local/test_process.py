"""The launcher: a platform that is started, ended, killed and started again from Python."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/access/heartbeat", timeout=30).status_code == 200
    except requests.ConnectionError:
        return False


def test_it_is_ready_when_start_returns_and_gone_when_stop_returns() -> None:
    platform = LocalPlatform.start()
    try:
        assert answers(platform.url)
        folder = platform.data_dir
        assert folder.is_dir()
    finally:
        platform.stop()
    assert not answers(platform.url)
    assert not folder.exists()
    platform.stop()


def test_a_folder_of_the_users_own_stays(tmp_path: Path) -> None:
    with LocalPlatform.start(data_dir=tmp_path):
        pass
    assert (tmp_path / "platform.sqlite").exists()


def test_state_port_and_credentials_survive_a_crash(connect: Callable[..., Any]) -> None:
    with LocalPlatform.start() as platform:
        before = connect(platform)
        app_id = before.app("kept")
        dataset_id = before.dataset(app_id)
        environment, folder = platform.environ(), platform.data_dir
        platform.kill()
        assert folder.is_dir()
        platform.restart()
        assert platform.environ() == environment
        after = connect(platform)
        assert after.ask("get-project", project_id=app_id)["project"]["name"] == "kept"
        assert after.download(app_id, dataset_id) == b"a,b\n1,x\n2,y\n"


def test_the_key_is_given_to_clients_and_shown_to_nobody() -> None:
    with LocalPlatform.start(user_email="ann@example.com", api_key="very-secret") as platform:
        assert platform.environ() == {
            "IKIGAI_BASE_URL": platform.url,
            "IKIGAI_USER_EMAIL": "ann@example.com",
            "IKIGAI_API_KEY": "very-secret",
        }
        assert "very-secret" not in repr(platform)
        assert b"very-secret" not in Path(f"/proc/{platform.pid}/cmdline").read_bytes()


def test_credentials_of_the_caller_are_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_API_KEY", "of-the-real-platform")
    with LocalPlatform.start() as platform:
        assert platform.api_key != "of-the-real-platform"


def test_a_platform_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="nobody@localhost"):
        LocalPlatform.start(user_email="nobody@localhost")


def test_an_interpreter_without_the_platform_says_so(tmp_path: Path) -> None:
    false_python = tmp_path / "python"
    false_python.write_text("#!/bin/sh\necho 'No module named fastapi' >&2\nexit 3\n")
    false_python.chmod(0o755)
    with pytest.raises(RuntimeError, match="ended with 3 .*No module named fastapi"):
        LocalPlatform.start(python=false_python)


def test_a_platform_with_a_temporary_folder_is_gone_at_once() -> None:
    def seconds() -> float:
        with LocalPlatform.start() as platform, Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            ikigai.apps["Start Here (Tutorial)"].flows["new flow"].start()
            began = time.monotonic()
            platform.stop()
            assert not platform.data_dir.exists()
            return time.monotonic() - began

    # A hundredth on a machine that has nothing else to do.
    assert min(seconds() for _ in range(2)) < 0.5


def test_it_ends_when_the_process_that_started_it_is_killed(until: Callable[..., Any]) -> None:
    program = (
        "import time\n"
        "from ikigai_core.local.process import LocalPlatform\n"
        "print(LocalPlatform.start().url, flush=True)\n"
        "time.sleep(600)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert answers(url)
        starter.send_signal(signal.SIGKILL)
        until(lambda: not answers(url))
    finally:
        starter.kill()
        starter.communicate()


def test_the_launcher_needs_the_standard_library_only() -> None:
    program = (
        "import sys\n"
        "import ikigai_core.local.process\n"
        "print({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for name in ("fastapi", "pydantic", "pandas", "requests", "httpx", "duckdb"):
        assert name not in loaded


def test_further_users_have_a_key_each_that_outlives_a_restart(tmp_path: Path) -> None:
    with LocalPlatform.start(data_dir=tmp_path, users=["ann@example.com"]) as platform:
        first = platform.environ("ann@example.com")
        assert first["IKIGAI_USER_EMAIL"] == "ann@example.com"
        assert platform.users["ann@example.com"] not in {platform.api_key, repr(platform)}
    with LocalPlatform.start(data_dir=tmp_path, users=["bob@example.com"]) as platform:
        assert platform.environ("ann@example.com")["IKIGAI_API_KEY"] == first["IKIGAI_API_KEY"]
        for email, key in [
            ("Ann@Example.com", first["IKIGAI_API_KEY"]),
            ("bob@example.com", platform.users["bob@example.com"]),
        ]:
            headers = {"user": email, "api-key": key}
            assert requests.get(f"{platform.url}/component/get-projects-for-user", headers=headers).status_code == 200
        headers = {"user": "bob@example.com", "api-key": first["IKIGAI_API_KEY"]}
        assert requests.get(f"{platform.url}/component/get-projects-for-user", headers=headers).status_code == 403


def test_a_further_user_needs_an_email_address() -> None:
    with pytest.raises(RuntimeError, match="user email 'ann' is not valid"):
        LocalPlatform.start(users=["ann"])
