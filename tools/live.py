"""A smoke test against a real account: the main job in an app of its own, which is deleted again, however it ends.

The account is that of the environment (``IKIGAI_USER_EMAIL``, ``IKIGAI_API_KEY``, ``IKIGAI_BASE_URL``, or a profile).
The test creates things there and runs a flow, which may cost money: it does nothing unless ``IKIGAI_LIVE_CONSENT`` is
the account's email address.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pandas as pd

from ikigai_core import App, Ikigai, errors

CONSENT = "IKIGAI_LIVE_CONSENT"
REFUSED = 2
_RUN_SECONDS = 1800.0
_TRIES_TO_CLEAN_UP = 3

FLIGHTS = pd.DataFrame(
    {
        "flight": ["007", "UA 1", 'the "red" eye', "Zürich, by night"],
        "delay": [5, 61, 240, 90],
        "share": [0.1, 1e-7, None, 2.5],
    }
)
DOCUMENT = {
    "facets": {
        "flights": {
            "type": "INPUT.Imported",
            "dataset": "flights",
            "arguments": {"file_type": "csv", "header": True, "use_raw_file": False},
        },
        "late": {
            "type": "MID.Python",
            "after": "flights",
            "arguments": {"script": "result = data[data['delay'] > 80]"},
        },
        "output": {
            "type": "OUTPUT.Exported",
            "after": "late",
            "arguments": {"dataset_name": "late", "file_type": "csv", "header": True},
            "variables": {"output": "dataset_name"},
        },
    }
}


def main() -> int:
    """Run the test; return the exit status: 0, 1 for a failure, 2 where consent is missing."""
    try:
        ikigai = Ikigai(user_agent="ikigai-live-test")
    except errors.ConfigurationError as error:
        return _refuse(f"No account: {error}")
    if os.environ.get(CONSENT) != ikigai.user_email:
        return _refuse(
            f"This creates an app at {ikigai.base_url} as {ikigai.user_email}, runs a flow in it and deletes it again, "
            f"which may cost money. If that is wanted: {CONSENT}={ikigai.user_email} make live"
        )
    # A test that has to end cleans up as well.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with ikigai:
        try:
            with _own_app(ikigai) as app:
                _walk(ikigai, app)
        except (errors.IkigaiError, AssertionError, KeyboardInterrupt) as error:
            print(f"FAILED: {type(error).__name__}: {error}", flush=True)
            return 1
    print("All went well.", flush=True)
    return 0


def _walk(ikigai: Ikigai, app: App) -> None:
    with _step("a frame becomes a dataset, and comes back as it was"):
        flights = app.dataset.new("flights").df(FLIGHTS).build()
        pd.testing.assert_frame_equal(flights.df(dtype={"flight": str}), FLIGHTS)
    with _step("the same data again change nothing"):
        assert app.dataset.new("flights").df(FLIGHTS).ensure().changes == ()
    with _step("other data replace them"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "more.csv"
        pd.concat([FLIGHTS, FLIGHTS]).to_csv(path, index=False)
        flights.edit_data(path)
        flights.to_csv(Path(folder) / "down.csv")
        assert (Path(folder) / "down.csv").read_bytes() == path.read_bytes()
    with _step("a definition becomes a flow"):
        flow = app.flow.new("Late flights").definition(DOCUMENT).ensure()
        assert app.flow.new("Late flights").definition(DOCUMENT).ensure().changes == ()
    with _step("the flow runs to its end"):
        log = flow.start(output="very late").result(timeout=_RUN_SECONDS)
        print(f"  run log {log.log_id}: {log.status.value}")
    with _step("its output can be downloaded"):
        assert sorted(app.datasets["very late"].df()["delay"]) == [90, 90, 240, 240]
    with _step("everything is found again"):
        assert set(app.datasets()) == {"flights", "very late"}
        assert set(app.datasets.search("fli")) == {"flights"}
        assert set(app.flows()) == {"Late flights"}
        assert app.name in ikigai.apps()
    with _step("what is not there is said"):
        try:
            app.datasets["nowhere"]
        except errors.NotFoundError:
            pass
        else:
            raise AssertionError("a dataset was found that does not exist")


@contextlib.contextmanager
def _own_app(ikigai: Ikigai) -> Iterator[App]:
    """An app that nothing else uses, deleted in the end with what is in it."""
    name = f"ikigai-core live test {uuid.uuid4().hex[:12]}"
    try:
        with _step(f"an app is created at {ikigai.base_url}: {name}"):
            app = ikigai.app.new(name).description("Made by a test; may be deleted.").build()
        yield app
    finally:
        with _step("the app is deleted"):
            _delete(ikigai, name)


def _delete(ikigai: Ikigai, name: str) -> None:
    """Delete the app of this name, which nobody else can have, also where it is not known whether it was created."""
    for tries_left in reversed(range(_TRIES_TO_CLEAN_UP)):
        try:
            for app in ikigai.apps.search(name).values():
                for component in (*app.flows().values(), *app.datasets().values()):
                    component.delete()
                app.delete()
        except errors.IkigaiError as error:
            if not tries_left:
                print(f"App {name!r} could not be deleted: delete it by hand.", flush=True)
                raise
            print(f"  tried again after: {error}", flush=True)
        else:
            return


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    print(what, flush=True)
    began = time.monotonic()
    yield
    print(f"  done after {time.monotonic() - began:.1f} s", flush=True)


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return REFUSED


def _interrupt(signum: int, frame: FrameType | None) -> None:
    # Whoever asks twice waits for the cleaning up all the same.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
