"""Components: apps, datasets, flows, directories. Sync and async classes share their procedures."""
