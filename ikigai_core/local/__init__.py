"""The local platform: the whole Ikigai API from one process and one folder, for development, tests and CI.

Start it with ``python -m ikigai_core.local``, from Python with `ikigai_core.local.process.LocalPlatform`, or in pytest
with the plugin `ikigai_core.local.testing`.
"""
