"""Endpoints: the TLS that a host speaks, and what a SMART on FHIR server and its clients tell of themselves."""
