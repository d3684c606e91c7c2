"""A simulated Google Cloud over plain HTTP on loopback."""
