"""PostgreSQL answers to rows."""
