"""A small read-only console in the browser: apps, their flows with past runs, their datasets and models."""

from ikigai_core.local.console.pages import router

__all__ = ["router"]
