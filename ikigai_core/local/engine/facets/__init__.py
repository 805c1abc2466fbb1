"""The facets that the engine runs, one module each, named after the facet type; each has `run(step)`."""
