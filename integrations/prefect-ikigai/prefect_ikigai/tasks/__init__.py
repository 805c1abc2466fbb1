"""The tasks, and what makes tasks that materialize assets."""
