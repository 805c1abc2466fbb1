"""Describes this provider to Airflow: its parts and its connection form."""

from __future__ import annotations

from typing import Any

from airflow_provider_ikigai import __version__

_NAME = "Ikigai"
_PACKAGE = "airflow_provider_ikigai"


def get_provider_info() -> dict[str, Any]:
    """Describe the provider to Airflow (entry point ``apache_airflow_provider``).

    Returns
    -------
    dict
        As Airflow's provider schema has it. Nothing of the provider is imported for it.
    """
    return {
        "package-name": "airflow-provider-ikigai",
        "name": _NAME,
        "description": "Upload datasets to the Ikigai AI platform, build and run its flows, and fetch their results.",
        "versions": [__version__],
        "integrations": [
            {"integration-name": _NAME, "external-doc-url": "https://www.ikigailabs.io", "tags": ["service"]},
        ],
        "hooks": [_modules("hooks.ikigai")],
        "operators": [
            _modules(
                "operators.app",
                "operators.dataset",
                "operators.delete",
                "operators.flow",
                "operators.flow_run",
                "operators.model",
            )
        ],
        "sensors": [_modules("sensors.dataset", "sensors.flow")],
        "triggers": [
            _modules(
                "triggers.dataset_updated",
                "triggers.events",
                "triggers.flow_ended",
                "triggers.flow_idle",
                "triggers.flow_run",
            )
        ],
        "extra-links": [
            f"{_PACKAGE}.links.Ikigai{target}Link" for target in ("App", "Dataset", "Flow", "FlowRun", "Model")
        ],
        "task-decorators": [
            {"name": name, "class-name": f"{_PACKAGE}.decorators.{name}.{name}_task"}
            for name in ("ikigai_flow", "ikigai_upload")
        ],
        "asset-uris": [
            {
                "schemes": ["ikigai"],
                "handler": f"{_PACKAGE}.assets.sanitize_uri",
                "factory": f"{_PACKAGE}.assets.create_asset",
                "to_openlineage_converter": f"{_PACKAGE}.assets.convert_asset_to_openlineage",
            }
        ],
        "connection-types": [_connection_type()],
    }


def _modules(*names: str) -> dict[str, Any]:
    return {"integration-name": _NAME, "python-modules": [f"{_PACKAGE}.{name}" for name in names]}


def _connection_type() -> dict[str, Any]:
    return {
        "connection-type": "ikigai",
        "hook-name": _NAME,
        "hook-class-name": f"{_PACKAGE}.hooks.ikigai.IkigaiHook",
        "conn-fields": {
            "verify_tls": {
                "label": "Verify TLS",
                "description": "Check the platform's certificate.",
                "schema": {"type": ["boolean", "null"], "default": True},
            },
            "ca_bundle": {
                "label": "CA bundle",
                "description": "File with the certificates to trust instead of the system's.",
                "schema": {"type": ["string", "null"]},
            },
            "client_certificate": {
                "label": "Client certificate",
                "description": "File with the client's certificate, if a gateway requires one.",
                "schema": {"type": ["string", "null"]},
            },
            "client_key": {
                "label": "Client certificate's key",
                "description": "File with its private key, if the certificate's file does not contain it.",
                "schema": {"type": ["string", "null"]},
            },
            "connect_timeout": {
                "label": "Connect timeout",
                "description": "Seconds to wait for a connection.",
                "schema": {"type": ["number", "null"], "default": 10},
            },
            "read_timeout": {
                "label": "Read timeout",
                "description": "Seconds to wait for a response.",
                "schema": {"type": ["number", "null"], "default": 60},
            },
            "call_timeout": {
                "label": "Request timeout",
                "description": "Seconds for a request with its retries: usually 120.",
                "schema": {"type": ["number", "null"]},
            },
            "processing_timeout": {
                "label": "Processing timeout",
                "description": "Seconds for the platform to check an upload or prepare a download: usually 3600.",
                "schema": {"type": ["number", "null"]},
            },
            "answer_limit": {
                "label": "Largest answer",
                "description": "Bytes of an answer, the data of datasets aside: usually 50000000.",
                "schema": {"type": ["integer", "null"]},
            },
            "proxy": {
                "label": "Proxy",
                "description": "URL of a proxy for all requests, with user and password if it needs them.",
                "schema": {"type": ["string", "null"], "format": "password"},
            },
            "web_url": {
                "label": "Web address",
                "description": "URL of the platform's pages, for links from tasks. The public platform needs none.",
                "schema": {"type": ["string", "null"]},
            },
            "api_key_file": {
                "label": "API key file",
                "description": "File on workers and triggerers that contains only the API key. Replaces the key above.",
                "schema": {"type": ["string", "null"]},
            },
        },
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Base URL", "login": "Email", "password": "API key"},
            "placeholders": {
                "host": "https://api.ikigailabs.io",
                "login": "you@example.com",
                "password": "From your profile on the platform",
            },
        },
    }
