"""Notifications: what is told of a run, to whom, and what could not be sent yet."""
