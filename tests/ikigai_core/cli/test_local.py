"""``ikigai local`` serves a platform that the other commands find."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from ikigai_core.cli import main
from ikigai_core.local.__main__ import _parse

from .conftest import COMMAND, CommandLine


def test_a_platform_is_served_until_it_is_told_to_stop(ikigai: CommandLine, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a-key-of-ours\n")
    ours = ("--user-email", "ann@example.com", "--api-key-file", str(key))
    nobody = {name: value for name, value in ikigai.environment.items() if not name.startswith("IKIGAI_")}
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    nobody |= state
    words = [*COMMAND, *ours, "local", "--port", "0"]
    with subprocess.Popen(words, env=nobody, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = line.split()[5]
            assert f"{url}/console" in line
            assert ikigai("--base-url", url, *ours, "ping").returncode == 0
            named = ikigai("local", "env", "--json", **state)
            assert json.loads(named.stdout) == {"IKIGAI_BASE_URL": url, "IKIGAI_USER_EMAIL": "ann@example.com"}
            assert b"set IKIGAI_API_KEY" in named.stderr
            process.send_signal(signal.SIGTERM)
            rest, complaints = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert "a-key-of-ours" not in line
    assert b"No local platform is running here" in ikigai("local", "env", **state).stderr
    assert not list((tmp_path / "state").rglob("*.json"))


@pytest.mark.usefixtures("_in_this_process")
def test_what_is_not_for_a_local_platform_is_refused(ikigai: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    assert ikigai("--base-url", "http://localhost", "local").returncode == 2
    # Here the platform has been imported.
    with pytest.raises(SystemExit) as ended:
        main(["local", "--prt", "0"])
    assert ended.value.code == 2
    assert "usage: ikigai local" in capsys.readouterr().err


@pytest.mark.usefixtures("_in_this_process")
def test_its_help_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["local", "--help"])
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "ikigai local" in said
    assert "--json" in said


def test_a_shell_and_a_browser_find_the_platform(ikigai: CommandLine, tmp_path: Path) -> None:
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    nobody = {name: value for name, value in ikigai.environment.items() if not name.startswith("IKIGAI_")} | state
    script = f"eval \"$('{COMMAND[0]}' -m ikigai_core.cli local env)\" && env"
    words = [*COMMAND, "local", "--port", "0", "--json", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(words, env=nobody, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert said["console_url"] == f"{said['base_url']}/console"
            done = subprocess.run(["sh", "-c", script], env=nobody, capture_output=True, text=True)
            given = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("IKIGAI_"))
            assert given["IKIGAI_BASE_URL"] == said["base_url"], done.stderr
            assert ikigai("ping", **given).returncode == 0
            fish = ikigai("local", "env", "--shell", "fish", **state).stdout.decode()
            assert f"set -gx IKIGAI_BASE_URL '{said['base_url']}';\n" in fish
            page = requests.get(f"{said['base_url']}/", headers={"Accept": "text/html"}, allow_redirects=False)
            assert (page.status_code, page.headers["location"]) == (307, "/console")
            assert requests.get(f"{said['base_url']}/").status_code == 403
        finally:
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")


CONTAINERFILE = Path(__file__).parents[3] / "Containerfile"


def test_the_container_file_copies_what_there_is_and_starts_the_platform_as_an_ordinary_user() -> None:
    steps = [line.split(maxsplit=1) for line in CONTAINERFILE.read_text().splitlines() if line and line[0] != "#"]
    assert steps[0][0] == "FROM"
    assert not steps[0][1].endswith("latest")
    copied = [word for step, rest in steps if step == "COPY" for word in rest.split()[:-1]]
    assert "ikigai_core" in copied
    assert all((CONTAINERFILE.parent / word).exists() for word in copied)
    assert [rest for step, rest in steps if step == "USER"] == ["1000"]
    started = json.loads(next(rest for step, rest in steps if step == "ENTRYPOINT"))
    assert started[:3] == ["python", "-m", "ikigai_core.local"]
    assert _parse(started[3:], "").data_dir == Path("/data")
