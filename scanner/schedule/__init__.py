"""Schedules: ready units for other schedulers, and a small one of our own."""
