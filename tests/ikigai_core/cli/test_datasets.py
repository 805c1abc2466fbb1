"""Datasets up, down, and looked at."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd

from ikigai_core import App
from ikigai_core.local.account import LocalAccount

from .conftest import COMMAND, CommandLine


def test_a_file_goes_up_and_comes_back_the_same(
    ikigai: CommandLine, app: App, flights: pd.DataFrame, tmp_path: Path
) -> None:
    flights.to_csv(tmp_path / "flights.csv", index=False)
    first = ikigai.json("datasets", "upload", app.name, "flights", "flights.csv")
    assert (first["name"], first["changes"]) == ("flights", ["created"])
    again = ikigai.json("datasets", "upload", app.name, "flights", "flights.csv")
    assert (again["dataset_id"], again["changes"]) == (first["dataset_id"], [])
    assert "folder/back.csv" in ikigai.text("datasets", "download", app.name, "flights", "folder/back.csv")
    assert (tmp_path / "folder" / "back.csv").read_bytes() == (tmp_path / "flights.csv").read_bytes()


def test_parquet_is_told_by_its_suffix(ikigai: CommandLine, app: App, flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.to_parquet(tmp_path / "flights.parquet")
    assert ikigai.json("datasets", "upload", app.name, "flights", "flights.parquet")["changes"] == ["created"]
    assert ikigai.json("datasets", "download", app.name, "flights", "back.parquet")["file"] == "back.parquet"
    assert pd.read_parquet(tmp_path / "back.parquet")["flight"].tolist() == flights["flight"].tolist()


def test_data_goes_through_pipes(ikigai: CommandLine, app: App) -> None:
    given = b"a,b\n1,x\n2,y\n"
    assert ikigai("datasets", "upload", app.name, "piped", "-", given=given).returncode == 0
    done = ikigai("datasets", "download", app.name, "piped", "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, given, b"")


def test_datasets_are_listed_and_shown(ikigai: CommandLine, stocked: App) -> None:
    assert [each["name"] for each in ikigai.json("datasets", "list", stocked.name)] == ["flights"]
    shown = ikigai.json("datasets", "show", stocked.name, "flights")
    assert shown["data_types"]["delay"]["data_type"] == "NUMERIC"
    assert "NUMERIC" in ikigai.text("datasets", "show", stocked.name, "flights")
    assert ikigai.text("datasets", "list", stocked.name).splitlines()[1].startswith("flights  3  ")


def test_an_app_without_datasets_is_said_to_have_none(ikigai: CommandLine, app: App) -> None:
    assert ikigai.json("datasets", "list", app.name) == []
    assert "no datasets yet" in ikigai.text("datasets", "list", app.name)


def test_what_is_wrong_is_told_and_nothing_is_left_behind(ikigai: CommandLine, stocked: App, tmp_path: Path) -> None:
    assert "'nosuch.csv' does not exist" in ikigai.complaint("datasets", "upload", stocked.name, "new", "nosuch.csv")
    assert "new" not in stocked.datasets()
    assert "Did you mean 'flights'?" in ikigai.complaint("datasets", "download", stocked.name, "fligts", "x.csv")
    assert list(tmp_path.iterdir()) == []
    for words in ((".",), ("-", "--json")):
        assert ikigai("datasets", "download", stocked.name, "flights", *words).returncode == 2


def test_a_dataset_is_previewed_renamed_and_deleted(ikigai: CommandLine, stocked: App) -> None:
    rows = ikigai.json("datasets", "preview", stocked.name, "flights", "-n", "2")
    assert rows == [
        {"flight": "007", "delay": "5", "carrier": "AA"},
        {"flight": "UA 1", "delay": "61", "carrier": ""},
    ]
    assert "Zürich, by night" in ikigai.text("datasets", "preview", stocked.name, "flights")
    assert ikigai.json("datasets", "status", stocked.name, "flights")[0]["status"] == "SUCCESS"
    ikigai.text("datasets", "rename", stocked.name, "flights", "all")
    assert "repeat the command with --yes" in ikigai.complaint("datasets", "delete", stocked.name, "all")
    assert list(stocked.datasets()) == ["all"]
    ikigai.text("datasets", "delete", stocked.name, "all", "--yes")
    assert list(stocked.datasets()) == []


def test_ctrl_c_in_an_upload_is_one_line_at_once_and_the_same_command_resumes_it(
    ikigai: CommandLine, app: App, ikigai_local: LocalAccount, tmp_path: Path
) -> None:
    file = tmp_path / "large.csv"
    file.write_bytes(b"number,text\n" + b"0123456789,some text\n" * ((24 << 20) // 21))
    environment = {**ikigai.environment, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ikigai_local.control.fault(operation="upload-part", delay=3600, times=2)
    words = [*COMMAND, "datasets", "upload", app.name, "large", str(file)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            while not list((tmp_path / "cache").rglob("*.jsonl")):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            said, complaint = process.communicate(timeout=30)
        finally:
            process.kill()
    ikigai_local.control.reset()
    assert (process.returncode, said) == (130, b"")
    assert complaint == b"ikigai: interrupted. If the upload has several parts, the same command resumes it.\n"
    [half_made] = app.datasets().values()
    done = ikigai("datasets", "upload", app.name, "large", str(file), "--json", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert json.loads(done.stdout)["dataset_id"] == half_made.dataset_id
