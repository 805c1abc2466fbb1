"""A run is said to have written what its own variables name, if it was changed after the run began."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Flow
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import find_app, find_flow, written_outputs


@pytest.fixture
def flow(app: App, document: dict[str, Any], flights: pd.DataFrame) -> Flow:
    app.dataset.new("flights").df(flights).build()
    return app.flow.new("late").definition(document).build()


def test_what_the_runs_own_variables_name_was_written(flow: Flow, app: App, side: Any) -> None:
    flow.launch({"output": "another's"}).result(60)
    home = side.run(find_app(side.ikigai, app.name))
    remote = side.run(find_flow(side.ikigai, app.name, "late"))
    run = side.perform(remote.launch({"output": "mine"}))
    side.perform(run.result(60))
    written = side.run(written_outputs(home, run, side.perform(remote.definition())))
    assert (written.names, written.missing) == (["mine"], ())
    as_kept = side.run(written_outputs(home, run, ["mine", "never"]))
    assert (as_kept.names, as_kept.missing) == (["mine"], ("never",))
    assert type(written.datasets[0]) is type(side.perform(home.datasets["mine"]))
    assert written.datasets[0].data_types


def test_what_did_not_change_since_the_run_began_was_not_written(
    flow: Flow, app: App, ikigai_local: LocalAccount, flights: pd.DataFrame
) -> None:
    dataset = app.dataset.new("late").df(flights).build()
    ikigai_local.control.outcome()
    kept = flow.launch({}).to_dict()
    ikigai, definition = app._client, flow.definition()
    for seconds, is_written in ((2, True), (3, False)):
        # The platform tells a dataset's time in whole seconds.
        baseline_at = (dataset.modified_at + timedelta(seconds=seconds)).isoformat()
        written = ikigai.run(written_outputs(app, ikigai.flow_run({**kept, "baseline_at": baseline_at}), definition))
        assert written is not None
        assert (written.names, written.missing) == ((["late"], ()) if is_written else ([], ("late",)))


def test_what_a_private_copy_wrote_changed_since_it_was_made(flow: Flow, app: App, ikigai_local: LocalAccount) -> None:
    flow.launch({}).result(60)
    before = app.datasets["late"].modified_at
    ikigai_local.control.outcome()
    run = flow.launch({}, isolation="copy")
    run.result(60)
    assert run.baseline_at is not None
    assert before <= run.baseline_at <= run.result().timestamp
    late = {**run.to_dict(), "baseline_at": (before + timedelta(seconds=3)).isoformat()}
    written = app._client.run(written_outputs(app, app._client.flow_run(late), flow.definition()))
    assert written is not None
    assert written.missing == ("late",)


def test_names_that_were_not_written_are_told(flow: Flow, app: App, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.outcome()
    run = flow.launch({"output": "never"})
    run.result(60)
    written = app._client.run(written_outputs(app, run, flow.definition()))
    assert written is not None
    assert (written.names, written.missing) == ([], ("never",))


def test_what_a_run_of_somebody_else_wrote_is_not_known(flow: Flow, app: App, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.outcome(duration=1.0)
    flow.start()
    run = flow.launch({"output": "mine"}, on_busy="attach")
    assert run.attached
    run.result(60)
    assert app._client.run(written_outputs(app, run, flow.definition())) is None
