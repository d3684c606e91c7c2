"""Answers of AI vendors to rows: scopes and their settings, keys, what is kept, and the keys that customers lend."""
