"""Flow engine: reads a definition, processes its tables with DuckDB, reports progress."""
