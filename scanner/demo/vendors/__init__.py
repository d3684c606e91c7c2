"""Simulated AI vendors on loopback: what their SDKs read, and nothing that can be written."""
