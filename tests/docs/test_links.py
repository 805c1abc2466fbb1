"""The documents' links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("integrations/*/*.md")]
)
_REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
_FILES = f"{_REPOSITORY}/blob/main/"
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def links(document: Path) -> list[str]:
    """The targets of a document's relative links."""
    targets = _LINK.findall(_CODE.sub("", document.read_text()))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def links_by_address(document: Path) -> list[str]:
    """The paths of a document's links to the repository by its address."""
    targets = _LINK.findall(_CODE.sub("", document.read_text()))
    return [target.removeprefix(_FILES) for target in targets if target.startswith(_FILES)]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as they are made from them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    folder = ROOT / "docs"
    pages = {path.relative_to(folder).as_posix() for path in folder.glob("**/*.md")} - {"index.md"}
    assert pages
    assert pages <= set(links(ROOT / "docs" / "index.md"))


INDEXED = [ROOT / "README.md", *sorted(ROOT.glob("integrations/*/README.md"))]


@pytest.mark.parametrize("document", INDEXED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_package_indexes_show_links_by_address(document: Path) -> None:
    assert links(document) == []
    by_address = links_by_address(document)
    assert by_address
    for link in by_address:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).exists(), link
        assert not anchor or anchor in anchors(ROOT / path), link
