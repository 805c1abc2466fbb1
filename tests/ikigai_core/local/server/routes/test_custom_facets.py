"""Custom facets: drafts, versions, users, and runs of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

ANN = "ann@example.com"
ARGUMENTS = [
    {"name": "flag", "type": "bool", "value": "False"},
    {"name": "count", "type": "int", "value": "3"},
    {"name": "rate", "type": "float", "value": "0.5"},
    {"name": "text", "type": "str", "value": "7"},
]
FIELDS = {
    "name": "Add a column",
    "chain_group": "MID",
    "description": "what for",
    "tags": ["a", "b"],
    "python_script": "result = data.assign(count=count)",
    "libraries": ["pandas"],
    "arguments": ARGUMENTS,
}


class Facets:
    """A user of custom facets."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def create(self, **fields: Any) -> str:
        return str(self.api.tell("create-custom-facet", {"custom_facet": FIELDS | fields})["custom_facet_id"])

    def get(self, custom_facet_id: str) -> Any:
        return self.api.ask("get-custom-facet", custom_facet_id=custom_facet_id)["custom_facet"]

    def edit(self, custom_facet_id: str, **changes: Any) -> Any:
        edit = {"custom_facet_id": custom_facet_id, "chain_group": "MID", **changes}
        return self.api.post("/component/edit-custom-facet", {"custom_facet": edit, "save_as_version": False})

    def save(self, custom_facet_id: str, version: str, **fields: Any) -> str:
        new = {"custom_facet_id": custom_facet_id, "version": version, **fields}
        answer = self.api.tell("edit-custom-facet", {"save_as_version": True, "custom_facet_version": new})
        assert answer["limit_warning"] == ""
        return str(answer["version_id"])

    def set_access(self, path: str, custom_facet_id: str, level: str, email: str = ANN) -> Any:
        body = {"custom_facet": {"custom_facet_id": custom_facet_id}, "user": {"email": email}, "access_level": level}
        return self.api.post(f"/component/{path}", body)

    def share(self, custom_facet_id: str, level: str) -> None:
        assert self.set_access("share-custom-facet", custom_facet_id, level).status_code == 200


@pytest.fixture
def mine(team: Any, connect: Any) -> Facets:
    return Facets(connect(team))


@pytest.fixture
def anns(team: Any, connect: Any) -> Facets:
    return Facets(connect(team, ANN))


@pytest.fixture
def facet_id(mine: Facets) -> Iterator[str]:
    created = mine.create()
    yield created
    mine.api.post("/component/delete-custom-facet", {"custom_facet": {"custom_facet_id": created}})


def test_values_come_back_as_what_they_are(mine: Facets, facet_id: str) -> None:
    found = mine.get(facet_id)
    assert {name: found[name] for name in FIELDS if name != "arguments"} | {"arguments": ARGUMENTS} == FIELDS
    assert [argument["value"] for argument in found["arguments"]] == [False, 3, 0.5, "7"]
    assert found["rootkit_token"] == ""
    specs = mine.api.ask("get-facet-specs")["MID"].values()
    uid = next(group["CUSTOM_FACET"]["facet_info"]["facet_uid"] for group in specs if "CUSTOM_FACET" in group)
    assert found["facet_uid"] == uid


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"chain_group": "MIDDLE"}, "custom_facet.chain_group"),
        ({"arguments": [{"name": "n", "type": "int", "value": "3.5"}]}, "the value of argument 'n' is not of type int"),
        ({"arguments": [{"name": "b", "type": "bool", "value": "yes"}]}, "argument 'b' is not of type bool"),
        ({"arguments": [{"name": "f", "type": "float", "value": "nan"}]}, "argument 'f' is not of type float"),
        ({"arguments": [{"name": "n", "type": "list", "value": "[]"}]}, "custom_facet.arguments.0.type"),
        ({"arguments": [{"name": "n", "type": "str", "value": ""}] * 2}, "'n' occurs twice"),
    ],
)
def test_what_is_no_custom_facet_is_refused(mine: Facets, fields: dict[str, Any], says: str) -> None:
    answer = mine.api.post("/component/create-custom-facet", {"custom_facet": FIELDS | fields})
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_what_is_absent_from_an_edit_stays(mine: Facets, facet_id: str) -> None:
    assert mine.edit(facet_id, name="Other").status_code == 200
    assert mine.edit(facet_id, python_script="result = data", libraries=[], arguments=[]).status_code == 200
    found = mine.get(facet_id)
    assert (found["name"], found["description"], found["tags"]) == ("Other", "what for", ["a", "b"])
    assert (found["python_script"], found["libraries"], found["arguments"]) == ("result = data", [], [])
    answer = mine.edit(facet_id, chain_group="INPUT")
    assert answer.status_code == 400
    assert "'Other' is of MID, which cannot be changed" in answer.json()["message"]


def test_versions_are_listed_newest_first_and_keep_what_was_saved(mine: Facets, facet_id: str) -> None:
    first = mine.save(facet_id, "first", description="old", arguments=ARGUMENTS[:1])
    second = mine.save(facet_id, "second", arguments=[])
    mine.edit(facet_id, description="changed later")
    answer = mine.api.ask("get-versions-for-custom-facet", custom_facet_id=facet_id)
    assert answer["limit_warning"] == ""
    assert [version["version_id"] for version in answer["custom_facet_versions"]] == [second, first]
    version = mine.api.ask("get-version-for-custom-facet", custom_facet_id=facet_id, version_id=first)
    version = version["custom_facet_version"]
    assert version.pop("created_at").isdigit()
    assert version == {
        "version": "first",
        "version_id": first,
        "custom_facet_id": facet_id,
        "description": "old",
        "arguments": [ARGUMENTS[0] | {"value": False}],
    }


def test_an_unknown_one_is_not_found_in_the_words_of_the_wire(mine: Facets, facet_id: str) -> None:
    for query in ({"custom_facet_id": "nowhere"}, {"name": "nobody's"}):
        answer = mine.api.get("/component/get-custom-facet", **query)
        assert answer.status_code == 404
        assert "Custom facet was not found" in answer.text
    path = "/component/get-version-for-custom-facet"
    assert mine.api.get(path, custom_facet_id=facet_id, version_id="none").status_code == 404


def test_it_is_found_by_name_listed_searched_and_deleted(mine: Facets) -> None:
    created = mine.create(name="Unusual name")
    assert mine.api.ask("get-custom-facet", name="Unusual name")["custom_facet"]["custom_facet_id"] == created
    listed = mine.api.ask("get-custom-facets-for-user")["custom_facets"]
    found = mine.api.ask("/search/search-custom-facets-for-user", query="usual N")["custom_facets"]
    assert created in [facet["custom_facet_id"] for facet in listed]
    assert [facet["custom_facet_id"] for facet in found] == [created]
    mine.api.tell("delete-custom-facet", {"custom_facet": {"custom_facet_id": created}})
    assert mine.api.get("/component/get-custom-facet", custom_facet_id=created).status_code == 404
    assert mine.api.ask("/search/search-custom-facets-for-user", query="usual N")["custom_facets"] == []


def test_each_level_allows_what_the_one_below_does_and_more(mine: Facets, anns: Facets, facet_id: str) -> None:
    def allowed() -> list[bool]:
        sees = anns.api.get("/component/get-custom-facet", custom_facet_id=facet_id)
        return [
            sees.status_code == 200,
            sees.status_code == 200 and sees.json()["custom_facet"]["python_script"] != "",
            anns.edit(facet_id, description="by ann").status_code == 200,
            anns.set_access("share-custom-facet", facet_id, "RUN", "bob@example.com").status_code == 200,
        ]

    assert allowed() == [False, False, False, False]
    levels = ["RUN", "VIEW", "EDIT", "ADMIN"]
    mine.share(facet_id, "VIEW")
    for number, level in enumerate(levels, start=1):
        assert mine.set_access("edit-custom-facet-access-level", facet_id, level).status_code == 200
        assert allowed() == [True] * number + [False] * (4 - number)
    assert mine.set_access("edit-custom-facet-access-level", facet_id, "NO_ACCESS").status_code == 200
    assert allowed() == [False, False, False, False]
    assert mine.set_access("edit-custom-facet-access-level", facet_id, "VIEW").status_code == 404
    assert facet_id not in [
        found["custom_facet_id"] for found in anns.api.ask("get-custom-facets-for-user")["custom_facets"]
    ]


def test_nobody_takes_a_custom_facet_from_its_owner(mine: Facets, anns: Facets, facet_id: str) -> None:
    mine.share(facet_id, "ADMIN")
    owner = mine.api.platform.user_email
    answer = anns.set_access("edit-custom-facet-access-level", facet_id, "NO_ACCESS", owner)
    assert answer.status_code == 409


def run(user: Facets, definition: Any, uid: str, **arguments: Any) -> Any:
    """Run a flow with the custom facet in an app of the user's; return the log and the columns of what came out."""
    app_id = user.api.app()
    source = user.api.dataset(app_id, content=b"a\n1\n")
    flow_id = user.api.flow(app_id, definition(source, (uid, arguments)))
    log = user.api.run(app_id, flow_id)
    columns = list(user.api.named(app_id, "out")["data_types"]) if log["status"] == "SUCCESS" else []
    user.api.tell("delete-project", {"project": {"project_id": app_id}})
    return log, columns


def test_a_run_takes_the_pinned_version_else_the_newest_else_the_draft(
    mine: Facets, facet_id: str, definition: Any
) -> None:
    uid = mine.get(facet_id)["facet_uid"]

    def columns(version_id: str) -> list[str]:
        return list(run(mine, definition, uid, custom_facet_id=facet_id, version_id=version_id)[1])

    assert columns("") == ["a", "count"]
    first = mine.save(facet_id, "first", python_script="result = data.assign(first=1)", libraries=[], arguments=[])
    assert columns("") == ["a", "first"]
    second = mine.save(facet_id, "second", python_script="result = data.assign(second=1)", libraries=[], arguments=[])
    assert [columns(""), columns(first), columns(second)] == [["a", "second"], ["a", "first"], ["a", "second"]]


def test_a_run_variable_picks_the_version(mine: Facets, facet_id: str, definition: Any) -> None:
    version_id = mine.save(facet_id, "v", python_script="result = data.assign(saved=1)", arguments=[])
    app_id = mine.api.app()
    step = (mine.get(facet_id)["facet_uid"], {"custom_facet_id": facet_id, "version_id": "none"})
    variables = {"version": {"facet_name": "step 1", "name": "version_id"}}
    flow_id = mine.api.flow(app_id, definition(mine.api.dataset(app_id), step, variables=variables))
    assert "has no version with the id 'none'" in mine.api.run(app_id, flow_id)["message"]
    assert mine.api.run(app_id, flow_id, version=version_id)["status"] == "SUCCESS"
    assert "saved" in mine.api.named(app_id, "out")["data_types"]
    mine.api.tell("delete-project", {"project": {"project_id": app_id}})


def test_a_run_is_its_users_who_must_be_allowed_to_run_the_facet(
    mine: Facets, anns: Facets, facet_id: str, definition: Any
) -> None:
    uid = mine.get(facet_id)["facet_uid"]
    log, _ = run(anns, definition, uid, custom_facet_id=facet_id)
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "id of step 1")
    assert f"there is no custom facet '{facet_id}' that {ANN} may run" in log["message"]
    mine.share(facet_id, "RUN")
    log, columns = run(anns, definition, uid, custom_facet_id=facet_id)
    assert (log["status"], columns) == ("SUCCESS", ["a", "count"])


def test_a_facet_of_another_chain_group_does_not_run(mine: Facets, definition: Any, facet_id: str) -> None:
    source = mine.create(name="Source", chain_group="INPUT")
    log, _ = run(mine, definition, mine.get(facet_id)["facet_uid"], custom_facet_id=source)
    assert "custom facet 'Source' is of chain group INPUT, but the flow needs one of MID here" in log["message"]
    mine.api.tell("delete-custom-facet", {"custom_facet": {"custom_facet_id": source}})


def test_the_token_that_some_releases_ask_for_is_served(api: Any) -> None:
    first, again, other = (
        api.tell("generate-rootkit-token", {"script": script})["token"] for script in ("x = 1", "x = 1", "x = 2")
    )
    assert first == again != other
