"""What Airflow finds of the provider when it is installed."""

from __future__ import annotations

import importlib
import json
from importlib.resources import files

import jsonschema  # type: ignore[import-untyped, unused-ignore]
from airflow.providers_manager import ProvidersManager
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from airflow_provider_ikigai import __version__
from airflow_provider_ikigai.connection import EXTRAS
from airflow_provider_ikigai.get_provider_info import get_provider_info


def test_airflow_finds_the_provider_and_its_connection_type() -> None:
    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    assert manager.providers["airflow-provider-ikigai"].version == __version__
    hook = ProvidersManagerTaskRuntime().hooks["ikigai"]  # type: ignore[no-untyped-call]
    assert hook is not None
    assert (hook.hook_name, hook.hook_class_name) == ("Ikigai", "airflow_provider_ikigai.hooks.ikigai.IkigaiHook")


def test_the_connection_form_speaks_of_email_and_api_key() -> None:
    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    manager.initialize_providers_hooks()
    form = manager.field_behaviours["ikigai"]
    assert form["relabeling"] == {"host": "Base URL", "login": "Email", "password": "API key"}
    fields = {name.removeprefix("extra__ikigai__") for name in manager.connection_form_widgets if "__ikigai__" in name}
    assert fields == set(EXTRAS)


def test_the_provider_info_keeps_to_airflows_schema() -> None:
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_all_modules_that_the_provider_names_are_there() -> None:
    info = get_provider_info()
    for part in ("hooks", "operators", "sensors", "triggers"):
        for entry in info[part]:
            for module in entry["python-modules"]:
                assert importlib.import_module(module).__doc__


def test_airflow_lists_all_parts() -> None:
    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    runtime = ProvidersManagerTaskRuntime()  # type: ignore[no-untyped-call]
    links = {
        f"airflow_provider_ikigai.links.Ikigai{name}Link" for name in ("App", "Dataset", "Flow", "FlowRun", "Model")
    }
    assert links <= set(manager.extra_links_class_names)
    triggers = {name for trigger in manager.trigger for name in [trigger.trigger_class_name]}
    assert {f"airflow_provider_ikigai.triggers.{name}" for name in ("events", "flow_run")} <= triggers
    assert {"ikigai_flow", "ikigai_upload"} <= set(runtime.taskflow_decorators)
    assert "ikigai" in runtime.asset_uri_handlers
