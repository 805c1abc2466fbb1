"""A recording of a flow: a folder of YAML and Parquet files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ikigai_core.app_documents.documents import AppDocument
from ikigai_core.definition.files import read_file
from ikigai_core.errors import InvalidDefinitionError, MissingFileError

RECORDING_FILE = "recording.yaml"
SPECS_FILE = "specs.yaml"
VERSIONS_FILE = "model_versions.yaml"
FORMAT = 1


@dataclass(frozen=True)
class Recording:
    """A flow as it was, with its data.

    Attributes
    ----------
    folder : Path
    document : AppDocument
        The flow's app, with this flow only, and with what it uses.
    flow : str
    imported, exported : mapping of str to Path
        Parquet files by the names of the datasets that the flow reads and wrote.
    rows : int or None
        The number of rows to which the data were cut.
    specs : mapping
        The specs of the facet and model types that the flow uses, in the platform's format.
    model_versions : mapping
        By the name of the model, its versions, oldest first, each with `version`, `hyperparameters`, `metrics` and
        `created_at` (ISO 8601). What they learned is not in a recording.
    """

    folder: Path
    document: AppDocument
    flow: str
    imported: Mapping[str, Path] = field(default_factory=dict)
    exported: Mapping[str, Path] = field(default_factory=dict)
    rows: int | None = None
    specs: Mapping[str, Any] = field(default_factory=dict)
    model_versions: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a folder that `ikigai record` wrote.

        Raises
        ------
        MissingFileError
            The folder, or one of its files, does not exist.
        InvalidDefinitionError
            The folder is not a recording, or one of another release. The message names the file and the fault.
        """
        folder = Path(folder)
        where, content = read_file(folder / RECORDING_FILE, "recording")
        if not isinstance(content, Mapping) or content.get("format") != FORMAT:
            raise InvalidDefinitionError(f"{where} is not a recording of format {FORMAT}: record the flow again.")
        document = AppDocument.load(folder)
        flow = content.get("flow")
        if flow not in document.flows:
            raise InvalidDefinitionError(f"{where}: the flow {flow!r} is not among the files in {folder / 'flows'}.")
        specs = _optional(folder / SPECS_FILE, "file of specs")
        versions = _optional(folder / VERSIONS_FILE, "file of model versions")
        tables = {kind: _tables(where, folder, content.get(kind) or {}) for kind in ("imported", "exported")}
        rows = content.get("rows")
        return cls(folder, document, str(flow), rows=rows, specs=specs, model_versions=versions, **tables)


def _optional(path: Path, what: str) -> Any:
    return read_file(path, what)[1] if path.is_file() else {}


def _tables(where: str, folder: Path, files: Any) -> dict[str, Path]:
    if not isinstance(files, Mapping):
        raise InvalidDefinitionError(f"{where}: imported and exported have to map names of datasets to files.")
    found = {str(name): folder / str(file) for name, file in files.items()}
    for name, path in found.items():
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InvalidDefinitionError(f"{where}: the file {str(path)!r} of dataset {name!r} is outside the folder.")
        if not path.is_file():
            raise MissingFileError(f"The data {str(path)!r} of dataset {name!r}, which {where} names, do not exist.")
    return found
