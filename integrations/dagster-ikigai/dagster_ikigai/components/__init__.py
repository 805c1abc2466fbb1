"""What YAML says, as assets."""
