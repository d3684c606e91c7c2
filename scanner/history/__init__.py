"""Scans over time: what is kept of each, what changed between two, what a series shows, what comes due."""
