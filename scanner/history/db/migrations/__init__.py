"""How the store's schema became what it is: one Alembic revision a step, in ``versions/``."""
