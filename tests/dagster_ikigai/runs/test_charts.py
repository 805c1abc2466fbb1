"""The chart is an image that a browser shows: well-formed, with the names as text and one dot for each value."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import pytest

from dagster_ikigai.runs.charts import line_chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("values", "dots"), [([0.5, None, 0.9], 2), ([1.0], 1), ([2.0, 2.0], 2), ([None], 0)], ids=str)
def test_a_chart_is_drawn_of_any_numbers(values: list[float | None], dots: int) -> None:
    markdown = line_chart("r2 <of> prices", {"train & test": values}, ["first", "last"])
    before, _, encoded = markdown.partition("base64,")
    assert before == "![r2 <of> prices](data:image/svg+xml;"
    drawn = ET.fromstring(base64.b64decode(encoded.rstrip(")")))
    texts = {element.text for element in drawn.iter(f"{SVG}text")}
    assert {"r2 <of> prices", "train & test", "first", "last"} <= texts
    assert len(list(drawn.iter(f"{SVG}circle"))) == dots
    height = float(drawn.attrib["height"])
    assert all(0 < float(dot.attrib["cy"]) < height for dot in drawn.iter(f"{SVG}circle"))
