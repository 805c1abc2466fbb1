from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq

from ikigai_core import App


def test_a_flow_is_recorded_with_its_data_and_nothing_is_run(ikigai: Any, stocked: App) -> None:
    done = ikigai("record", "Late flights", "--to", "recorded", "--rows", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        "Flow 'Late flights' is in recorded",
        "Imported: 'flights'",
        "Exported: nothing",
        "Not recorded, since the last run did not write it: 'late'",
    ]
    assert pq.read_table(ikigai.folder / "recorded" / "imported" / "flights.parquet").num_rows == 2
    assert stocked.flows["Late flights"].run_logs() == []
    assert "No app has a flow 'Later flights'" in ikigai("record", "Later flights", "--to", "recorded").stderr.decode()
