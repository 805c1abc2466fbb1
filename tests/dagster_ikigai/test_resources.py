"""The workspace: where its settings come from, and that its key is nowhere to be seen."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai import IkigaiWorkspace, build_ikigai_dataset_asset
from ikigai_core.errors import ConfigurationError
from ikigai_core.local.account import LocalAccount

KEY = "a-key-that-nobody-may-see"


def snapshot(workspace: IkigaiWorkspace) -> str:
    """All that Dagster stores of a job and shows in its UI."""
    asset = build_ikigai_dataset_asset(app="An app", dataset="numbers", path="numbers.csv")
    definitions = dg.Definitions(assets=[asset], resources={"ikigai": workspace})
    return str(definitions.resolve_implicit_global_asset_job_def().get_job_snapshot())


def test_the_key_is_in_no_repr_and_in_no_stored_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("MY_EMAIL", "bob@example.com")
    workspace = IkigaiWorkspace(user_email=dg.EnvVar("MY_EMAIL"), api_key=dg.EnvVar("MY_KEY"))
    initialized = workspace.process_config_and_initialize()
    assert initialized.api_key == KEY
    assert repr(workspace) == "IkigaiWorkspace(user_email='$MY_EMAIL')"
    assert repr(initialized) == "IkigaiWorkspace(user_email='bob@example.com')"
    assert KEY not in f"{initialized!s} {workspace!s}"
    stored = snapshot(workspace)
    assert KEY not in stored
    assert "MY_KEY" in stored


def test_a_key_in_the_code_is_refused_before_dagster_stores_it() -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="EnvVar") as caught:
        snapshot(IkigaiWorkspace(user_email="bob@example.com", api_key=KEY))
    assert KEY not in str(caught.value)


def test_a_client_is_told_what_the_workspace_was_told(
    ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", ikigai_local.api_key)
    monkeypatch.setenv("OTHER_EMAIL", ikigai_local.user_email)
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_BASE_URL"):
        monkeypatch.delenv(name)
    named = IkigaiWorkspace(
        user_email=dg.EnvVar("OTHER_EMAIL"), api_key=dg.EnvVar("OTHER_KEY"), base_url=ikigai_local.url
    )
    initialized = named.process_config_and_initialize()
    for workspace in (named, initialized):
        with workspace.get_client() as ikigai:
            assert ikigai_local.user_email in repr(ikigai)
            assert len(ikigai.apps()) > 0
    with pytest.raises(ConfigurationError, match="IKIGAI_USER_EMAIL"):
        IkigaiWorkspace().get_client()


def test_tls_settings_reach_the_client(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem"):
        IkigaiWorkspace(ca_bundle=str(tmp_path / "nowhere.pem")).get_client()
    assert IkigaiWorkspace(verify_tls=False)._ssl() is False
    assert IkigaiWorkspace(client_certificate="both.pem")._ssl() == "both.pem"
    assert IkigaiWorkspace(client_certificate="c.pem", client_key="k.pem")._ssl() == ("c.pem", "k.pem")
