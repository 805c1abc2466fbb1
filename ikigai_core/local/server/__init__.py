"""The platform's HTTP side: application, middleware, routes, and the form of its answers."""
