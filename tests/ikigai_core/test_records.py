"""Components are shown one field a line; what is too long for its line goes over several."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ikigai_core.records import printed


class Inner(BaseModel):
    word: str
    more: dict[str, Any] = {}


class Outer(BaseModel):
    short: list[int]
    text: str
    long: dict[str, Any]


def test_only_what_does_not_fit_is_divided() -> None:
    outer = Outer(short=[1, 2], text="x" * 90, long={"a": Inner(word="y" * 40, more={"z": [1] * 30}), "b": {}})
    assert (
        printed(outer)
        == f"""Outer(
    short=[1, 2],
    text='{"x" * 90}',
    long={{
        'a': Inner(
            word='{"y" * 40}',
            more={{
                'z': [
                    {(chr(10) + " " * 20).join(["1,"] * 29)}
                    1
                ]
            }}
        ),
        'b': {{}}
    }}
)"""
    )
