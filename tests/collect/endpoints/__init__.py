"""Tests of collecting from endpoints."""
