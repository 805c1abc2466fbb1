"""HTTP side of the platform: middleware, routes, and the schemas of answers."""
