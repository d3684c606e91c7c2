"""Detectors: each tells where in a window of bytes a secret stands, what it is, and never keeps it."""
