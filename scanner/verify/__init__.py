"""Check a package offline, trusting nobody: neither a cloud SDK nor DuckDB nor another stage is imported."""
