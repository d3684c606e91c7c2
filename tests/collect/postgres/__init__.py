"""Collecting from a real PostgreSQL."""
