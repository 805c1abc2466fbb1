"""Two small drivers of calls and procedures: requests (sync) and httpx (async), under one retry policy."""
