"""Failures, run outcomes and test accounts on order: the control API of the local platform.

`LocalControl` is its client, which needs the standard library only. The other modules are the platform's side.
"""

from __future__ import annotations

from ikigai_core.local.control.client import Answered, BegunRun, ControlError, LocalControl, OrderedFault, Stage

__all__ = ["Answered", "BegunRun", "ControlError", "LocalControl", "OrderedFault", "Stage"]
