"""Directories of apps, datasets, flows and models."""

from __future__ import annotations

from dataclasses import dataclass

from ikigai_core.local.problems import bad_request
from ikigai_core.local.store.components import Components
from ikigai_core.local.store.database import Database

KINDS = ("PROJECT", "DATASET", "PIPELINE", "MODEL")


@dataclass(frozen=True)
class Directory:
    """A directory. `kind` is one of `KINDS`; `app_id` is empty for directories of apps, `parent_id` at the root.

    Directories of apps have an `owner`, a lowercase email address. Other directories belong to their app.
    """

    directory_id: str
    name: str
    kind: str
    app_id: str
    parent_id: str
    created_at: int
    owner: str = ""


class Directories(Components[Directory]):
    """All directories."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "directories", Directory, "Directory", index=("app_id",))

    def check(self, directory_id: str, kind: str, app_id: str, field: str, *, owner: str = "") -> str:
        """Return `directory_id` if it can contain components of this kind; empty means the root.

        Raises
        ------
        RefusalError
            400, naming `field`, if there is no such directory of this kind in this app or of this owner.
        """
        place = {"kind": kind, "app_id": app_id, "owner": owner.casefold()}
        if directory_id and self.find(directory_id, **place) is None:
            raise bad_request(f"{field}: there is no {kind} directory {directory_id!r} here")
        return directory_id

    def dissolve(self, directory: Directory) -> None:
        """Delete a directory. Its subdirectories move to its parent."""
        for child in self.all(parent_id=directory.directory_id):
            self.touch(child.directory_id, parent_id=directory.parent_id)
        self.remove(directory_id=directory.directory_id)
