"""The documents and the messages are in plain English, as far as single words show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("*.md", "docs/**/*.md", "integrations/*/*.md", "ikigai_core/local/console/templates/*.html")
DOCUMENTS = [path for pattern in PAGES for path in ROOT.glob(pattern)]
MODULES = [*ROOT.glob("ikigai_core/**/*.py"), *ROOT.glob("integrations/*/*_ikigai/**/*.py")]
INSTEAD = {
    r"(?:is|are|be) told(?! apart)": "the active voice: X tells Y, X warns once",
    r"goes on|went on|go on": "continues, or: is still running",
    r"outlasts?|outlasted": "takes longer than",
    r"twins?": "the same for …, counterpart",
    r"whatever|whoever": "even if, no matter who, any",
    r"anew": "again",
}
HARD = re.compile("|".join(rf"\b(?:{word})\b" for word in INSTEAD), re.IGNORECASE)


def messages(module: Path) -> Iterator[str]:
    """The strings of a module that are no docstrings, nor of an attribute."""
    tree = ast.parse(module.read_text())
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_no_document_or_message_has_words_that_are_hard_to_read() -> None:
    lines = [(path, line) for path in DOCUMENTS for line in path.read_text().splitlines()]
    lines += [(path, text) for path in MODULES for text in messages(path)]
    assert len(lines) > 10_000
    found = [f"{path.relative_to(ROOT)}: {line.strip()}" for path, line in lines if HARD.search(line)]
    assert found == [], f"write instead: {INSTEAD}"
