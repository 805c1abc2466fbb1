"""The workspace: where its settings come from, and that its key is nowhere to be seen."""

# No `from __future__ import annotations` here: Dagster reads the annotations of asset functions as types.

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import IkigaiWorkspace, build_ikigai_dataset_asset
from dagster_ikigai.components.yaml_settings import WorkspaceModel
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


def test_limits_of_the_workspace_are_those_of_its_client_also_from_yaml(ikigai_local: LocalAccount) -> None:
    limits: dict[str, Any] = {"call_timeout": 90.0, "processing_timeout": 7200.0, "answer_limit": 1_000_000}
    for workspace in (IkigaiWorkspace(**limits), WorkspaceModel(**limits).to_workspace()):
        with workspace.get_client() as ikigai:
            assert {name: getattr(ikigai._config, name) for name in limits} == limits
    for name in limits:
        with pytest.raises(ValueError, match=name):
            IkigaiWorkspace(**{name: 0})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ca_bundle": "nowhere.pem"}, "ca_bundle is 'nowhere.pem', which does not exist here"),
        ({"verify_tls": False, "client_certificate": "c.pem"}, "client_certificate is given, and verify_tls is off"),
        ({"verify_tls": False, "ca_bundle": "ca.pem"}, "ca_bundle is given, and verify_tls is off"),
        ({"client_key": "k.pem"}, "client_key is given without client_certificate"),
        ({"proxy": "localhost:3128"}, "proxy has no scheme: write 'http://localhost:3128'"),
    ],
)
def test_settings_that_are_unusable_or_contradict_each_other_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        IkigaiWorkspace(**given).get_client()


@pytest.mark.usefixtures("ikigai_local")
def test_a_proxys_password_is_stored_and_shown_no_more_than_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"http://bob:{KEY}@localhost:3128"
    monkeypatch.setenv("MY_PROXY", proxy)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="credentials") as caught:
        snapshot(IkigaiWorkspace(proxy=proxy))
    workspace = IkigaiWorkspace(proxy=dg.EnvVar("MY_PROXY"))
    initialized = workspace.process_config_and_initialize()
    assert KEY not in f"{caught.value} {initialized!r} {snapshot(workspace)}"
    with initialized.get_client() as ikigai:
        assert KEY not in repr(ikigai)


@pytest.mark.parametrize("api_key_file", [None, "key"])
@pytest.mark.parametrize("is_resource", [True, False], ids=["a resource", "held by the asset"])
def test_a_key_that_was_replaced_reaches_a_step_that_is_under_way(
    api_key_file: str | None,
    is_resource: bool,
    ikigai_local: LocalAccount,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IKIGAI_API_KEY")

    def keep(key: str) -> None:
        monkeypatch.setenv("MY_KEY", key)
        (tmp_path / "key").write_text(key)

    keep(ikigai_local.api_key)
    workspace = IkigaiWorkspace(api_key=None if api_key_file else dg.EnvVar("MY_KEY"), api_key_file=api_key_file)

    @dg.asset
    def long(ikigai: dg.ResourceParam[Any]) -> None:
        with (ikigai if is_resource else workspace).get_client() as client:
            client.apps()
            keep(ikigai_local.control.rotate_key(ikigai_local.user_email))
            client.apps()

    assert dg.materialize([long], resources={"ikigai": workspace}, instance=instance).success
