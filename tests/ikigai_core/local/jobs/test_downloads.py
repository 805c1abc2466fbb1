"""Packed data that cannot be unpacked is told as a failure, not as progress without end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ikigai_core.local.jobs.downloads import Downloads, DownloadStatus
from ikigai_core.local.store import Store
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.files import Files


def test_broken_data_fails_and_is_tried_again(tmp_path: Path, until: Callable[..., Any]) -> None:
    store, files = Store(tmp_path / "platform.sqlite"), Files(tmp_path)
    source = tmp_path / "source.csv"
    source.write_text("a,b\n1,2\n")
    packed = files.adopt(source, packed=True)
    content = packed.read_bytes()
    dataset = store.datasets.add(Dataset("d", "app", "name", "", "name.csv", 0, 0, data_file=packed.name))
    downloads = Downloads(store, files)
    packed.write_bytes(b"broken")
    assert downloads.prepare(dataset) is DownloadStatus.IN_PROGRESS
    until(lambda: downloads.prepare(dataset) is DownloadStatus.FAILED)
    packed.write_bytes(content)
    until(lambda: downloads.prepare(store.datasets.get("d")) is DownloadStatus.SUCCESS)
    assert files.data(store.datasets.get("d").data_file).read_text() == "a,b\n1,2\n"
    downloads.stop()
    store.close()
