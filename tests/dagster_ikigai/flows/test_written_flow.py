"""What is read from a flow's definition, and what is refused in it, without asking the platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets
from ikigai_core import Ikigai
from ikigai_core.errors import InvalidDefinitionError, InvalidInputError

EXAMPLES = Path(__file__).parents[3] / "examples"


def exported(after: str, dataset: str, **more: Any) -> dict[str, Any]:
    return {"type": "OUTPUT.Exported", "after": after, "arguments": {"dataset_name": dataset}, **more}


TWO_OUTPUTS = {
    "facets": {
        "a": {"type": "INPUT.Imported", "dataset": "first"},
        "b": {"type": "INPUT.Imported", "dataset": "second"},
        "both": {"type": "MID.Union", "after": ["a", {"facet": "b", "table_side": "bottom"}]},
        "out a": exported("a", "of a", variables={"name": "dataset_name"}),
        "out both": exported("both", "of both"),
    }
}


def test_a_definition_file_gives_datasets_and_variables() -> None:
    flow = IkigaiFlow("Late flights", "Late flights", EXAMPLES / "late_flights.yaml")
    assert flow.outputs == {"output": "late_flights"}
    assert flow.inputs_of("output") == ["flights"]
    assert set(flow.variables) == {"output"}
    assert repr(flow) == "IkigaiFlow(app='Late flights', name='Late flights')"
    assert flow.op_name == "late_flights__late_flights"


def test_an_output_is_made_from_the_datasets_that_lead_to_it() -> None:
    flow = IkigaiFlow("An app", "A flow", TWO_OUTPUTS)
    assert flow.inputs_of("out a") == ["first"]
    assert flow.inputs_of("out both") == ["first", "second"]


def test_a_run_variable_names_the_output() -> None:
    flow = IkigaiFlow("An app", "A flow", TWO_OUTPUTS)
    assert flow.output_names({}) == {"out a": "of a", "out both": "of both"}
    assert flow.output_names({"name": "of a, in May"}) == {"out a": "of a, in May", "out both": "of both"}


def test_the_version_changes_with_what_a_run_would_do_and_with_nothing_else() -> None:
    versions = {IkigaiFlow("An app", "A flow", TWO_OUTPUTS).version for _ in range(2)}
    other = {"facets": {**TWO_OUTPUTS["facets"], "out both": exported("both", "elsewhere")}}
    assert len(versions) == 1
    assert IkigaiFlow("An app", "A flow", other).version not in versions


def test_a_flow_without_outputs_is_refused() -> None:
    definition = {"facets": {"a": {"type": "INPUT.Imported", "dataset": "first"}}}
    with pytest.raises(InvalidDefinitionError, match=r"'A flow' of app 'An app' writes no dataset.*OUTPUT\.Exported"):
        IkigaiFlow("An app", "A flow", definition)


def test_two_facets_that_would_be_one_asset_are_refused() -> None:
    definition = {"facets": {**TWO_OUTPUTS["facets"], "out again": exported("a", "Of both")}}
    with pytest.raises(InvalidDefinitionError, match="'out both' and 'out again' write 'of both' and 'Of both'"):
        IkigaiFlow("An app", "A flow", definition)


def test_a_definition_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.yaml"):
        IkigaiFlow("An app", "A flow", tmp_path / "nowhere.yaml")


def test_a_definition_as_the_platform_gives_it_is_run_too(
    scripted: Callable[..., IkigaiFlow], ikigai_client: Ikigai, instance: dg.DagsterInstance
) -> None:
    written = scripted()
    app = ikigai_client.apps[written.app]
    there = app.flow.new(written.name).definition(written.definition).ensure()
    flow = IkigaiFlow(written.app, "Another", there.definition())
    assert [component.name for component in flow.read] == [app.datasets["numbers"].dataset_id]
    made = build_ikigai_flow_assets(flow, variables={"output": "by another"}, workspace=IkigaiWorkspace())
    result = dg.materialize([made], instance=instance)
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["dagster/row_count"].value == 3
    assert "by another" in app.datasets()
