"""Components: assets of what is said in YAML."""
