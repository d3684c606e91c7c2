"""PKCS #11 answers to rows."""
