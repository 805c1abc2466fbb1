"""Flow definitions: what they consist of, how they are built and checked, and how people write them by hand."""
