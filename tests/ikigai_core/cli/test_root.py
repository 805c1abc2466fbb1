"""What holds for every command: help, the connection, one line for what goes wrong, JSON that is only JSON."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ikigai_core import App, __version__
from ikigai_core.cli import main
from ikigai_core.local.account import LocalAccount

from .conftest import CommandLine

COMMANDS = [
    "ping",
    "login",
    "schema",
    "apps",
    *(f"apps {verb}" for verb in ("list", "show", "create", "rename", "delete", "grant", "revoke")),
    *(f"apps {verb}" for verb in ("export", "diff", "apply")),
    *(f"datasets {verb}" for verb in ("list", "show", "preview", "upload", "download", "status", "rename", "delete")),
    *(f"flows {verb}" for verb in ("list", "show", "run", "logs", "sweep", "status", "schedule", "rename", "delete")),
    *(f"flows {verb}" for verb in ("export", "diff", "apply")),
    *(f"models {verb}" for verb in ("list", "show", "create", "rename", "delete")),
]


@pytest.mark.usefixtures("_in_this_process")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"ikigai {command}" in said
    assert "--json" in said


def test_a_new_interpreter_says_and_ends_as_forked_ones_do(ikigai: CommandLine) -> None:
    for words, code in ((("--version",), 0), (("--profile", "none", "ping"), 1), (("plng",), 2)):
        forked, started = ikigai(*words), ikigai.start(*words)
        assert (started.returncode, started.stdout) == (forked.returncode, forked.stdout) == (code, forked.stdout)
        assert started.stderr == forked.stderr


def test_help_and_version_need_no_connection(ikigai: CommandLine) -> None:
    nobody = {"IKIGAI_USER_EMAIL": None, "IKIGAI_API_KEY": None, "IKIGAI_BASE_URL": None}
    assert ikigai("--version", **nobody).stdout.decode() == f"ikigai-core {__version__}\n"
    assert b"Commands:" in ikigai("--help", **nobody).stdout


def test_ping_says_who_where_and_how_long(ikigai: CommandLine, ikigai_local: LocalAccount) -> None:
    answer = ikigai.json("ping")
    assert (answer["user_email"], answer["base_url"]) == (ikigai_local.user_email, ikigai_local.url)
    assert 0 < answer["seconds"] < 30
    said = ikigai.text("ping")
    assert ikigai_local.user_email in said
    assert ikigai_local.url in said
    assert said.endswith(" ms\n")


def test_options_go_before_the_environment(ikigai: CommandLine, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{ikigai_local.api_key}\n")
    options = ("--user-email", ikigai_local.user_email, "--base-url", ikigai_local.url, "--api-key-file", str(key))
    wrong = {"IKIGAI_USER_EMAIL": "x@y.z", "IKIGAI_BASE_URL": "nowhere", "IKIGAI_API_KEY": "wrong"}
    assert ikigai(*options, "ping", **wrong).returncode == 0
    assert ikigai("ping", IKIGAI_API_KEY=None, IKIGAI_API_KEY_FILE=str(key)).returncode == 0


def test_what_is_missing_is_named_with_the_way_to_give_it(ikigai: CommandLine) -> None:
    assert "--user-email" in ikigai.complaint("ping", IKIGAI_USER_EMAIL=None)
    assert "--api-key-file" in ikigai.complaint("ping", IKIGAI_API_KEY=None)
    assert "base_url is 'nowhere'" in ikigai.complaint("--base-url", "nowhere", "ping")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "does not exist"), (b"", "must contain only"), (b"a\nb\n", "must contain only"), (b"\xff", "no text")],
)
def test_an_unusable_key_file_is_named(ikigai: CommandLine, tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    said = ikigai.complaint("--api-key-file", "key", "ping")
    assert "'key'" in said
    assert reason in said


def test_a_refused_key_is_never_shown(ikigai: CommandLine) -> None:
    key = "a-key-that-nobody-may-see"
    assert key not in ikigai.complaint("ping", IKIGAI_API_KEY=key)
    done = ikigai(f"--api-key={key}", "ping")
    assert done.returncode == 2
    assert key.encode() not in done.stdout + done.stderr


def test_a_platform_that_is_away_is_one_line(ikigai: CommandLine) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert f"Cannot reach {url}" in ikigai.complaint("--base-url", url, "ping")


@pytest.mark.parametrize("words", [("plng",), ("flows", "lst"), ("flows", "run", "only an app"), ("ping", "--jsn")])
def test_what_is_not_understood_ends_with_2(ikigai: CommandLine, words: tuple[str, ...]) -> None:
    done = ikigai(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Usage: " in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("datasets", "show"), ("flows", "show"), ("models", "show")])
def test_the_nearest_name_is_offered(ikigai: CommandLine, stocked: App, words: tuple[str, ...]) -> None:
    assert f"Did you mean {stocked.name!r}?" in ikigai.complaint(*words, stocked.name.lower(), "x")


def test_a_reader_that_stops_reading_is_no_error(ikigai: CommandLine, stocked: App) -> None:
    command = f"'{sys.executable}' -m ikigai_core.cli datasets download '{stocked.name}' flights - | head -n 1"
    done = subprocess.run(command, shell=True, env=ikigai.environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("flight,delay,carrier\n", "")


def test_closed_standard_streams_are_no_error(ikigai: CommandLine, stocked: App) -> None:
    cli = f"'{sys.executable}' -m ikigai_core.cli apps"
    command = f"{cli} >&- && {cli} delete '{stocked.name}' <&-"
    done = subprocess.run(command, shell=True, env=ikigai.environment, capture_output=True, text=True)
    assert done.stderr == "ikigai: Nobody can be asked for confirmation: repeat the command with --yes.\n"


def test_no_colour_and_no_folding_where_standard_output_is_no_terminal(ikigai: CommandLine, app: App) -> None:
    description = "[red]long[/red] " * 30 + "\x1b[31m"
    app.update_description(description)
    done = ikigai("apps", FORCE_COLOR="1", COLUMNS="40")
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith(app.name)]
    assert len(lines) == 1
    assert description.replace("\x1b", "\N{REPLACEMENT CHARACTER}") in lines[0]
    assert b"\x1b" not in done.stdout


def test_an_app_is_created_once(ikigai: CommandLine, app: App) -> None:
    again = ikigai.json("apps", "create", app.name, "--description", "For the flights")
    assert (again["app_id"], again["changes"]) == (app.app_id, ["description"])
    assert ikigai.text("apps", "create", app.name) == f"App {app.name!r}: nothing to change\n"
    listed = {each["app_id"]: each for each in ikigai.json("apps")}
    assert listed[app.app_id]["description"] == "For the flights"
    assert listed[app.app_id]["created_at"].endswith("Z")


def test_starting_up_loads_neither_frames_nor_http_nor_tables() -> None:
    heavy = ("pandas", "pyarrow", "pydantic", "requests", "httpx", "tenacity", "yaml", "fastapi", "duckdb", "rich")
    script = f"import sys, ikigai_core.cli.root\nprint(*(name for name in {heavy!r} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


def test_json_has_characters_as_they_are_in_any_locale(ikigai: CommandLine, app: App) -> None:
    app.update_description("Zürich — 漢字")
    done = ikigai("apps", "--json", PYTHONIOENCODING="ascii")
    assert "Zürich — 漢字" in {each["description"] for each in json.loads(done.stdout.decode("utf-8"))}
    assert ikigai("apps", PYTHONIOENCODING="ascii").returncode == 0


def test_a_profile_says_who_and_where(ikigai: CommandLine, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.toml"
    settings = {"user_email": ikigai_local.user_email, "api_key": ikigai_local.api_key, "base_url": ikigai_local.url}
    profiles.write_text("[here]\n" + "".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    nobody = {"IKIGAI_USER_EMAIL": None, "IKIGAI_API_KEY": None, "IKIGAI_BASE_URL": None}
    done = ikigai("--profile", "here", "ping", IKIGAI_CONFIG=str(profiles), **nobody)
    assert ikigai_local.url in done.stdout.decode()
    assert "--profile" in ikigai.complaint("ping", IKIGAI_CONFIG=str(profiles), **nobody)
    said = ikigai.complaint("--profile", "hree", "ping", IKIGAI_CONFIG=str(profiles), **nobody)
    assert "Did you mean 'here'?" in said


def test_a_shell_completes_the_commands(ikigai: CommandLine) -> None:
    asked = {"_IKIGAI_COMPLETE": "complete_bash", "COMP_WORDS": "ikigai flows ru", "COMP_CWORD": "2"}
    assert ikigai(**asked).stdout.decode().split() == ["run"]


def test_names_complete_in_the_shell(ikigai: CommandLine, stocked: App) -> None:
    def completed(*words: str) -> list[str]:
        typed = {"COMP_WORDS": " ".join(["ikigai", *words]), "COMP_CWORD": str(len(words))}
        return ikigai(_IKIGAI_COMPLETE="complete_bash", **typed).stdout.decode().splitlines()

    app = f"'{stocked.name}'"
    assert stocked.name in completed("flows", "list", "App")
    assert completed("datasets", "show", app, "fl") == ["flights"]
    assert completed("flows", "show", app, "La") == ["Late flights"]
    assert completed("models", "show", app, "x") == [""]


def test_a_login_is_kept_for_its_user_alone(ikigai: CommandLine, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    file = tmp_path / "config" / "profiles.toml"
    file.parent.mkdir()
    file.write_text('# ours\n[other]\nuser_email = "x@y.z"\n\n[default]\nbase_url = "http://old"\n')
    nobody = {"IKIGAI_USER_EMAIL": None, "IKIGAI_API_KEY": None, "IKIGAI_BASE_URL": None, "IKIGAI_CONFIG": str(file)}
    key = tmp_path / "key"
    key.write_text(ikigai_local.api_key)
    options = ("--base-url", ikigai_local.url, "--user-email", ikigai_local.user_email, "--api-key-file", str(key))
    done = ikigai(*options, "login", **nobody)
    assert done.returncode == 0, done.stderr
    assert ikigai_local.api_key.encode() not in done.stdout + done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith('# ours\n[other]\nuser_email = "x@y.z"\n\n[default]\nuser_email = ')
    assert "http://old" not in file.read_text()
    assert ikigai("ping", **nobody).returncode == 0
    key.write_text("wrong")
    assert ikigai(*options, "--profile", "new one", "login", **nobody).returncode == 1
    assert "new one" not in file.read_text()
    assert ikigai(*options, "--profile", "new one", "login", "--no-check", **nobody).returncode == 0
    assert 'api_key = "wrong"' in file.read_text()
    assert ikigai("--profile", "other", "ping", **nobody).returncode == 1


def test_an_interruption_in_the_first_moment_is_one_line() -> None:
    script = "import signal, os\nfrom ikigai_core.cli import main\nimport ikigai_core.cli.interrupts as i\n"
    script += "was = i.say_at_once\ni.say_at_once = lambda: (was(), os.kill(os.getpid(), signal.SIGINT))\n"
    done = subprocess.run([sys.executable, "-c", f"{script}raise SystemExit(main(['ping']))"], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"ikigai: interrupted.\n")
