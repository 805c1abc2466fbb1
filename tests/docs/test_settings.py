"""Every setting is in an example of the documents, and the examples are understood."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main

from ikigai_core import Ikigai
from ikigai_core.cli.root import root
from ikigai_core.config import ENVIRONMENT, Config
from ikigai_core.local.__main__ import _parse
from ikigai_core.local.process import LocalPlatform
from ikigai_core.orchestration import ConnectionFields

from .documents import DOCUMENTS, ROOT, blocks
from .test_shown import names_in_use

COMMAND = typer.main.get_command(root)
SHELL = "\n".join(blocks("bash[^\n]*") + blocks("console"))
# The program at the end of a pipe has options of its own.
LINES = [re.split(r" [|&>]| \|\| ", line)[0] for line in SHELL.replace("\\\n", " ").splitlines()]
# An adapter gives these, or makes one of another field.
NOT_IN_A_FORM = {"look_up_key", "user_agent", "origin"}


def options(command: Any) -> Iterator[str]:
    """The long options of a command and of those below it."""
    for parameter in command.params:
        yield from (option for option in parameter.opts if option.startswith("--"))
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


@pytest.mark.parametrize("function", [Ikigai.__init__, LocalPlatform.start])
def test_each_argument_is_in_a_program(function: Any) -> None:
    names = set(inspect.signature(function).parameters) - {"self"}
    # A program could show these only with a file, an interpreter or a task that its reader has.
    in_the_text = {"specs", "python", "profile", "origin"}
    assert names - in_the_text <= names_in_use()
    pages = "\n".join(path.read_text() for path in DOCUMENTS)
    assert all(f"{name}=" in pages for name in names & in_the_text)


def test_each_variable_is_in_an_example() -> None:
    sources = "\n".join(path.read_text() for path in ROOT.glob("ikigai_core/**/*.py"))
    read = set(re.findall(r'"(IKIGAI_[A-Z_]+[A-Z])"', sources))
    assert {"IKIGAI_POLLING_RATE", "IKIGAI_LOCAL_CONNECTIONS"} <= read
    assert {name for name in read if not re.search(rf"\b{name}=", SHELL)} == set()


def test_each_option_is_in_an_example() -> None:
    on_the_local_platform = re.findall(r"^\| `(--[\w-]+)`", (ROOT / "docs/local-platform.md").read_text(), re.MULTILINE)
    known = {*options(COMMAND), *on_the_local_platform}
    assert {"--on-doubt", "--check-memory"} <= known
    # `--check` is what happens without an option.
    assert {option for option in known - {"--check"} if not re.search(rf"{option}(?![\w-])", SHELL)} == set()


@pytest.mark.parametrize("fence", ["json airflow-connection", "python prefect-setup", "python dagster-workspace"])
def test_each_field_of_a_connection_is_in_an_example(fence: str) -> None:
    example = "\n".join(blocks(fence))
    called = {"user_email": "login", "api_key": "password", "base_url": "host"} if "json" in fence else {}
    page = (ROOT / "docs" / f"{fence.split()[1].split('-')[0]}.md").read_text()
    for name in {each.name for each in fields(ConnectionFields)} - NOT_IN_A_FORM:
        assert called.get(name, name) in example or f'"{name}": ' in page, name


@pytest.mark.parametrize("line", sorted({line for line in LINES if re.match(r"(\$ )?ikigai (?!local)", line)}))
def test_a_command_is_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late_flights").mkdir()
    for name in ("late_flights.yaml", "flights.csv", "examples/late_flights.yaml", "examples/data/flights.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line.removeprefix("$ "), comments=True)[1:]
    command: Any = COMMAND
    # Completion scripts depend on the shell, and the others print and exit at once.
    if words and words[-1] in ("--version", "--install-completion", "--show-completion"):
        assert words[-1] in options(command)
        return
    context = command.make_context("ikigai", words)
    while isinstance(command, click.Group) or hasattr(command, "commands"):
        name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, words, parent=context)


@pytest.mark.parametrize(
    "line", sorted({line for line in LINES if line.startswith(("ikigai local -", "python -m ikigai_core.local"))})
)
def test_options_of_the_local_platform_are_understood(line: str) -> None:
    _parse(shlex.split(line, comments=True)[3 if line.startswith("python") else 2 :], "ikigai local")


def test_variables_in_the_documents_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "\n".join(blocks("bash settings"))
    profile = tmp_path / "profiles.toml"
    profile.write_text('[staging]\nuser_email = "bob@example.com"\napi_key = "a-key"\n')
    for name, value in re.findall(r"^export (\w+)=(\S+)", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IKIGAI_CONFIG", str(profile))
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_API_KEY_FILE", "IKIGAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    config = Config.resolve(None, None, None)
    shown = {name for name, variables in ENVIRONMENT.items() if any(f"export {each}=" in text for each in variables)}
    assert {"call_timeout", "processing_timeout", "answer_limit", "web_url", "profile"} <= shown
    assert (config.call_timeout, config.processing_timeout, config.answer_limit) == (300, 7200, 200_000_000)
    assert config.web_url == "https://ikigai.example.com"
