"""Address of the console."""

PREFIX = "/console"


def is_console(path: str) -> bool:
    """Return whether a path belongs to the console."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")
