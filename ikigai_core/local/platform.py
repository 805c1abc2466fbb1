"""The parts of a running platform."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ikigai_core.local.control.faults import Faults
from ikigai_core.local.control.journal import Journal
from ikigai_core.local.control.request_counts import RequestCounter
from ikigai_core.local.control.sources import Prepared
from ikigai_core.local.engine.script_access import ScriptAccess, can_confine, usual_access
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.downloads import Downloads
from ikigai_core.local.jobs.profiles import Profiles
from ikigai_core.local.jobs.recordings import Recordings
from ikigai_core.local.jobs.runner import Runner
from ikigai_core.local.jobs.schedules import Scheduler
from ikigai_core.local.jobs.scripted_runs import Outcomes
from ikigai_core.local.jobs.stand_ins import StandIns, check_facet
from ikigai_core.local.jobs.upload_verdicts import UploadChecks
from ikigai_core.local.jobs.workers import Workers
from ikigai_core.local.specs import merged_specs, specs_file, use_specs
from ikigai_core.local.store import Store, timestamps, tutorial
from ikigai_core.local.store.credentials import Credentials, load_credentials
from ikigai_core.local.store.files import Files, make_private
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.part_files import PartFiles
from ikigai_core.local.store.runs import Run, RunState
from ikigai_core.local.store.signing import DEFAULT_LIFETIME, Signer, load_key
from ikigai_core.local.store.uploads import UNCHECKED, UploadState

logger = logging.getLogger(__name__)

_UPLOAD_LIFETIME = 24 * 3600


@dataclass(frozen=True)
class Settings:
    """Settings of a platform.

    Parameters
    ----------
    data_dir : Path
        Folder of its state; created if it does not exist.
    user_email, api_key : str, optional
        Credentials. Default: those kept in the data directory, or new ones.
    users : tuple of str
        Email addresses of further users. Their keys are created and kept in the data directory.
    url_lifetime : float
        Validity of signed URLs in seconds.
    side_by_side : int
        Maximum number of flows that run at the same time.
    list_limit : int, optional
        Maximum number of components in a list. Default: no limit.
    check_limits : CheckLimits
        Limits for the check of an uploaded file.
    remote_control : bool
        Whether other machines may use the control API, too.
    unconfined_scripts : bool
        Whether scripts see all that the platform's process sees, even if the machine can confine them.
    specs : Path, optional
        File with the facet and model specs of an account. Default: the platform's own specs.
    stand_ins : mapping
        What facets give, by name or type.
    """

    data_dir: Path
    user_email: str | None = None
    api_key: str | None = None
    users: tuple[str, ...] = ()
    url_lifetime: float = DEFAULT_LIFETIME
    side_by_side: int = max(2, os.cpu_count() or 1)
    list_limit: int | None = None
    check_limits: CheckLimits = field(default_factory=CheckLimits)
    remote_control: bool = False
    unconfined_scripts: bool = False
    specs: Path | None = None
    stand_ins: Mapping[str, Mapping[str, Prepared]] = field(default_factory=dict)


class Platform:
    """All parts that serve requests.

    Raises
    ------
    ValueError
        If the credentials are not valid, or the file of specs is not, or a stand-in is for an unknown facet type.
    RuntimeError
        If another process uses the data directory, or a newer release wrote the data directory.
    """

    def __init__(self, settings: Settings) -> None:
        root = settings.data_dir
        use_specs(settings.specs)
        make_private(root)
        self._lock = _lock(root / "lock")
        self.credentials: Credentials = load_credentials(root, settings.user_email, settings.api_key, settings.users)
        self.signer = Signer(load_key(root / "signing.key"), settings.url_lifetime)
        self.list_limit = settings.list_limit
        self.store = Store(root / "platform.sqlite")
        self.files = Files(root)
        self.parts = PartFiles(self.files, self.store.uploads)
        self._workers = Workers()
        self.checks = UploadChecks(self.store, self.files, self._workers, settings.check_limits)
        self.downloads = Downloads(self.store, self.files)
        self.profiles = Profiles(self.files, self._workers, settings.check_limits)
        self.outcomes = Outcomes(self.store, self.files)
        self.stand_ins = StandIns(self.files)
        self.recordings = Recordings(self.store, self.files)
        self.runner = Runner(
            self.store,
            self.files,
            self._workers,
            settings.side_by_side,
            self.outcomes,
            self._script_access,
            lend=self._lend,
        )
        self.scheduler = Scheduler(self.store, self.runner)
        self.requests = RequestCounter()
        self.faults = Faults()
        self.journal = Journal()
        self.is_controlled_remotely = settings.remote_control
        self._allows_unconfined = settings.unconfined_scripts
        self._specs = settings.specs
        self._given_stand_ins = settings.stand_ins
        for facet in settings.stand_ins:
            check_facet(facet)

    def start(self) -> None:
        """Finish or clean up the work of an earlier process, and start all background work."""
        self.drop_old_uploads()
        self._sweep()
        for facet, sources in self._given_stand_ins.items():
            self.stand_ins.keep(facet, sources)
        tutorial.create_once(self.store, self.files, self.credentials.user_email)
        self.checks.recover()
        self.runner.recover()
        self.scheduler.start()
        self._warn_of_scripts()

    def stop(self) -> None:
        """End all work and close all files."""
        self.scheduler.stop()
        self.runner.stop()
        self.outcomes.stop()
        self.checks.stop()
        self.profiles.stop()
        self._workers.stop()
        self.downloads.stop()
        self.store.close()
        self._lock.release()

    def delete_app(self, app_id: str) -> None:
        """Delete an app and everything in it. Runs in progress end."""
        with self.store.transaction():
            active = [self.store.runs.active(flow.flow_id) for flow in self.store.flows.all(app_id=app_id)]
            data = [dataset.data_file for dataset in self.store.datasets.all(app_id=app_id)]
            data += [version.data_file for version in self.store.model_versions.all(app_id=app_id)]
            self.store.delete_app(app_id)
        for run in active:
            if run is not None:
                self.runner.cancel(run)
        self.files.retire(*data)

    def add_specs(self, more: Mapping[str, Any], *, permanent: bool = False) -> None:
        """Serve some more facet and model types until `reset_specs`, or as long as the platform runs if `permanent`.

        Raises
        ------
        ValueError
            They are not valid.
        """
        path = self.files.root / f"specs-{new_id()}.json"
        path.write_text(json.dumps(merged_specs(more)), encoding="utf-8")
        before = specs_file()
        try:
            use_specs(path)
        except ValueError:
            use_specs(before)
            raise
        if permanent:
            self._specs = path

    def reset_specs(self) -> None:
        """Serve the specs that were set at the start again."""
        if specs_file() != self._specs:
            use_specs(self._specs)

    def drop_old_uploads(self) -> None:
        """Abort uploads that are still incomplete after a day."""
        for upload in self.store.uploads.in_state(UploadState.OPEN):
            if timestamps.now() - upload.created_at > _UPLOAD_LIFETIME:
                self.store.uploads.set_state(upload.upload_id, UploadState.ABORTED)
                self.store.uploads.drop_parts(upload.upload_id)
                self.files.drop_upload(upload.upload_id)

    def _lend(self, run: Run, folder: Path) -> dict[str, dict[str, Any]]:
        """Write the stand-ins for facets of a run to its job folder. Orders take precedence over recordings."""
        flow = self.store.flows.find(run.flow_id)
        name = flow.name if flow else ""
        return {**self.recordings.lend(run, name, folder), **self.stand_ins.lend(run, name, folder)}

    def _script_access(self) -> ScriptAccess:
        if self._allows_unconfined:
            return ScriptAccess.OPEN
        usual = usual_access()
        return ScriptAccess.REFUSED if usual == ScriptAccess.OPEN and self.credentials.others else usual

    def _warn_of_scripts(self) -> None:
        if not self._allows_unconfined and not can_confine():
            logger.warning(
                "This machine cannot confine the scripts of Python facets: they can read all that this process can, "
                "the keys in %s included. While there are several users, they are refused; --unconfined-scripts "
                "lets them run all the same",
                self.files.root,
            )

    def _sweep(self) -> None:
        unchecked = self.store.uploads.in_state(*UNCHECKED)
        self.files.sweep(
            data=[dataset.data_file for dataset in self.store.datasets.all()]
            + [upload.data_file for upload in unchecked]
            + [version.data_file for version in self.store.model_versions.all()],
            uploads=[upload.upload_id for upload in self.store.uploads.in_state(UploadState.OPEN)],
            runs=[run.run_id for run in self.store.runs.in_state(RunState.RUNNING)],
        )


def _lock(path: Path) -> FileLock:
    """Lock the data directory against other processes until this one ends."""
    lock = FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        message = f"{path.parent} is in use by another local platform: stop it, or use another folder"
        raise RuntimeError(message) from None
    return lock
