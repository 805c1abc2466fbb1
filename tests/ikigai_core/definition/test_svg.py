"""Notebooks show definitions as drawings."""

from __future__ import annotations

from xml.etree import ElementTree

from ikigai_core import DefinitionDocument, FlowDefinition

DOCUMENT = {
    "facets": {
        "<flights> & more": {"type": "INPUT.Imported", "dataset": "flights"},
        "out": {
            "type": "OUTPUT.Exported",
            "after": {"facet": "<flights> & more", "table_side": "top"},
            "arguments": {"dataset_name": "out"},
        },
    }
}


def test_a_drawing_has_every_facet_and_arrow_whatever_their_names() -> None:
    drawing = ElementTree.fromstring(DefinitionDocument.load(DOCUMENT)._repr_svg_())
    texts = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["top", "<flights> & more", "INPUT.Imported", "out", "OUTPUT.Exported"]


def test_an_empty_definition_has_a_drawing_too() -> None:
    assert ElementTree.fromstring(FlowDefinition()._repr_svg_()).tag.endswith("svg")
