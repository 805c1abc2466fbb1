"""The block types: credentials, datasets, flows."""
