"""What worker processes run: modules with a function `main` that takes a list of arguments and returns an exit code."""

from __future__ import annotations

ENGINE = "ikigai_core.local.engine.worker"
LEARNING_ENGINE = "ikigai_core.local.engine.learning_worker"
UPLOAD_CHECK = "ikigai_core.local.jobs.upload_check"
ARRIVING_UPLOAD = "ikigai_core.local.jobs.arriving_upload"
PROFILE = "ikigai_core.local.jobs.profile_worker"
# The engine starts it.
_SCRIPT = "ikigai_core.local.engine.script_process"

MODULES = (ENGINE, LEARNING_ENGINE, UPLOAD_CHECK, ARRIVING_UPLOAD, PROFILE, _SCRIPT)
