"""Flows: looked at, exported, applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ikigai_core import App, Ikigai

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


def test_what_is_exported_can_be_applied(ikigai: CommandLine, stocked: App) -> None:
    for file in ("exported.yaml", "exported.yml", "exported.json"):
        assert ikigai.json("flows", "export", stocked.name, "Late flights", "-o", file)["file"] == file
        assert ikigai.json("flows", "apply", stocked.name, file, "--name", "Late flights")["changes"] == []
    assert ikigai.json("flows", "apply", stocked.name, file)["changes"] == ["created"]
    assert stocked.flows["exported"].definition().same_as(stocked.flows["Late flights"].definition())


def test_an_export_goes_to_standard_output_as_yaml_or_json(ikigai: CommandLine, stocked: App) -> None:
    document = stocked.flows["Late flights"].document().to_dict()
    assert document["facets"]["flights"]["dataset"] == "flights"
    assert yaml.safe_load(ikigai.text("flows", "export", stocked.name, "Late flights")) == document
    assert ikigai.json("flows", "export", stocked.name, "Late flights") == document
    assert ikigai("flows", "export", stocked.name, "Late flights", "-o", "x.txt").returncode == 2


def test_an_export_with_ids_is_that_of_the_platform_and_refused_by_another_app(
    ikigai: CommandLine, stocked: App, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    definition = stocked.flows["Late flights"].definition().to_dict()
    assert ikigai.json("flows", "export", stocked.name, "Late flights", "--ids") == json.loads(json.dumps(definition))
    ikigai.text("flows", "export", stocked.name, "Late flights", "--ids", "-o", "late.json")
    assert ikigai.json("flows", "apply", stocked.name, "late.json", "--name", "Late flights")["changes"] == []
    other = ikigai_client.app.new(f"{stocked.name} elsewhere").build()
    said = ikigai.complaint("flows", "apply", other.name, "late.json")
    assert "Facet 'flights' imports the dataset with the id" in said
    assert list(other.flows()) == []
    other.delete()


def test_a_preview_says_what_would_change_and_changes_nothing(
    ikigai: CommandLine, stocked: App, document: dict[str, Any], tmp_path: Path
) -> None:
    document["facets"]["late"]["arguments"]["value"] = "120"
    file = tmp_path / "Late flights.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    words = "Flow 'Late flights': definition\n  facet 'late': argument 'value': '60' → '120'\n"
    assert ikigai.text("flows", "diff", stocked.name, file.name) == words
    assert ikigai.text("flows", "apply", stocked.name, file.name, "--dry-run") == words
    assert ikigai("flows", "diff", stocked.name, file.name, "--exit-code").returncode == 3
    assert ikigai.json("flows", "diff", stocked.name, file.name, "--name", "new")["changes"] == ["created"]
    assert list(stocked.flows()) == ["Late flights"]
    assert stocked.flows["Late flights"].document().facets["late"].arguments["value"] == "60"
    ikigai.text("flows", "apply", stocked.name, file.name)
    assert ikigai("flows", "diff", stocked.name, file.name, "--exit-code").returncode == 0


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


def test_a_flow_is_scheduled_renamed_and_deleted(ikigai: CommandLine, stocked: App) -> None:
    flow = ("flows", "schedule", stocked.name, "Late flights")
    assert ikigai.json(*flow) is None
    assert ikigai.json(*flow, "30 4 * * 1")["cron"] == "30 4 * * 1"
    assert ikigai.text(*flow) == "Flow 'Late flights': 30 4 * * 1\n"
    assert ikigai.text(*flow, "--remove") == "Flow 'Late flights': no schedule\n"
    assert "Minute field" in ikigai.complaint(*flow, "* * * * *")
    assert ikigai.json("flows", "status", stocked.name, "Late flights")["status"] == "IDLE"
    ikigai.text("flows", "rename", stocked.name, "Late flights", "late")
    assert "repeat the command with --yes" in ikigai.complaint("flows", "delete", stocked.name, "late")
    assert list(stocked.flows()) == ["late"]
    ikigai.text("flows", "delete", stocked.name, "late", "--yes")
    assert list(stocked.flows()) == []
