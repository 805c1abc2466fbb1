"""The modules that worker processes run. Each has a function `main(arguments)` that returns an exit code."""

from __future__ import annotations

ENGINE = "ikigai_core.local.engine.worker"
LEARNING_ENGINE = "ikigai_core.local.engine.learning_worker"
UPLOAD_CHECK = "ikigai_core.local.jobs.upload_check"
ARRIVING_UPLOAD = "ikigai_core.local.jobs.arrival_check"
PROFILE = "ikigai_core.local.jobs.profile_worker"
# The engine starts it.
_SCRIPT = "ikigai_core.local.engine.script_process"

MODULES = (ENGINE, LEARNING_ENGINE, UPLOAD_CHECK, ARRIVING_UPLOAD, PROFILE, _SCRIPT)
