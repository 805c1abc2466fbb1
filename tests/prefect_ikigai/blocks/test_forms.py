"""Blocks are made by form and command line as well as by code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.blocks.core import Block
from prefect.client.schemas.actions import BlockDocumentCreate

from prefect_ikigai import IkigaiCredentials, IkigaiFlow, run_flow


def test_a_block_that_a_form_made_runs_flows(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy, client = make_flow(), prefect_server.client
    IkigaiFlow.register_type_and_schema()
    made = {}

    def fill_in(kind: type[Block], name: str, **fields: Any) -> None:
        block_type = client.read_block_type_by_slug(kind.get_block_type_slug())
        schema = client.get_most_recent_block_schema_for_block_type(block_type.id)
        document = BlockDocumentCreate(name=name, data=fields, block_schema_id=schema.id, block_type_id=block_type.id)
        made[kind] = client.create_block_document(document, include_secrets=True)

    assert credentials.api_key is not None
    # A field that was cleared is null.
    fill_in(
        IkigaiCredentials,
        "by-form",
        user_email=credentials.user_email,
        api_key=credentials.api_key.get_secret_value(),
        base_url=credentials.base_url,
        web_url=None,
        read_timeout=None,
    )
    reference = {"$ref": {"block_document_id": str(made[IkigaiCredentials].id)}}
    fill_in(IkigaiFlow, "flow-by-form", credentials=reference, app=app, flow=copy.name, variables=None)

    @flow
    def run() -> None:
        run_flow(IkigaiCredentials.load("by-form"), app, copy.name)
        triggered = IkigaiFlow.load("flow-by-form").trigger()
        triggered.wait_for_completion()

    run()
    assert len(copy.runs()) == 2


def test_a_file_that_the_command_line_registers_saves_a_block(prefect_server: Any, tmp_path: Path) -> None:
    file = tmp_path / "blocks.py"
    file.write_text(
        "from prefect_ikigai import IkigaiCredentials\nIkigaiCredentials().save('by-cli', overwrite=True)\n"
    )
    prefect_server.cli("block", "register", "--file", str(file))
    assert "ikigai-credentials/by-cli" in prefect_server.cli("block", "ls")
    block = IkigaiCredentials.load("by-cli")
    assert isinstance(block, IkigaiCredentials) and block.api_key is None
