"""Where data come from and go to."""

from __future__ import annotations

from pathlib import Path

from ikigai_core.transfer.locations import local_path


def test_a_tilde_is_the_home_of_a_user_or_a_part_of_the_name() -> None:
    assert local_path("~/numbers.csv", "CSV") == Path.home() / "numbers.csv"
    assert local_path("~nobody of this name.csv", "CSV") == Path("~nobody of this name.csv")
