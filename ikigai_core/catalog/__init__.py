"""The platform's components by name: kinds, listings, finding and creating."""
