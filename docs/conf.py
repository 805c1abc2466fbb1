"""How the site is made of these pages and the docstrings: ``make docs``."""

from __future__ import annotations

import gc
import json
import re
import tomllib
from contextlib import redirect_stdout, suppress
from importlib.metadata import version as version_of
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Sphinx holds all pages at once: Python's own pace of looking for garbage takes a quarter of the time.
gc.set_threshold(20_000)

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]

project = "Ikigai for workflow orchestrators"
author = "The authors of Ikigai for workflow orchestrators"
project_copyright = f"2026 {author}"
release = version = version_of("ikigai-core")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "autoapi.extension", "sphinxcontrib.mermaid"]

# The pages are plain Markdown, which is also read where no site is made.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

# The core is imported. The adapters are only read, as their orchestrators do not go together in one environment.
autodoc_default_options = {"members": True, "inherited-members": "BaseModel, Enum, Exception, Mapping, dict, str"}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autoapi_dirs = sorted(str(path.parent) for path in ROOT.glob("integrations/*/*/__init__.py"))
autoapi_generate_api_docs = False
autoapi_add_toctree_entry = False
autoapi_options = ["members", "undoc-members"]
autoapi_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "literal"
# Constants that a static reading does not follow; fields of several classes that have the same name.
suppress_warnings = ["autoapi.python_import_resolution", "ref.python"]
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = project
html_theme_options = {"source_repository": REPOSITORY, "source_branch": "main", "source_directory": "docs/"}


def navigation(index: str) -> str:
    """The site's contents, as ``index.md`` lists them: one part for each heading with pages below it."""
    parts = []
    for part in index.split("\n## ")[1:]:
        pages = re.findall(r"\]\(([\w/-]+)\.md\)", "\n".join(re.findall(r"^(?:- |  ).*", part, re.MULTILINE)))
        if pages:
            listed = "\n".join(dict.fromkeys(pages))
            parts.append(f"```{{toctree}}\n:hidden:\n:caption: {part.splitlines()[0]}\n\n{listed}\n```\n")
    return "\n".join(parts)


def commands() -> str:
    """Every command, as its own help has it."""
    import click
    import typer.main
    from typer.cli import get_docs_for_click

    from ikigai_core.cli.root import root
    from ikigai_core.local.__main__ import main as serve

    command = typer.main.get_command(root)
    text = get_docs_for_click(obj=command, ctx=click.Context(command, info_name="ikigai"), name="ikigai")
    with redirect_stdout(StringIO()) as local, suppress(SystemExit):
        serve(["--help"], "ikigai local")
    # One level below the page's own headings.
    below = re.sub(r"^#", "###", text, flags=re.MULTILINE)
    return f"{below}\n\n### Options of `ikigai local`\n\n```text\n{local.getvalue()}```"


def settings() -> str:
    """Every setting of the client, with what sets it besides an argument of that name."""
    from ikigai_core.config import ENVIRONMENT
    from ikigai_core.profiles import SETTINGS

    rows = []
    for name in dict.fromkeys([*ENVIRONMENT, *SETTINGS]):
        variables = ", ".join(f"`{variable}`" for variable in ENVIRONMENT.get(name, ()))
        rows.append(f"| `{name}` | {variables} | {'yes' if name in SETTINGS else ''} |")
    return "\n".join(["| Setting | Environment | In a profile |", "| --- | --- | --- |", *rows])


def prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the contents to the index, and let links that leave ``docs/`` lead to the repository's files."""
    if page == "index":
        source[0] += f"\n{navigation(source[0])}"
    if page == "reference/commands":
        source[0] += f"\n## Commands\n\n{commands()}\n\n## Settings\n\n{settings()}\n"
    outside = "../" * (page.count("/") + 1)
    source[0] = source[0].replace(f"]({outside}", f"]({REPOSITORY}/blob/main/")


def write_schemas(app: Sphinx, failure: Exception | None) -> None:
    """Publish the JSON Schema of the documents, made from the code."""
    from ikigai_core import AppDocument, DefinitionDocument

    folder = Path(app.outdir) / "schemas"
    folder.mkdir(exist_ok=True)
    for name, kind in {"app": AppDocument, "flow": DefinitionDocument}.items():
        (folder / f"{name}.json").write_text(json.dumps(kind.model_json_schema(), indent=2))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", prepare)
    app.connect("build-finished", write_schemas)
