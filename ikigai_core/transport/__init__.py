"""The drivers of calls and procedures: requests (sync) and httpx (async), with the same retry policy."""
