"""Flow definitions: their parts, their builders, their checks, and the documents that people write by hand."""
