"""Flows: looked at, exported, applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ikigai_core import App

from .conftest import CommandLine


def test_flows_are_listed_and_shown(ikigai: CommandLine, stocked: App) -> None:
    assert [each["name"] for each in ikigai.json("flows", "list", stocked.name)] == ["Late flights"]
    assert "Late flights" in ikigai.text("flows", "list", stocked.name)
    shown = ikigai.json("flows", "show", stocked.name, "Late flights")
    assert shown["status"]["status"] == "IDLE"
    assert shown["definition"]["variables"]["min_delay"] == {"facet_name": "late", "name": "value"}
    said = ikigai.text("flows", "show", stocked.name, "Late flights")
    assert "MID.Filter" in said
    assert "min_delay" in said


def test_a_flow_that_never_ran_has_no_logs(ikigai: CommandLine, stocked: App) -> None:
    assert ikigai.json("flows", "logs", stocked.name, "Late flights") == []
    assert "has not run yet" in ikigai.text("flows", "logs", stocked.name, "Late flights")


def test_a_file_is_applied_once_and_what_changed_is_said(
    ikigai: CommandLine, stocked: App, document: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "very_late.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert ikigai.text("flows", "apply", stocked.name, file.name) == "Flow 'very_late': created\n"
    assert ikigai.text("flows", "apply", stocked.name, file.name) == "Flow 'very_late': nothing to change\n"
    document["facets"]["late"]["arguments"]["value"] = "120"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    changed = ikigai.json("flows", "apply", stocked.name, file.name)
    assert changed["changes"] == ["definition"]
    assert changed["differences"] == ["facet 'late': argument 'value': '60' → '120'"]
    named = ikigai.json("flows", "apply", stocked.name, file.name, "--name", "Late flights")
    assert (named["name"], named["changes"]) == ("Late flights", ["definition"])


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_what_is_exported_can_be_applied(ikigai: CommandLine, stocked: App, suffix: str) -> None:
    file = f"exported.{suffix}"
    assert ikigai.json("flows", "export", stocked.name, "Late flights", "-o", file)["file"] == file
    assert ikigai.json("flows", "apply", stocked.name, file, "--name", "Late flights")["changes"] == []
    assert ikigai.json("flows", "apply", stocked.name, file)["changes"] == ["created"]
    assert stocked.flows["exported"].definition().same_as(stocked.flows["Late flights"].definition())


def test_an_export_goes_to_standard_output_as_yaml_or_json(ikigai: CommandLine, stocked: App) -> None:
    definition = stocked.flows["Late flights"].definition().to_dict()
    assert yaml.safe_load(ikigai.text("flows", "export", stocked.name, "Late flights")) == definition
    assert ikigai.json("flows", "export", stocked.name, "Late flights") == json.loads(json.dumps(definition))
    assert ikigai("flows", "export", stocked.name, "Late flights", "-o", "x.txt").returncode == 2


def test_a_faulty_file_is_named_and_nothing_is_created(
    ikigai: CommandLine, stocked: App, document: dict[str, Any], tmp_path: Path
) -> None:
    assert "'nosuch.yaml' does not exist" in ikigai.complaint("flows", "apply", stocked.name, "nosuch.yaml")
    document["facets"]["late"]["after"] = "fligts"
    (tmp_path / "faulty.yaml").write_text(yaml.safe_dump(document))
    said = ikigai.complaint("flows", "apply", stocked.name, "faulty.yaml")
    assert "faulty.yaml" in said
    assert "Did you mean 'flights'?" in said
    (tmp_path / "broken.yaml").write_text("facets: [")
    assert "broken.yaml" in ikigai.complaint("flows", "apply", stocked.name, "broken.yaml")
    assert list(stocked.flows()) == ["Late flights"]
