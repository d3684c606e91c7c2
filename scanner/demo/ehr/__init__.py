"""A simulated EHR: FHIR servers over TLS, good and bad ones, with an authority of their own."""
