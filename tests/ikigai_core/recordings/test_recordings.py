"""A flow of one platform is recorded, and replayed on another that cannot compute all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from ikigai_core import App, Ikigai, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform
from ikigai_core.local.specs import load_facet_specs, load_model_specs
from ikigai_core.recordings.record import record
from ikigai_core.recordings.recording import Recording

CSV = {"file_type": "csv", "header": True}
SIGNED = "https://bucket.example/data.csv?X-Amz-Credential=abc&X-Amz-Signature=123"
FLIGHTS = "code,at,delay,by\n007,2013-01-01T05:00Z,1.50,{email}\n042,2013-01-02T05:00Z,61,ann\n100,,90,\n"
COPIED = [["007", "1.5"], ["042", "61.0"], ["100", "90.0"]]
ORDERED = "code,delay\n100,90\n042,61\n"


def flow_of(user: str, key: str) -> dict[str, Any]:
    """A flow with one facet that only its own platform knows, and with what must not be recorded."""
    script = f"# {user} {key} {SIGNED}\nresult = data[['code', 'delay']]"
    return {
        "facets": {
            "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": CSV},
            "all": {"type": "MID.Python", "after": "flights", "arguments": {"script": script}},
            "copy": {"type": "OUTPUT.Exported", "after": "all", "arguments": {"dataset_name": "copy", **CSV}},
            "sort": {
                "type": "MID.Sort",
                "after": "all",
                "arguments": {"target_columns": ["delay"], "collation": "reverse"},
            },
            "sorted": {
                "type": "OUTPUT.Exported",
                "after": "sort",
                "arguments": {"dataset_name": "sorted", **CSV},
                "variables": {"to": "dataset_name"},
            },
            "learn": {
                "type": "MID.Predict",
                "after": "all",
                "model": "Linear.Lasso",
                "arguments": {"model_name": "delays"},
                "parameters": {"target_column": "delay"},
            },
            "plan": {
                "type": "MID.AI_Plan",
                "after": "learn",
                "model": "Linear.Lasso",
                "arguments": {"model_name": "delays"},
            },
            "planned": {
                "type": "OUTPUT.Exported",
                "after": "plan",
                "arguments": {"dataset_name": "planned", **CSV},
            },
        }
    }


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ikigai]:
    """A client of a platform whose Sort has an argument that the engine does not know."""
    specs = json.loads(json.dumps({"facet_specs": load_facet_specs(), "model_specs": load_model_specs()}))
    sort = next(group["SORT"] for group in specs["facet_specs"]["MID"].values() if "SORT" in group)
    sort["facet_arguments"].append({**sort["facet_arguments"][-1], "name": "collation", "default_value": None})
    sort["facet_arguments"][-1]["argument_type"] = "TEXT"
    path = tmp_path_factory.mktemp("specs") / "specs.json"
    path.write_text(json.dumps(specs))
    with (
        LocalPlatform.start(specs=path) as platform,
        Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai,
    ):
        app = ikigai.app.new("Flights").description(f"By {platform.user_email}").build()
        data = FLIGHTS.format(email=platform.user_email).encode()
        platform.control.seed("Flights", {"flights": data, "other": b"a\n1\n"})
        definition = flow_of(platform.user_email, platform.api_key)
        app.model.new("delays").model_type(ikigai.model_types.LINEAR.LASSO).build()
        app.flow.new("Sort").definition(definition).build()
        platform.control.stand_in("MID.SORT", ORDERED.encode())
        platform.control.stand_in("MID.AI_PLAN", b"plan\nwait\n")
        app.flows["Sort"].start().result()
        yield ikigai


@pytest.fixture(scope="module")
def folder(origin: Ikigai, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    recording = record(origin, "Sort", folder)
    assert (list(recording.imported), list(recording.exported)) == (["flights"], ["copy", "sorted", "planned"])
    return folder


def rows(app: App, name: str) -> list[list[str]]:
    return app.datasets[name].df(dtype=str, keep_default_na=False).to_numpy().tolist()


def run(app: App, **variables: str) -> str:
    return str(app.flows["Sort"].start(**variables).result().data)


def test_what_cannot_be_computed_is_given_as_it_was_recorded(ikigai_local: LocalAccount, folder: Path) -> None:
    app = ikigai_local.replay(folder)
    told = run(app, to="sorted today")
    assert "Exported 'sorted': recorded sorted, since Sort 'sort': the local platform does not know" in told
    assert "Exported 'planned': recorded planned, since Ai Plan 'plan': the local platform does not run it" in told
    assert "'copy'" not in told
    assert rows(app, "sorted today") == [["100", "90"], ["042", "61"]]
    assert rows(app, "copy") == COPIED
    assert set(app.datasets()) == {"flights", "copy", "sorted today", "planned"}

    ikigai_local.stand_in("sort", b"code\n1\n")
    assert "Sort 'sort': a table" in run(app)
    assert rows(app, "sorted") == [["1"]]


def test_all_is_given_as_it_was_recorded_if_asked(ikigai_local: LocalAccount, folder: Path) -> None:
    app = ikigai_local.replay(folder, only=True)
    app.datasets["flights"].edit_data(pd.DataFrame({"other": [1]}))
    first = run(app)
    told = sorted(first.removeprefix("Stand-ins were used. ").split("; "))
    assert told == [f"Exported '{name}': recorded {name}" for name in ("copy", "planned", "sorted")]
    assert app.flows["Sort"].start(isolation="copy").result().data == first
    assert rows(app, "copy") == COPIED


def test_versions_of_models_have_their_figures_and_nothing_learned(
    origin: Ikigai, ikigai_local: LocalAccount, folder: Path
) -> None:
    (trained,) = origin.apps["Flights"].models["delays"].versions().values()
    app = ikigai_local.replay(folder)
    (recorded,) = app.models["delays"].versions().values()
    assert (recorded.version, recorded.metrics) == ("initial", trained.metrics)
    assert (recorded.hyperparameters, recorded.created_at) == (trained.hyperparameters, trained.created_at)

    # The flow trains its model, as it did where it was recorded.
    run(app)
    assert {version.version for version in app.models["delays"].versions().values()} == {"initial", "initial 2"}
    ikigai_local.replay(folder)
    assert len(app.models["delays"].versions()) == 2
    app.models["delays"].delete()


def test_no_key_address_or_signed_url_is_recorded(origin: Ikigai, folder: Path) -> None:
    texts = [path.read_text() for path in folder.rglob("*") if path.suffix not in ("", ".parquet")]
    tables = list(folder.rglob("*.parquet"))
    texts += [path.read_bytes().decode("latin-1") for path in tables]
    texts += [str(pq.read_table(path).to_pylist()) for path in tables]
    assert len(texts) == 2 * 4 + 7
    for secret in (origin.user_email, origin._config.api_key, "X-Amz-Signature"):
        assert secret
        assert not [text for text in texts if secret in text]
    script = Recording.load(folder).document.flows["Sort"].definition.facets["all"].arguments["script"]
    assert script.splitlines()[0] == "# someone@example.com … https://bucket.example/data.csv"
    assert pq.read_table(folder / "imported" / "flights.parquet")["by"][0].as_py() == "someone@example.com"
    assert pq.read_table(folder / "imported" / "flights.parquet")["delay"].to_pylist() == ["1.50", "61", "90"]


def test_a_recording_is_cut_to_the_rows_asked_for(origin: Ikigai, tmp_path: Path) -> None:
    recording = record(origin, "Sort", tmp_path, app="Flights", rows=2)
    cut = {
        name: pq.read_table(path).num_rows for name, path in (*recording.imported.items(), *recording.exported.items())
    }
    assert cut == {"flights": 2, "copy": 2, "sorted": 2, "planned": 1}


def test_after_a_failed_run_no_output_is_recorded(ikigai_local: LocalAccount, folder: Path, tmp_path: Path) -> None:
    app = ikigai_local.replay(folder)
    ikigai_local.control.outcome("Sort", status="FAILED")
    with pytest.raises(errors.RunFailedError):
        run(app)
    with Ikigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
        assert record(ikigai, "Sort", tmp_path).exported == {}
        with pytest.raises(errors.UnknownNameError, match="No app has a flow 'Sort it'"):
            record(ikigai, "Sort it", tmp_path)


def test_a_run_of_another_definition_is_refused_with_the_difference(ikigai_local: LocalAccount, folder: Path) -> None:
    app = ikigai_local.replay(folder)
    changed = app.flows["Sort"].document().to_dict()
    changed["facets"]["copy"]["arguments"]["header"] = False
    app.flow.new("Sort").definition(changed).ensure()
    with pytest.raises(errors.RunFailedError, match="no longer matches.*'copy': argument 'header': True → False"):
        run(app)
    with pytest.raises(
        errors.InvalidDefinitionError, match="no longer matches.*'copy': argument 'header': False → True"
    ):
        ikigai_local.replay(folder)
    assert app.flows["Sort"].document().facets["copy"].arguments["header"] is False


def test_a_platform_starts_with_recordings(folder: Path, tmp_path: Path) -> None:
    with LocalPlatform.start(replay=[folder], replay_only=True) as platform:
        platform.control.reset()
        with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            assert "recorded copy" in run(ikigai.apps["Flights"])
    with pytest.raises(RuntimeError, match="recording.yaml' does not exist"):
        LocalPlatform.start(replay=[tmp_path])
    broken = tmp_path / "recording.yaml"
    broken.write_text(yaml.safe_dump({"format": 2}))
    with pytest.raises(RuntimeError, match="is not a recording of format 1"):
        LocalPlatform.start(replay=[tmp_path])
