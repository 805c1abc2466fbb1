"""A whole app is applied from its document, and a second time nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow

from ikigai_core import Ikigai
from prefect_ikigai import IkigaiCredentials, apply_app


def test_an_app_is_applied_once(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], ikigai_client: Ikigai, tmp_path: Path
) -> None:
    make_flow()
    document = ikigai_client.app_document(app)
    document.save(tmp_path)
    copy = f"{app} copy"

    @flow
    def promote() -> list[int]:
        return [len(apply_app(credentials, tmp_path, app=copy)["steps"]) for _ in range(2)]

    created, again = promote()
    assert created >= 3
    assert again == 0
    assert ikigai_client.app_document(copy).flows == document.flows
    ikigai_client.apps[copy].delete()
