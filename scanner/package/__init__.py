"""The evidence package: one deterministic archive of a finished scan, signed, timestamped, and chained."""
