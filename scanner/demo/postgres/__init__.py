"""The PostgreSQL of the embedded estate: a real server with rows that are really encrypted."""
