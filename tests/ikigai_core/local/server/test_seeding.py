"""Apps with data in them, users, and how all of it goes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control import ControlError
from ikigai_core.local.process import LocalPlatform


def test_files_become_datasets_of_an_account(ikigai_client: Ikigai, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    (tmp_path / "cities.csv").write_text("city,n\nZürich,1\n")
    (tmp_path / "notes.txt").write_text("no table")
    ids = ikigai_local.seed("Seeded", tmp_path)
    app = ikigai_client.apps["Seeded"]
    assert app.owner == ikigai_local.user_email
    assert {name: dataset.dataset_id for name, dataset in app.datasets().items()} == ids
    again = ikigai_local.seed("Seeded", {"cities": tmp_path / "cities.csv", "more": b"n\n007\n"})
    assert again["cities"] == ids["cities"]
    assert app.datasets["cities"].df()["city"].tolist() == ["Zürich"]
    assert app.datasets["more"].data_types["n"].data_type
    with pytest.raises(ControlError, match="broken: "):
        ikigai_local.seed("Seeded", {"broken": b"a,b\n1,2,3\n"})
    assert set(app.datasets()) == {"cities", "more"}
    with pytest.raises(ControlError, match="nobody@example"):
        ikigai_local.control.seed("Seeded", {"n": b"n\n1\n"}, user="nobody@example.com")


def test_a_platform_can_be_emptied(own_platform: LocalPlatform) -> None:
    control = own_platform.control
    control.seed("Seeded", {"n": b"n\n1\n"})
    key = control.add_user("o/ne@example.com")
    with pytest.raises(ControlError, match="already"):
        control.add_user("O/ne@example.com")
    with Ikigai("o/ne@example.com", key, own_platform.url) as ikigai:
        assert list(ikigai.apps()) == ["Start Here (Tutorial)"]
        control.reset(data=True)
        assert list(ikigai.apps()) == []
    control.remove_user("o/ne@example.com")
    with Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url) as ikigai:
        assert list(ikigai.apps()) == []
