"""An app as a component: refreshed on demand, loaded from stored state, loud where there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster.components.testing import create_defs_folder_sandbox

from dagster_ikigai import IkigaiAppComponent
from dagster_ikigai.components.yaml_settings import WorkspaceModel
from ikigai_core import Ikigai
from ikigai_core.errors import ConfigurationError
from ikigai_core.local.account import LocalAccount

COPY = {
    "facets": {
        "in": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "in",
            "arguments": {"dataset_name": "copied", "file_type": "csv", "header": True},
            "variables": {"output": "dataset_name"},
        },
    }
}


@contextmanager
def component(**attributes: Any) -> Iterator[Callable[..., dg.Definitions]]:
    """Loads the component's definitions, after its state was refreshed (as ``dg`` does it) or replaced."""
    body = {"type": "dagster_ikigai.IkigaiAppComponent", "attributes": attributes}
    # A job that another test executed leaves this process in the state of a run's worker, which refreshes nothing.
    DefinitionsLoadContext.set(DefinitionsLoadContext(DefinitionsLoadType.INITIALIZATION))
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=IkigaiAppComponent, defs_yaml_contents=body)

        def load(*, refresh: bool = False, state: str = "") -> dg.Definitions:
            if refresh:
                refreshed = IkigaiAppComponent.from_attributes_dict(attributes=attributes)
                with sandbox.build_component_tree():
                    asyncio.run(refreshed.refresh_state(sandbox.project_root))
            if state:
                [stored] = sandbox.project_root.rglob("state")
                stored.write_text(state)
            with sandbox.load_component_and_build_defs(defs_path=path) as (made, defs):
                assert isinstance(made, IkigaiAppComponent)
                return defs

        yield load


def specs_of(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {"/".join(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}


def test_an_app_is_loaded_from_state_and_runs_as_its_yaml_says(
    app: str,
    ikigai_client: Ikigai,
    instance: dg.DagsterInstance,
    requests_sent: Callable[[], int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    remote = ikigai_client.apps[app]
    for name in ("Copy", "draft copy"):
        remote.flow.new(name).definition(COPY).build()
    attributes: dict[str, Any] = {
        "app": app,
        "exclude": ["draft *"],
        "translation": {"key": "mine/{{ props.name }}", "group_name": "flights", "tags": {"a": "b"}},
        "flow_settings": {"Copy": {"partitions": {"type": "static", "keys": ["x", "y"]}, "retry_policy": {}}},
    }
    with component(**attributes) as load:
        before = requests_sent()
        assert not specs_of(load())
        assert f"NO ASSETS OF IKIGAI APP {app!r}" in caplog.text
        assert "dg utils refresh-defs-state" in caplog.text
        assert requests_sent() == before

        load(refresh=True)
        before = requests_sent()
        defs = load()
        assert requests_sent() == before
        spec = specs_of(defs)["mine/copied"]
        assert (spec.group_name, spec.tags["a"]) == ("flights", "b")
        assert {dep.asset_key for dep in spec.deps} == {dg.AssetKey(["mine", "numbers"])}
        [made] = [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)]
        assert made.op.retry_policy == dg.RetryPolicy(max_retries=1)
        assert dg.materialize([made], instance=instance, partition_key="y").success
        with pytest.raises(Exception, match="Error while") as caught:
            load(state='{"version": 0}')
        assert "reads form 1. Refresh it: dg utils refresh-defs-state" in str(caught.value.__cause__)
        assert specs_of(load(refresh=True)).keys() == specs_of(defs).keys()
        assert len(remote.datasets["copied y"].df()) == 3
        assert "copied" not in remote.datasets()


def test_a_platform_that_is_away_fails_a_refresh_but_stops_no_development(
    app: str,
    ikigai_local: LocalAccount,
    ikigai_client: Ikigai,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ikigai_client.apps[app].flow.new("Copy").definition(COPY).build()
    with component(app=app, workspace={"connect_timeout": 0.2}) as load:
        stored = specs_of(load(refresh=True))
        monkeypatch.setenv("IKIGAI_BASE_URL", "http://127.0.0.1:9")
        with pytest.raises(dg.Failure, match="127.0.0.1:9"):
            load(refresh=True)
        monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
        with caplog.at_level(logging.WARNING):
            assert specs_of(load()) == stored
        assert "keeps its stored state, because the platform cannot be reached" in caplog.text


def test_what_the_yaml_has_wrong_is_named() -> None:
    with component(app="An app", partitions={"type": "daily"}) as load:
        load()  # nothing is stored yet, so nothing is built
    with pytest.raises(Exception, match="Error while") as caught, component(app="A", on_busy="hope") as load:
        load()
    assert "on_busy" in str(caught.value) + str(caught.value.__cause__)


def test_checks_are_set_in_yaml_in_the_same_form_as_in_python(app: str, ikigai_client: Ikigai) -> None:
    ikigai_client.apps[app].flow.new("Copy").definition(COPY).build()
    limits = {"performance.r2.average_test": {"min": 0.8}}
    with component(app=app, checks={"metric_limits": limits, "blocking": True}) as load:
        checks: list[Any] = list(load(refresh=True).asset_checks or ())
        specs = [spec for each in checks for spec in each.check_specs]
        assert specs
        assert all(spec.blocking for spec in specs)
    with component(app=app, checks={"metric_limits": {"r2/average_test": [0.6, None]}}) as load:
        with pytest.raises(Exception, match="Error while") as caught:
            load(refresh=True)
        assert "write it as {'performance.r2.average_test': {'min': 0.6}}" in str(caught.value.__cause__)


def test_a_workspace_in_yaml_takes_its_key_from_a_file(
    ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("IKIGAI_API_KEY")
    (tmp_path / "key").write_text(ikigai_local.api_key)
    with WorkspaceModel(api_key_file=str(tmp_path / "key")).to_workspace().get_client() as ikigai:
        assert ikigai.apps() is not None
    twice = WorkspaceModel(api_key_file=str(tmp_path / "key"), api_key_variable="HOME").to_workspace()
    with pytest.raises(ConfigurationError, match="api_key_file is given, and so is the key itself"):
        twice.get_client()


def test_the_state_file_is_where_dagster_keeps_it(app: str, tmp_path: Path) -> None:
    made = IkigaiAppComponent(app=app)
    made.write_state_to_path(tmp_path / "state")
    assert '"version": 1' in (tmp_path / "state").read_text()
    assert made.defs_state_config.key == f"IkigaiAppComponent[{app.lower().replace(' ', '_')}]"
