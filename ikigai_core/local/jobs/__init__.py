"""Background work of the platform: runs, schedules and checks of uploads, each in its own process."""
