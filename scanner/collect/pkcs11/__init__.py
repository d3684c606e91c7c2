"""Read-only collector of tokens by PKCS #11."""
