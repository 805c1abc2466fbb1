"""What checks make of what flows wrote, each time after the step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import (
    CheckSettings,
    IkigaiFlow,
    IkigaiWorkspace,
    build_ikigai_asset_checks,
    build_ikigai_dataset_asset,
    build_ikigai_flow_assets,
)
from ikigai_core import Ikigai
from ikigai_core.errors import InvalidInputError
from ikigai_core.local.account import LocalAccount

Outcomes = dict[str, tuple[bool, str]]


def run(assets: list[Any], instance: dg.DagsterInstance, script: str = "") -> Outcomes:
    """Materialize, and tell what the checks said; failed ones fail no run."""
    settings = CheckSettings(max_null_share=0.5, min_row_share=0.5)
    checks = build_ikigai_asset_checks(assets, settings=settings)
    config = {"ops": {assets[0].op.name: {"config": {"variables": {"script": script}}}}} if script else {}
    result = dg.materialize(
        [*assets, *checks], resources={"ikigai": IkigaiWorkspace()}, instance=instance, run_config=config
    )
    evaluations = result.get_asset_check_evaluations()
    return {one.check_name: (one.passed, one.description or "") for one in evaluations}


def test_datasets_are_judged_by_the_last_time(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance
) -> None:
    assets = [build_ikigai_flow_assets(scripted("result = data"))]
    first = run(assets, instance)
    assert all(passed for passed, _ in first.values())
    assert set(first) == {"column_types", "row_count", "nulls", "upload"}
    script = "result = data[['name']].assign(value='x', empty=[None, None, 1]).head(1)"
    second = run(assets, instance, script)
    assert second["column_types"] == (False, "value is TEXT, not NUMERIC")
    assert second["row_count"] == (False, "There are 1 rows, and 3 the last time.")
    assert second["nulls"] == (False, "empty is empty in 1 of 1 rows")
    assert second["upload"] == (True, "It was not uploaded, but written by a flow.")


def test_a_partition_is_judged_by_its_last_time_or_by_the_partition_before(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance
) -> None:
    days = dg.StaticPartitionsDefinition(["Mon", "Tue"])
    made = build_ikigai_flow_assets(scripted("result = data"), partitions_def=days)
    checks = build_ikigai_asset_checks([made])
    if "partitions_def" not in inspect.signature(dg.AssetCheckSpec.__new__).parameters:
        assert checks == []  # before Dagster 1.13
        return
    assert {spec.partitions_def for one in checks for spec in one.check_specs} == {days}

    def told(day: str, script: str = "result = data") -> Outcomes:
        config = {"ops": {made.op.name: {"config": {"variables": {"script": script}}}}}
        result = dg.materialize(
            [made, *checks],
            resources={"ikigai": IkigaiWorkspace()},
            instance=instance,
            partition_key=day,
            run_config=config,
        )
        return {one.check_name: (one.passed, one.description or "") for one in result.get_asset_check_evaluations()}

    assert told("Mon")["row_count"] == (True, "There are 3 rows.")
    first = told("Tue", "result = data.head(1)")
    assert first["row_count"] == (False, "There are 1 rows, and 3 the last time.")
    assert first["upload"] == (True, "It was not uploaded, but written by a flow.")
    assert told("Mon", "result = data.head(2)")["row_count"] == (True, "There are 2 rows, and 3 the last time.")


def test_an_upload_is_judged_by_the_platforms_log(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("letter\na\n")
    assets = [build_ikigai_dataset_asset(app=app, dataset="letters", path=path)]
    passed, says = run(assets, instance)["upload"]
    assert passed
    assert says.endswith("UTC: SUCCESS.")


def test_what_cannot_be_told_is_a_warning(scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance) -> None:
    workspace = IkigaiWorkspace(profile_limit_mb=0)
    assets = [build_ikigai_flow_assets(scripted(), workspace=workspace)]
    checks = build_ikigai_asset_checks(assets, workspace=workspace)
    result = dg.materialize([*assets, *checks], instance=instance)
    found = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert not found["row_count"].passed
    assert found["row_count"].severity is dg.AssetCheckSeverity.WARN
    assert "profile_limit_mb" in (found["row_count"].description or "")


def test_the_checks_of_a_flows_assets_are_one_step() -> None:
    specs = [
        dg.AssetSpec(name, metadata={"ikigai/app": "An app", f"ikigai/{kind}": name})
        for name, kind in (("rows", "dataset"), ("columns", "dataset"), ("prices", "model"))
    ]
    settings = CheckSettings(metric_limits={"performance.r2.average_test": {"min": 0.8}})
    [made] = build_ikigai_asset_checks([dg.AssetsDefinition(specs=specs)], settings=settings)
    assert made.op.name == "rows__ikigai_checks"
    names = {key.to_user_string() for key in made.check_keys}
    assert len(names) == 9
    assert {"rows:nulls", "columns:nulls", "prices:metrics"} <= names


@pytest.mark.parametrize("form", [0, 2])
def test_metadata_of_another_form_are_a_warning_and_nothing_to_compare_with(
    instance: dg.DagsterInstance, form: int
) -> None:
    key = dg.AssetKey("rows")
    spec = dg.AssetSpec(key, metadata={"ikigai/app": "An app", "ikigai/dataset": "rows"})
    checks = build_ikigai_asset_checks([spec], workspace=IkigaiWorkspace())
    told = {"dagster/row_count": 1, "ikigai/null_counts": {}}

    def outcomes(**metadata: Any) -> Outcomes:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, metadata={**told, **metadata}))
        selection = dg.AssetSelection.checks(*(check for check in checks[0].check_keys if check.name != "upload"))
        result = dg.materialize(checks, instance=instance, selection=selection)
        return {one.check_name: (one.passed, one.description or "") for one in result.get_asset_check_evaluations()}

    for passed, says in outcomes(**{"ikigai/metadata_version": form}).values():
        assert not passed
        assert f"is of form {form}, and this release of dagster-ikigai reads form 1. Materialize it" in says
    assert outcomes(**{"ikigai/metadata_version": 1})["row_count"] == (True, "There are 1 rows.")


def test_a_models_metrics_are_a_gate(instance: dg.DagsterInstance, ikigai_local: LocalAccount) -> None:
    spec = dg.AssetSpec("prices", metadata={"ikigai/app": "An app", "ikigai/model": "Prices"})

    @dg.multi_asset(specs=[spec], name="train")
    def train():  # type: ignore[no-untyped-def]
        return dg.MaterializeResult(metadata={"ikigai/metrics": {"performance": {"r2": {"average_test": 0.7}}}})

    @dg.asset(deps=["prices"])
    def deployed() -> None: ...

    limits = {"performance.r2.average_test": {"min": 0.8}, "performance.loss": {"max": 1.0}}
    checks = build_ikigai_asset_checks([train], settings=CheckSettings(metric_limits=limits, blocking=True))
    result = dg.materialize(
        [train, deployed, *checks], resources={"ikigai": IkigaiWorkspace()}, instance=instance, raise_on_error=False
    )
    [one] = result.get_asset_check_evaluations()
    assert (one.description or "").startswith(
        "performance.r2.average_test is 0.7, less than 0.8; performance.loss is missing."
    )
    assert not result.asset_materializations_for_node("deployed")


def test_limits_of_another_form_are_refused_at_load_with_the_form_to_write() -> None:
    limits: Any = {"r2/average_test": (0.6, None)}
    with pytest.raises(InvalidInputError, match=r"write it as \{'performance\.r2\.average_test': \{'min': 0\.6\}\}"):
        CheckSettings(metric_limits=limits)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"max_null_share": 20}, "max_null_share is 20: give a share from 0 to 1"),
        ({"min_row_share": -0.5}, "min_row_share is -0.5"),
        ({"columns": {"numbers": {"value": "INT"}}}, "'value' of dataset 'numbers' cannot be of type 'INT'.*NUMERIC"),
    ],
)
def test_limits_that_no_data_could_meet_or_miss_are_refused_at_load(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        CheckSettings(**wrong)
