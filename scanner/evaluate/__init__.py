"""Stage 3: controls over fact tables, in an embedded, locked-down DuckDB."""
