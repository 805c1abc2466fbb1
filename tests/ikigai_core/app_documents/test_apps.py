"""Whole apps as documents: exported, reviewed, compared, and applied to another account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pandas as pd
import pytest

from ikigai_core import App, AppAccessLevel, AppDocument, AsyncIkigai, Ikigai
from ikigai_core.errors import AmbiguousError, InvalidDefinitionError, InvalidInputError
from ikigai_core.local.process import LocalPlatform

pytestmark = pytest.mark.filterwarnings("ignore:Custom facet .* is not pinned")

CSV = {"file_type": "csv", "header": True}
FACETS: dict[str, Any] = {
    "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": CSV},
    "first": {
        "type": "MID.CustomFacet",
        "custom_facet": "top rows",
        "version": "v1",
        "after": "flights",
        "arguments": {"count": 2},
    },
    "predicted": {
        "type": "MID.Predict",
        "model": "Linear.Lasso",
        "after": "first",
        "arguments": {"model_name": "delays"},
        "parameters": {"target_column": "delay"},
    },
    "out": {
        "type": "OUTPUT.Exported",
        "directory": "raw/2026",
        "after": "predicted",
        "arguments": {"dataset_name": "late", **CSV},
    },
}


@pytest.fixture(scope="module")
def ann(team: LocalPlatform) -> Iterator[Ikigai]:
    with Ikigai("ann@example.com", team.users["ann@example.com"], team.url) as ikigai:
        yield ikigai


@pytest.fixture(scope="module")
def bob(team: LocalPlatform) -> Iterator[Ikigai]:
    with Ikigai("bob@example.com", team.users["bob@example.com"], team.url) as ikigai:
        yield ikigai


@pytest.fixture(scope="module")
def origin(ann: Ikigai, team: LocalPlatform) -> App:
    """Ann's app, with one of everything. Tests do not change it."""
    app = ann.app.new("Origin").description("late flights").build()
    raw = app.dataset_directory.new("raw").build()
    app.dataset_directory.new("2026").parent(raw).build()
    app.dataset.new("flights").df(pd.DataFrame({"delay": [5, 61], "carrier": ["AA", "LX"]})).directory(raw).build()
    app.model.new("delays").model_type(ann.model_types.Linear.Lasso).description("of flights").build()
    head = ann.custom_facet.new("top rows", facet_type=ann.facet_types.MID.CUSTOM_FACET).description("first rows")
    head.script("result = data.head(count)\n", requirements=["numpy"], arguments={"count": 3}).build().create_version(
        "v1"
    )
    nightly = app.flow_directory.new("nightly").build()
    flow = app.flow.new("Late: flights/all").definition({"facets": FACETS}).directory(nightly).schedule("30 4 * * *")
    flow.build()
    app.access.grant(team.user_email, AppAccessLevel.BUILDER)
    return app


def test_a_folder_is_the_app_and_can_be_applied_to_another_account(
    ann: Ikigai, bob: Ikigai, team: LocalPlatform, origin: App, tmp_path: Path
) -> None:
    document = ann.app_document(origin.name)
    written = document.save(tmp_path / "late")
    assert [str(path.relative_to(tmp_path / "late")) for path in written] == [
        "app.yaml",
        "datasets/flights.yaml",
        "models/delays.yaml",
        "custom_facets/top rows.py",
        "custom_facets/top rows.yaml",
        "flows/Late_ flights_all.yaml",
    ]
    assert AppDocument.load(tmp_path / "late") == document
    assert ann.plan_app(tmp_path / "late").is_empty

    planned = bob.plan_app(tmp_path / "late", "Copy")
    assert [f"{step.action} {step.kind} {step.name}" for step in planned.steps] == [
        "create app Copy",
        "create directory of datasets raw",
        "create directory of datasets raw/2026",
        "create directory of flows nightly",
        "create dataset flights",
        "create model delays",
        "create custom facet top rows",
        "create flow Late: flights/all",
        f"create access {team.user_email}",
    ]
    assert "Copy" not in bob.apps()
    assert bob.apply_app(tmp_path / "late", "Copy") == planned

    copy = bob.apps["Copy"]
    again = bob.plan_app(document, "Copy")
    assert (again.steps, again.notes) == ((), ("dataset 'flights' has no data yet",))
    assert bob.apply_app(document, "Copy").is_empty
    copied = bob.app_document("Copy")
    assert copied.flows == document.flows
    assert copied.custom_facets == document.custom_facets
    copy.dataset.new("flights").df(pd.DataFrame({"delay": [61, 5], "carrier": ["LX", "AA"]})).ensure()
    assert bob.plan_app(document, "Copy").notes == ()
    copy.delete()


def test_what_differs_is_planned_and_nothing_is_deleted_unless_asked(
    ann: Ikigai, team: LocalPlatform, origin: App, soon_settled: None
) -> None:
    document = ann.app_document(origin.name)
    ann.apply_app(document, "Changing")
    app = ann.apps["Changing"]
    wanted = document.to_dict()
    wanted["description"] = "other"
    wanted["flows"] = {"only": {"definition": {"facets": FACETS}, "schedule": {"cron": "5 * * * *"}}}
    wanted["flows"]["Late: flights/all"] = {"definition": {"facets": {**FACETS, "out": {**FACETS["out"]}}}}
    wanted["flows"]["Late: flights/all"]["definition"]["facets"]["out"]["arguments"] = {"dataset_name": "l", **CSV}
    wanted["models"]["delays"]["description"] = "longer"
    wanted["access"] = {}
    app.model.new("extra").model_type(ann.model_types.Linear.Lasso).build()

    plan = ann.apply_app(wanted, "Changing")
    assert [str(step).replace("    ", "") for step in plan.steps] == [
        "~ update app 'Changing'\ndescription",
        "~ update model 'delays'\ndescription: 'of flights' → 'longer'",
        "+ create flow 'only'\nschedule: 5 * * * *",
        "~ update flow 'Late: flights/all'\ndefinition: facet 'out': argument 'dataset_name': 'late' → 'l'",
    ]
    assert {"extra", "delays"} <= set(app.models())
    assert app.flows["Late: flights/all"].schedule is not None
    assert ann.plan_app(wanted, "Changing").is_empty

    pruned = ann.apply_app(wanted, "Changing", prune=True)
    assert [str(step).replace("    ", "") for step in pruned.steps] == [
        "~ update flow 'Late: flights/all'\nschedule: removed",
        "- delete model 'extra'",
        f"- delete access {team.user_email!r}",
    ]
    assert app.flows["Late: flights/all"].schedule is None
    assert ann.plan_app(wanted, "Changing", prune=True).is_empty
    app.delete()


@pytest.mark.parametrize(
    ("facet", "change", "complaint"),
    [
        ("flights", {"dataset": "flihgts"}, "'flights': there is no dataset 'flihgts', neither .* mean 'flights'"),
        ("predicted", {"arguments": {"model_name": "x"}}, "there is no model 'x', neither in app 'Refused'"),
        ("first", {"version": "v2"}, "custom facet 'top rows' has no version 'v2'"),
        ("first", {"custom_facet": "tail"}, "there is no custom facet 'tail', neither of the user"),
        ("out", {"arguments": {"dataset_nam": "x"}}, "Did you mean 'dataset_name'"),
    ],
)
def test_what_cannot_be_resolved_is_refused_before_anything_is_created(
    ann: Ikigai, origin: App, facet: str, change: dict[str, Any], complaint: str
) -> None:
    wanted = ann.app_document(origin.name).to_dict()
    wanted["flows"]["Late: flights/all"]["definition"]["facets"][facet] |= change
    with pytest.raises(InvalidDefinitionError, match=complaint):
        ann.apply_app(wanted, "Refused")
    assert "Refused" not in ann.apps()


def test_a_document_with_faults_names_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinitionError, match="flows.f: there is no key 'schedul' here. Did you mean"):
        AppDocument.load({"name": "x", "flows": {"f": {"definition": {"facets": {}}, "schedul": 1}}})
    every_minute = {"definition": {"facets": {}}, "schedule": {"cron": "* 1 1 1 1"}}
    with pytest.raises(InvalidDefinitionError, match="Minute field must be an integer"):
        AppDocument.load({"name": "x", "flows": {"f": every_minute}})
    with pytest.raises(FileNotFoundError, match=r"app.yaml"):
        AppDocument.load(tmp_path)
    (tmp_path / "custom_facets").mkdir()
    (tmp_path / "custom_facets" / "f.yaml").write_text("script: f.py")
    (tmp_path / "custom_facets" / "f.py").write_bytes(b"\xff")
    for file, content in {"f.py": b"name: x", "app.yaml": b"\xff"}.items():
        (tmp_path / "app.yaml").write_bytes(content)
        with pytest.raises(InvalidDefinitionError, match=f"{file} cannot be read: 'utf-8' codec can't decode"):
            AppDocument.load(tmp_path)


def test_names_that_share_a_file_name_get_files_of_their_own(tmp_path: Path) -> None:
    document = AppDocument.load({"name": "x", "models": {n: {"type": "Linear.Lasso"} for n in ("a/b", "A:b", "aux")}})
    document.save(tmp_path)
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["A_b 2.yaml", "a_b.yaml", "aux_.yaml"]
    assert AppDocument.load(tmp_path) == document
    fewer = document.model_copy(update={"models": {}})
    fewer.save(tmp_path)
    assert AppDocument.load(tmp_path) == fewer


def test_an_app_whose_components_share_a_name_cannot_be_written(app: App, ikigai_client: Ikigai) -> None:
    model_type = ikigai_client.model_types.Linear.Lasso
    for _ in range(2):
        app.model.new("twice").model_type(model_type).build()
    with pytest.raises(AmbiguousError, match="Several models of app .* are named 'twice'"):
        ikigai_client.app_document(app.name)


def test_an_export_touches_no_file_that_is_not_an_apps(tmp_path: Path) -> None:
    document = AppDocument.load({"name": "x", "models": {"m": {"type": "Linear.Lasso"}}})
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "etl.py").write_text("of the project")
    for _ in range(2):
        document.save(tmp_path)
        assert (tmp_path / "flows" / "etl.py").read_text() == "of the project"
    (tmp_path / "app.yaml").unlink()
    with pytest.raises(InvalidInputError, match=r"has no app.yaml, so .*m.yaml does not belong to an exported app"):
        document.model_copy(update={"models": {}}).save(tmp_path)
    assert (tmp_path / "models" / "m.yaml").exists()


def test_pruning_keeps_no_flow_whose_dataset_or_model_it_would_delete(ann: Ikigai, origin: App) -> None:
    for kind, name in {"datasets": "flights", "models": "delays"}.items():
        wanted = ann.app_document(origin.name).to_dict()
        del wanted[kind][name]
        assert ann.plan_app(wanted).is_empty
        with pytest.raises(
            InvalidDefinitionError, match=f"there is no .* {name!r} in the document, so pruning would delete it"
        ):
            ann.plan_app(wanted, prune=True)


def test_a_custom_facet_without_a_script_in_the_document_keeps_its_own(ann: Ikigai, origin: App) -> None:
    wanted = {"name": origin.name, "custom_facets": {"top rows": {"chain_group": "MID", "description": "first rows"}}}
    assert ann.plan_app(wanted).is_empty


def test_a_grant_to_the_target_apps_owner_is_no_change(bob: Ikigai) -> None:
    wanted = {"name": "Of Bob", "access": {"bob@example.com": "VIEWER"}}
    for _ in range(2):
        bob.apply_app(wanted)
    assert bob.plan_app(wanted).is_empty
    shouted = {"name": "Of Bob", "access": {"Ann@Example.com": "VIEWER"}}
    bob.apply_app(shouted)
    assert bob.plan_app(shouted, prune=True).is_empty
    bob.apps["Of Bob"].delete()
    with pytest.raises(InvalidDefinitionError, match="access: .*OWNER cannot be granted"):
        bob.plan_app({"name": "Of Bob", "access": {"ann@example.com": "OWNER"}})


def test_a_schedule_keeps_what_the_document_leaves_out(ann: Ikigai) -> None:
    def document(**schedule: Any) -> dict[str, Any]:
        return {"name": "Scheduled", "flows": {"f": {"definition": {"facets": {}}, "schedule": schedule}}}

    whole = document(cron="0 6 * * *", name="daily", start_time="2027-01-01T00:00:00.5", end_time="2028-01-01T00:00:00")
    ann.apply_app(whole)
    assert ann.plan_app(whole).is_empty
    ann.apply_app(document(cron="0 7 * * *"))
    (step,) = ann.plan_app(whole).steps
    assert step.details == ("schedule: cron 0 7 * * * → 0 6 * * *",)
    ann.apps["Scheduled"].delete()


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ({"datasets": {"": {}}}, "One of the datasets has an empty name"),
        ({"directories": {"flows": ["a//b"]}}, "Directory of flows 'a//b': write its path without an empty part"),
        ({"models": {"m": {"type": "Linear.Lasso", "directory": "/raw"}}}, "Directory of models '/raw'"),
    ],
)
def test_names_that_cannot_be_created_are_refused(ann: Ikigai, part: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidDefinitionError, match=complaint):
        ann.plan_app({"name": "Refused", **part})


def test_the_async_client_does_the_same(ann: Ikigai, origin: App, team: LocalPlatform) -> None:
    async def main() -> None:
        async with AsyncIkigai("ann@example.com", team.users["ann@example.com"], team.url) as ikigai:
            document = await ikigai.app_document(origin.name)
            assert (await ikigai.plan_app(document)).is_empty
            assert (await ikigai.apply_app(document)).is_empty

    asyncio.run(main())


def test_the_schema_accepts_what_is_exported_and_nothing_misspelt(ann: Ikigai, origin: App) -> None:
    schema = jsonschema_rs.validator_for(AppDocument.model_json_schema())
    document = ann.app_document(origin.name).to_dict()
    schema.validate(document)
    assert not schema.is_valid({**document, "access": {"ann@example.com": "OWNER"}})
    document["flows"]["Late: flights/all"]["definition"]["facets"]["out"]["afterr"] = "predicted"
    assert not schema.is_valid(document)
