"""The tasks, and functions that create tasks that materialize assets."""
