"""A small console for people: apps, their flows with past runs, their datasets and models. It changes nothing."""

from ikigai_core.local.console.pages import router

__all__ = ["router"]
