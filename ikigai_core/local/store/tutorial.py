"""The tutorial app of every new platform."""

from __future__ import annotations

from ikigai_core.local.store import Store, timestamps
from ikigai_core.local.store.access import AccessLevel
from ikigai_core.local.store.apps import App
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.directories import Directory
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.ids import new_id

APP_NAME = "Start Here (Tutorial)"
INPUT_NAME = "[INPUT]"
OUTPUT_NAME = "[OUTPUT]"
FLOW_NAME = "new flow"

_ROWS = """\
Product (name/description),SKU/Unique Item ID,Channel/Location,Qty
Chocolate Chip Cookie,Chocolate_C123_Am,Amazon,166
Snickerdoodle Cookie,Snickerdoodle_C123_Am,Amazon,428
Ginger Cookie,Ginger_C123_Am,Amazon,271
Sugar Cookie,Sugar_C123_Am,Amazon,421
Double Chocolate Cookie,Double_C123_Am,Amazon,342
Chocolate Chip Cookie,Chocolate_C123_St,Store,97
Snickerdoodle Cookie,Snickerdoodle_C123_St,Store,120
Ginger Cookie,Ginger_C123_St,Store,310
"""
_COLUMNS = {
    "Product (name/description)": {"data_type": "TEXT", "data_formats": {}},
    "SKU/Unique Item ID": {"data_type": "TEXT", "data_formats": {}},
    "Channel/Location": {"data_type": "CATEGORICAL", "data_formats": {}},
    "Qty": {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}},
}


def create_once(store: Store, files: Files, owner: str) -> None:
    """Create the tutorial if the platform never had an app. A deleted tutorial does not come back."""
    with store.transaction():
        if not store.apps.had_any():
            create(store, files, owner)


def create(store: Store, files: Files, owner: str) -> None:
    """Create the tutorial of a user."""
    with store.transaction():
        now = timestamps.now()
        app = store.apps.add(App(new_id(), APP_NAME, owner, "", "", now, now, now))
        store.app_grants.set(app.app_id, owner, AccessLevel.OWNER)
        folders = {}
        for name in (OUTPUT_NAME, INPUT_NAME):
            folder = store.directories.add(Directory(new_id(), name, "DATASET", app.app_id, "", now))
            folders[name] = folder.directory_id
        dataset = _add_dataset(store, files, app, folders[INPUT_NAME])
        definition = _count_by_channel(dataset.dataset_id, folders[OUTPUT_NAME])
        store.flows.add(Flow(new_id(), app.app_id, FLOW_NAME, "", definition, now, now))


def _add_dataset(store: Store, files: Files, app: App, directory_id: str) -> Dataset:
    path = files.new_data()
    path.write_text(_ROWS, encoding="utf-8")
    return store.datasets.add(
        Dataset(
            dataset_id=new_id(),
            app_id=app.app_id,
            name=INPUT_NAME,
            directory_id=directory_id,
            filename="example.csv",
            created_at=app.created_at,
            modified_at=app.created_at,
            size=path.stat().st_size,
            data_file=path.name,
            data_types=_COLUMNS,
        )
    )


def _count_by_channel(dataset_id: str, directory_id: str) -> dict[str, object]:
    """Return the definition of the client's own tutorial: count the rows of each channel."""
    facets = [
        ("input", "I_005", {"dataset_id": dataset_id, "file_type": "csv", "header": True, "use_raw_file": False}),
        ("count", "M_003", {"output_column_name": "count", "sort": True, "target_columns": ["Channel/Location"]}),
        (
            "output",
            "O_005",
            {"dataset_name": OUTPUT_NAME, "file_type": "csv", "header": True, "directory": directory_id},
        ),
    ]
    return {
        "facets": [
            {"facet_id": name, "facet_uid": uid, "name": name, "arguments": arguments}
            for name, uid, arguments in facets
        ],
        "arrows": [
            {"source": "input", "destination": "count", "arguments": {}},
            {"source": "count", "destination": "output", "arguments": {}},
        ],
        "arguments": {},
        "variables": {},
        "model_variables": {},
    }
