"""Creates apps with data in one step."""

from __future__ import annotations

import time
from pathlib import Path

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.access import AccessLevel
from ikigai_core.local.store.apps import App
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.uploads import Upload, UploadState

_BETWEEN_LOOKS = 0.01


def seed(platform: Platform, owner: str, app_name: str, dataset_name: str, data: Path) -> Dataset:
    """Use a file as the data of a user's dataset. Create the dataset and its app if they do not exist.

    Raises
    ------
    RefusalError
        400 if the file is not a table.
    """
    store = platform.store
    with store.transaction():
        app = _app(platform, owner, app_name)
        namesakes = store.datasets.all(app_id=app.app_id, name=dataset_name)
        dataset = namesakes[0] if namesakes else _new_dataset(platform, app, dataset_name)
        upload = store.uploads.add(
            Upload(
                upload_id=new_id(),
                dataset_id=dataset.dataset_id,
                app_id=app.app_id,
                filename=f"{dataset_name}.csv",
                file_size=data.stat().st_size,
                part_count=1,
                state=UploadState.COMPLETED,
                created_at=timestamps.now(),
                data_file=data.name,
            )
        )
    platform.checks.start(upload)
    if _verdict(platform, upload) != UploadState.SUCCESS:
        reason = store.dataset_log.newest(dataset.dataset_id, 1)[0].message
        if not namesakes:
            store.delete_dataset(dataset.dataset_id)
        raise bad_request(f"{dataset_name}: {reason}")
    return dataset


def _verdict(platform: Platform, upload: Upload) -> str:
    """Wait for the check of an upload; return its state."""
    while True:
        current = platform.store.uploads.find(upload.upload_id)
        if current is None or current.state != UploadState.CHECKING:
            return current.state if current is not None else UploadState.ABORTED
        time.sleep(_BETWEEN_LOOKS)


def _app(platform: Platform, owner: str, name: str) -> App:
    store = platform.store
    for app in store.apps.all(name=name):
        if app.owner.casefold() == owner.casefold():
            return app
    now = timestamps.now()
    app = store.apps.add(App(new_id(), name, owner, "", "", now, now, now))
    store.app_grants.set(app.app_id, owner, AccessLevel.OWNER)
    return app


def _new_dataset(platform: Platform, app: App, name: str) -> Dataset:
    now = timestamps.now()
    return platform.store.datasets.add(Dataset(new_id(), app.app_id, name, "", f"{name}.csv", now, now))
