"""A folder with an app's document: ``app.yaml``, and a file for each component. Scripts are files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ikigai_core.definition.files import read_file, yaml_text
from ikigai_core.errors import InvalidDefinitionError, InvalidInputError

APP_FILE = "app.yaml"
KINDS = ("datasets", "models", "custom_facets", "flows")

_SUFFIXES = (".yaml", ".yml", ".json")
_SAFE = " _-.()"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


def write_folder(content: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the plain values of an app's document. Files of components that it does not have are deleted.

    Raises
    ------
    InvalidInputError
        The folder has no app, but files that would be read as one's components.
    """
    before = _files_of_components(folder)
    app = {name: value for name, value in content.items() if name not in KINDS}
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / APP_FILE, yaml_text(app))]
    for kind in KINDS:
        parts: Mapping[str, Mapping[str, Any]] = content.get(kind, {})
        stems = file_stems(parts)
        for name, part in parts.items():
            written += _write_part(folder / kind, stems[name], name, part)
    for path in before:
        if path not in written:
            path.unlink()
    return written


def _files_of_components(folder: Path) -> list[Path]:
    """The files of the app that the folder has. What else lies there, such as Python modules, belongs to others."""
    documents = [path for kind in KINDS for path in (folder / kind).glob("*") if path.suffix in _SUFFIXES]
    if documents and not (folder / APP_FILE).is_file():
        raise InvalidInputError(
            f"{folder} has no {APP_FILE}, so {documents[0]} does not belong to an exported app: choose another folder."
        )
    scripts = [path.with_suffix(".py") for path in documents if path.parent.name == "custom_facets"]
    return [*documents, *(path for path in scripts if path.is_file())]


def read_folder(folder: Path) -> dict[str, Any]:
    """The plain values of an app's document.

    Raises
    ------
    MissingFileError, InvalidDefinitionError
    """
    content = _mapping(folder / APP_FILE)
    for kind in KINDS:
        for path in sorted((folder / kind).glob("*")):
            if path.suffix in _SUFFIXES:
                name, part = _read_part(path)
                if name in content.setdefault(kind, {}):
                    raise InvalidDefinitionError(f"{path}: another file has the name {name!r} too.")
                content[kind][name] = part
    return content


def _write_part(folder: Path, stem: str, name: str, part: Mapping[str, Any]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    content = {**({} if stem == name else {"name": name}), **part}
    written = []
    if "script" in content:
        written.append(_write(folder / f"{stem}.py", content["script"]))
        content = {**content, "script": f"{stem}.py"}
    return [*written, _write(folder / f"{stem}.yaml", yaml_text(content))]


def _read_part(path: Path) -> tuple[str, dict[str, Any]]:
    content = _mapping(path)
    name = content.pop("name", path.stem)
    script = content.get("script")
    if isinstance(script, str) and script.endswith(".py") and "\n" not in script:
        file = path.parent / script
        if file.parent != path.parent or not file.is_file():
            raise InvalidDefinitionError(f"{path}: the script {script!r} is not a file beside it.")
        try:
            content["script"] = file.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidDefinitionError(f"{file} cannot be read: {error}") from None
    return str(name), content


def _mapping(path: Path) -> dict[str, Any]:
    where, content = read_file(path, "file of the app's document")
    if not isinstance(content, Mapping):
        raise InvalidDefinitionError(f"{where} has to contain a mapping.")
    return dict(content)


def _write(path: Path, text: str) -> Path:
    # Bytes: a script keeps its line ends, on Windows too.
    path.write_bytes(text.encode())
    return path


def file_stems(names: Mapping[str, object]) -> dict[str, str]:
    """A file name without suffix for each component. File systems may ignore case."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        base = "".join(c if c.isalnum() or c in _SAFE else "_" for c in name).strip(" .")[:80] or "_"
        base = f"{base}_" if base.casefold().split(".")[0] in _RESERVED else base
        stem, number = base, 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{base} {number}"
        taken.add(stem.casefold())
        stems[name] = stem
    return stems
