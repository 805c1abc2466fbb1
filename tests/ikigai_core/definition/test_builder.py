"""A definition is built facet by facet, and every fault is named before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.errors import DefinitionWarning
from ikigai_core.specs.facet import FacetTypes


def imported(facet_types: FacetTypes, builder: FlowDefinitionBuilder, dataset_id: str = "d1") -> Any:
    return builder.facet(facet_types.INPUT.Imported).arguments(dataset_id=dataset_id, file_type="csv", header=True)


def test_implicit_chaining_gives_facets_arrows_and_nothing_else(facet_types: FacetTypes) -> None:
    definition = (
        imported(facet_types, FlowDefinitionBuilder())
        .facet(facet_types.MID.COUNT)
        .arguments(output_column_name="count", sort=True, target_columns=["col1", "col2"])
        .facet(facet_types.OUTPUT.EXPORTED)
        .arguments(dataset_name="out", file_type="csv", header=True)
        .build()
    )
    dumped = definition.model_dump()
    assert [facet["facet_uid"] for facet in dumped["facets"]] == ["I_005", "M_003", "O_005"]
    assert [(arrow["source"], arrow["destination"]) for arrow in dumped["arrows"]] == [("0", "1"), ("1", "2")]
    assert list(dumped) == ["facets", "arrows", "arguments", "variables", "model_variables"]
    assert dumped["facets"][1]["arguments"]["target_columns"] == ["col1", "col2"]


def test_branches_meet_in_one_facet_with_their_roles(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    top, bottom = imported(facet_types, builder), imported(facet_types, builder, "d2")
    union = (
        builder.facet(facet_types.MID.UNION, name="union")
        .add_arrow(top, table_side="top")
        .add_arrow(bottom, table_side="bottom")
        .arguments(option="full")
    )
    definition = union.facet(facet_types.OUTPUT.EXPORTED).arguments(dataset_name="out").build()
    assert [(arrow.source, arrow.destination, arrow.arguments) for arrow in definition.arrows] == [
        ("0", "2", {"table_side": "top"}),
        ("1", "2", {"table_side": "bottom"}),
        ("2", "3", {}),
    ]


def test_repeated_arguments_are_merged_deeply(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    imported(facet_types, builder).arguments(file_type="xlsx").arguments(header=False)
    assert builder.build().facets[0].arguments == {"dataset_id": "d1", "file_type": "xlsx", "header": False}


def test_a_variable_targets_an_argument_of_its_named_facet(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    builder.facet(facet_types.OUTPUT.EXPORTED, name="out").variables(output="dataset_name")
    assert builder.build().to_dict()["variables"] == {"output": {"facet_name": "out", "name": "dataset_name"}}


@pytest.mark.parametrize(
    ("facet", "arguments", "kind", "says"),
    [
        ("COUNT", {"sorted": True}, ValueError, "Argument 'sorted' is not valid for Count facet. Did you mean 'sort'"),
        ("COUNT", {"sort": "yes"}, TypeError, "must be boolean"),
        ("COUNT", {"target_columns": "a"}, TypeError, "must be list"),
        ("COUNT", {"target_columns": [1]}, TypeError, "must be string"),
        ("FILTER", {"condition": "like"}, ValueError, "must be one of"),
        ("RENAME_COLUMNS", {"columns": ["a"]}, TypeError, "must be mapping"),
        ("RENAME_COLUMNS", {"columns": [{"old": "a"}]}, KeyError, "unexpected child"),
    ],
)
def test_a_wrong_argument_is_named(
    facet_types: FacetTypes, facet: str, arguments: dict[str, Any], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind) as caught:
        FlowDefinitionBuilder().facet(facet_types.MID[facet]).arguments(**arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "variables", "says"),
    [
        ("", {"v": "sort"}, "Please set a name for the facet"),
        ("count", {"v": "sorted"}, "does not have argument 'sorted'"),
        ("count", {"v": "target_columns"}, "is currently not supported"),
    ],
)
def test_a_wrong_variable_is_named(facet_types: FacetTypes, name: str, variables: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        FlowDefinitionBuilder().facet(facet_types.MID.COUNT, name).variables(**variables)


def test_two_facets_cannot_have_one_variable(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    builder.facet(facet_types.MID.COUNT, "first").variables(v="sort")
    with pytest.raises(ValueError, match="already exists for another facet 'first'"):
        builder.facet(facet_types.MID.COUNT, "second").variables(v="sort")


@pytest.mark.parametrize("name", ["custom_facet", "CUSTOM_FACET", "CustomFacet", "Custom Facet"])
def test_facet_types_are_found_whatever_the_spelling(facet_types: FacetTypes, name: str) -> None:
    assert facet_types.INPUT[name].name == "CUSTOM_FACET"


def test_an_unknown_facet_type_offers_the_nearest(facet_types: FacetTypes) -> None:
    with pytest.raises(AttributeError, match="'Cuont' does not exist. Did you mean 'COUNT'"):
        facet_types.MID.Cuont  # noqa: B018 - the look-up is what is tried


def test_a_definition_that_cannot_run_warns_where_it_is_built(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    facet = builder.facet(facet_types.INPUT.Imported)
    for build in (builder.build, facet.build):
        with pytest.warns(DefinitionWarning, match="Imported facet '0' needs the argument 'dataset_id'") as caught:
            build()
        assert {warning.filename for warning in caught} == {__file__}


def test_a_variable_is_for_one_facet(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    builder.facet(facet_types.MID.COUNT, "count").variables(v="sort")
    builder.facet(facet_types.MID.COUNT, "count")
    with pytest.raises(ValueError, match="Variable 'v' is for .* facet 'count', and there are 2 facets of that name"):
        builder.build_checked()
    with pytest.raises(ValueError, match="has no name"):
        builder.facet(facet_types.MID.COUNT, "other").variables(**{" ": "sort"})
