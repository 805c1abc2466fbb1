"""Whole apps as documents: written to a folder that people review, compared with the platform, and applied."""
