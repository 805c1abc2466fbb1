"""What the platform does apart from requests: runs, schedules, checks of uploads, each in a process of its own."""
