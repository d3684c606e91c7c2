"""PostgreSQL: what the collector read, to rows."""
