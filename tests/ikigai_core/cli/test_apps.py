"""Apps: listed, shown, shared, deleted; exported, compared and applied as folders."""

from __future__ import annotations

import uuid
from pathlib import Path

import yaml

from ikigai_core import App, Ikigai

from .conftest import CommandLine


def test_apps_are_listed_as_all_components_are(ikigai: CommandLine, app: App) -> None:
    listed = ikigai.json("apps", "list")
    assert app.name in [each["name"] for each in listed]
    assert ikigai.json("apps") == listed
    assert app.name in ikigai.text("apps", "list")


def test_an_app_is_renamed_shared_shown_and_deleted(ikigai: CommandLine, ikigai_client: Ikigai) -> None:
    name = f"CLI {uuid.uuid4().hex[:8]}"
    ikigai.text("apps", "create", f"{name} old")
    assert ikigai.json("apps", "rename", f"{name} old", name)["name"] == name
    ikigai.text("apps", "grant", name, "ann@example.com", "VIEWER")
    ikigai.text("apps", "grant", name, "ann@example.com", "BUILDER")
    users = ikigai.json("apps", "show", name)["users"]
    assert {"email": "ann@example.com", "project_access_level": "BUILDER"} in users
    ikigai.text("apps", "revoke", name, "ann@example.com")
    assert "ann@example.com" not in ikigai.text("apps", "show", name)
    assert "repeat the command with --yes" in ikigai.complaint("apps", "delete", name)
    assert name in ikigai_client.apps()
    assert ikigai.json("apps", "delete", name, "--yes")["deleted"] is True
    assert name not in ikigai_client.apps()


def test_a_folder_is_exported_compared_and_applied(
    ikigai: CommandLine, stocked: App, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    exported = ikigai.json("apps", "export", stocked.name, "late")
    assert exported["files"] == ["late/app.yaml", "late/datasets/flights.yaml", "late/flows/Late flights.yaml"]
    assert ikigai("apps", "diff", "late", "--exit-code").returncode == 0
    copy = f"{stocked.name} copy"
    assert "repeat the command with --yes" in ikigai("apps", "apply", "late", "--app", copy).stderr.decode()
    planned = ikigai.json("apps", "apply", "late", "--app", copy, "--dry-run")
    assert (planned["applied"], copy in ikigai_client.apps()) == (False, False)
    applied = ikigai.json("apps", "apply", "late", "--app", copy, "--yes")
    assert applied == {**planned, "applied": True}
    assert list(ikigai_client.apps[copy].flows()) == ["Late flights"]

    file = tmp_path / "late" / "flows" / "Late flights.yaml"
    flow = yaml.safe_load(file.read_text())
    flow["definition"]["facets"]["late"]["arguments"]["value"] = "120"
    file.write_text(yaml.safe_dump(flow))
    words = "~ update flow 'Late flights'\n    definition: facet 'late': argument 'value': '60' → '120'\n"
    assert ikigai.text("apps", "diff", "late") == words
    assert ikigai("apps", "diff", "late", "--exit-code").returncode == 3
    ikigai_client.apps[copy].delete()
