"""What the platform offers to build flows from, as it describes it, with help texts and checks."""
