"""The reference tells every public name, and nothing that is not there."""

from __future__ import annotations

import re

import ikigai_core

from .documents import ROOT

_ENTRIES = re.findall(r"^- \[`(\w+)`\]\(([^)]+)\): (.*)$", (ROOT / "docs" / "reference.md").read_text(), re.MULTILINE)


def test_every_public_name_is_told() -> None:
    told = {name for name, _, _ in _ENTRIES}
    exported = {name for name in ikigai_core.__all__ if not name.startswith("_")} - {"errors"}
    assert told == exported, "run tools/reference.py"


def test_what_is_told_is_there() -> None:
    for name, module, text in _ENTRIES:
        assert (ROOT / "docs" / module).is_file()
        kind = getattr(ikigai_core, name)
        kind = getattr(kind, "__origin__", kind)
        fields = set(getattr(kind, "model_fields", ()))
        for member in re.findall(r"`(\w+)`", text.partition(" Offers ")[2]):
            assert member in fields or hasattr(kind, member), f"{name}.{member}: run tools/reference.py"
