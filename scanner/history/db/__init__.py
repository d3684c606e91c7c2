"""The store's database: its schema and how that changes, what is written and what is read."""
