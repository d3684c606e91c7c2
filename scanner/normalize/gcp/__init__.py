"""Google Cloud answers to facts, purely."""
