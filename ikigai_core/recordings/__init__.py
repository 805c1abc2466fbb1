"""Recordings of flows: definitions, and the data that they read and wrote, as plain files."""
