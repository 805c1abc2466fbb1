"""What is fast, measured beside the released client: ``python -m benchmarks``, or ``make bench``."""
