"""Read-only collectors for Google Cloud."""
