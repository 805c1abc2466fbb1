"""Models whose names, as a notebook offers them, are their own."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

_OFFERED = {"model_dump", "model_dump_json"}
NOISE = {name for name in dir(BaseModel) if not name.startswith("_")} - _OFFERED


class OwnNames:
    """Makes a model not offer what pydantic brings, apart from dumping it."""

    def __dir__(self) -> Iterable[str]:
        return [name for name in super().__dir__() if name not in NOISE]
