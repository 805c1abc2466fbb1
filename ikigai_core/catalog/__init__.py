"""What the platform holds, by name: kinds of components, listings, finding one, creating one."""
