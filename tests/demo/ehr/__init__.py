"""Tests of the simulated EHR."""
