"""Custom facets with the client: made, saved as versions, shared, run in flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, CustomFacetAccessLevel, Ikigai, errors
from ikigai_core.local.process import LocalPlatform

SCRIPT = """
    result = data[data["delay"] >= least].head(most)
    if loud:
        result = result.assign(note=note)
"""
ARGUMENTS = {"least": 60.5, "most": 10, "loud": False, "note": "late"}


@pytest.fixture
def late(ikigai_client: Ikigai) -> Iterator[Any]:
    mid = ikigai_client.facet_types.MID.CUSTOM_FACET
    late = ikigai_client.custom_facet.new("Late", facet_type=mid).script(SCRIPT, arguments=ARGUMENTS).build()
    yield late
    late.delete()


def run(ikigai: Ikigai, app: App, flights: pd.DataFrame, version: Any, **arguments: Any) -> pd.DataFrame:
    """What comes out of a flow with that version."""
    types = ikigai.facet_types
    definition = (
        ikigai.builder.facet(types.INPUT.IMPORTED)
        .arguments(dataset_id=app.dataset.new("flights").df(flights).ensure().dataset_id, file_type="csv", header=True)
        .custom_facet(version, name="late")
        .arguments(**arguments)
        .facet(types.OUTPUT.EXPORTED)
        .arguments(dataset_name="out", file_type="csv", header=True)
        .build()
    )
    app.flow.new("Late").definition(definition).ensure().launch().result()
    return app.datasets["out"].df()


def test_a_facet_is_what_was_built(ikigai_client: Ikigai, late: Any) -> None:
    found = ikigai_client.custom_facets["Late"]
    assert found == late
    assert found.facet_type.name == "CUSTOM_FACET"
    assert {name: argument.value for name, argument in found.arguments.items()} == ARGUMENTS
    assert "Late" in ikigai_client.custom_facets()
    assert [facet.name for facet in ikigai_client.custom_facets.search("late").values()] == ["Late"]


def test_the_error_for_an_unknown_facet_has_the_words_that_users_match(ikigai_client: Ikigai, late: Any) -> None:
    with pytest.raises(errors.NotFoundError, match=r"Custom facet was not found.*Did you mean 'Late'\?"):
        ikigai_client.custom_facets["Lat"]


def test_arguments_reach_the_script_with_their_types(
    ikigai_client: Ikigai, app: App, flights: pd.DataFrame, late: Any
) -> None:
    version = late.create_version("first")
    assert list(run(ikigai_client, app, flights, version)["delay"]) == [61, 240, 90]
    noted = run(ikigai_client, app, flights, version, least=61, most=2, loud=True, note="False")
    assert list(noted["delay"]) == [61, 240]
    assert list(noted["note"].astype(str)) == ["False", "False"]


def test_an_unpinned_facet_runs_the_newest_version(
    ikigai_client: Ikigai, app: App, flights: pd.DataFrame, late: Any
) -> None:
    with pytest.warns(errors.DefinitionWarning, match="is not pinned"):
        assert len(run(ikigai_client, app, flights, late.unpinned())) == 3
    late.create_version("first")
    late.update_script("result = data.head(1)")
    with pytest.warns(errors.DefinitionWarning):
        assert len(run(ikigai_client, app, flights, late.unpinned())) == 3
    late.create_version("second")
    assert list(late.versions()) == ["second", "first"]
    with pytest.warns(errors.DefinitionWarning):
        assert len(run(ikigai_client, app, flights, late.unpinned())) == 1
    assert len(run(ikigai_client, app, flights, late.versions()["first"])) == 3


def test_changes_are_kept(ikigai_client: Ikigai, late: Any, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# what it needs\npandas\n\n")
    late.rename("Later").update_description("too late").update_script("result = data", requirements=requirements)
    found = ikigai_client.custom_facets["Later"]
    assert (found.description, found.script, found.requirements) == ("too late", "result = data", ["pandas"])
    assert found.arguments == {}


def test_the_error_of_a_script_names_facet_and_line(
    ikigai_client: Ikigai, app: App, flights: pd.DataFrame, late: Any
) -> None:
    late.update_script("x = 1\nresult = data[missing]", arguments={})
    with pytest.raises(errors.RunFailedError, match=r"'late'.*NameError.*line 2: result = data\[missing\]"):
        run(ikigai_client, app, flights, late.create_version("broken"))


def test_a_facet_is_shared_on_a_level(team: LocalPlatform, member: Callable[[str], Ikigai]) -> None:
    owner, ann = Ikigai(user_email=team.user_email, api_key=team.api_key, base_url=team.url), member("ann@example.com")
    mid = owner.facet_types.MID.CUSTOM_FACET
    facet = owner.custom_facet.new("Shared", facet_type=mid).script("result = data").build()
    facet.access.grant("ann@example.com", CustomFacetAccessLevel.VIEWER)
    theirs = ann.custom_facets["Shared"]
    with pytest.raises(errors.PermissionDeniedError, match="shared with you as VIEW, and this needs EDIT"):
        theirs.rename("Mine")
    facet.access.update("ann@example.com", CustomFacetAccessLevel.EDITOR)
    theirs.rename("Ours")
    facet.access.revoke("ann@example.com")
    with pytest.raises(errors.NotFoundError, match="There is no custom facet 'Ours'"):
        ann.custom_facets["Ours"]
    facet.delete()
