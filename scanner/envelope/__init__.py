"""Envelopes: values encrypted under data keys, read, made and opened. Nothing here knows where they are from."""
