"""Flow engine: reads a definition, processes its tables with DuckDB, reports progress."""

from __future__ import annotations

from ikigai_core.local.engine.run import Report, RunResult, run_flow

__all__ = ["Report", "RunResult", "run_flow"]
