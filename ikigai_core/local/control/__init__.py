"""Control API of the local platform: order failures, run outcomes and test accounts.

`LocalControl` is its client. The client and its records need the standard library only. The other modules belong to the
server.
"""

from __future__ import annotations

from ikigai_core.local.control.client import LocalControl
from ikigai_core.local.control.records import Answered, BegunRun, ControlError, OrderedFault, OrderedStandIn, Stage

__all__ = ["Answered", "BegunRun", "ControlError", "LocalControl", "OrderedFault", "OrderedStandIn", "Stage"]
