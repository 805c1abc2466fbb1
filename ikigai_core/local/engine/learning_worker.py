"""The worker of flows with models, forked from a process that has imported scikit-learn, which takes a second."""

from __future__ import annotations

from ikigai_core.local.engine import linear as linear
from ikigai_core.local.engine.worker import before_fork as before_fork
from ikigai_core.local.engine.worker import main as main
