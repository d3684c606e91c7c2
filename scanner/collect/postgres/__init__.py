"""Read-only collectors of PostgreSQL."""
