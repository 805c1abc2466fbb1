"""``ikigai schema``: the JSON Schema of the documents that commands read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ikigai_core.cli.output import AsJson, emit


class Document(StrEnum):
    """A kind of document."""

    APP = "app"
    FLOW = "flow"


def schema(
    document: Annotated[Document, typer.Argument(help="A whole app, or the definition of a flow.")],
    as_json: AsJson = True,
) -> None:
    """Print the JSON Schema of a document, for editors and for checks."""
    from ikigai_core.app_documents.documents import AppDocument
    from ikigai_core.definition.document import DefinitionDocument

    kind = AppDocument if document is Document.APP else DefinitionDocument
    emit({"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}, str, as_json=True)
