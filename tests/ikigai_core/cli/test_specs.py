from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ikigai_core import Ikigai, errors
from ikigai_core.local.process import LocalPlatform


def pulled(ikigai: Any, name: str) -> Any:
    done = ikigai("specs", "pull", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == f"62 facet types and 24 model types in {name}\n"
    return ikigai.folder / name


def test_an_account_s_specs_are_served_and_checked_by(ikigai: Any, tmp_path: Path) -> None:
    path = pulled(ikigai, "specs.yaml")
    specs = yaml.safe_load(path.read_text())
    sort = next(group["SORT"] for group in specs["facet_specs"]["MID"].values() if "SORT" in group)
    sort["facet_arguments"].append({**sort["facet_arguments"][0], "name": "collation", "is_list": False})
    sort["facet_arguments"][-1]["is_required"] = False
    path.write_text(yaml.safe_dump(specs))
    with (
        LocalPlatform.start(specs=path) as platform,
        Ikigai(platform.user_email, platform.api_key, platform.url) as own,
    ):
        assert "collation" in own.facet_types.MID.SORT.help()
        app = own.apps["Start Here (Tutorial)"]
        source = own.builder.facet(own.facet_types.INPUT.Imported).arguments(
            dataset_id=app.datasets["[INPUT]"].dataset_id, file_type="csv", header=True
        )
        by = source.facet(own.facet_types.MID.SORT, "sorted").arguments(target_columns=["Qty"], collation="de")
        end = by.facet(own.facet_types.OUTPUT.EXPORTED).arguments(dataset_name="sorted", file_type="csv", header=True)
        flow = app.flow.new("Sort").definition(end.build()).build()
        with pytest.raises(errors.RunFailedError, match="does not know its argument 'collation'"):
            flow.start().result()
        by.arguments(collation=None)
        flow.update_definition(end.build())
        flow.start().result()


def test_specs_are_json_for_a_file_that_ends_so(ikigai: Any) -> None:
    assert set(json.loads(pulled(ikigai, "specs.json").read_text())) == {"facet_specs", "model_specs"}
    assert "has to end in .yaml" in ikigai("specs", "pull", "specs.txt").stderr.decode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("- 1", "has no specs"),
        ("facet_specs: {}", "has no model_specs"),
        ("facet_specs: {MIDDLE: {}}\nmodel_specs: {}", "has the chain group 'MIDDLE'"),
        ("facet_specs: {MID: {A: {B: {}}}}\nmodel_specs: {}", "the spec of MID.B has no facet_info.facet_uid"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_platform_does_not_start_with_a_file_that_has_no_specs(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "specs.yaml"
    path.write_text(content)
    with pytest.raises(RuntimeError, match=problem):
        LocalPlatform.start(specs=path)
