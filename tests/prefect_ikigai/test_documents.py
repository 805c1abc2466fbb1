"""The flows in the documents run, as they stand, and the server has them as completed."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from prefect_ikigai import IkigaiCredentials
from tests.docs.documents import ROOT, assert_ran, blocks, lay_out, program, programs


@pytest.mark.parametrize("text", blocks("python prefect-setup"))
def test_the_set_up_saves_the_block(text: str, prefect_server: object, tmp_path: Path) -> None:
    # The server may have the block of the document before.
    lay_out(tmp_path, setup=text.replace('.save("ikigai")', '.save("ikigai", overwrite=True)'))
    runpy.run_path(str(tmp_path / "setup.py"), run_name="__main__")
    block = IkigaiCredentials.load("ikigai")
    assert isinstance(block, IkigaiCredentials)
    assert block.user_email in text


@pytest.mark.parametrize("text", programs("prefect"))
def test_the_flows_run(
    text: str,
    saved_credentials: IkigaiCredentials,
    ikigai_client: Ikigai,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(lay_out(tmp_path, program=text))
    runpy.run_path("program.py", run_name="__main__")
    assert_ran(ikigai_client)


@pytest.mark.soak
@pytest.mark.parametrize("text", blocks("python prefect-test"))
def test_the_test_of_a_flow_passes(
    text: str, ikigai_local: LocalAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lay_out(tmp_path, late_flights=program(ROOT / "README.md", "prefect")))
    monkeypatch.syspath_prepend(tmp_path)
    scope: dict[str, Any] = {}
    exec(text, scope)
    scope["test_the_flow"](ikigai_local)
    del sys.modules["late_flights"]
