"""Names of components."""

from __future__ import annotations

# In characters. Longer ones would not fit into the URLs that ask for a component by name.
LONGEST_NAME = 1024


def name_problem(name: str) -> str | None:
    """Return the reason why a component cannot have this name; None if it can."""
    if not name.strip():
        return "must not be blank"
    if len(name) > LONGEST_NAME:
        return f"must not be longer than {LONGEST_NAME} characters"
    return None
