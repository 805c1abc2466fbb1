"""Implementations of the facets: one module per facet type, with its name, and a function `run(step)`."""
