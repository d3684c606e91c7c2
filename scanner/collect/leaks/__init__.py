"""Read-only search of messages, repositories and files for key material that lies in the plain."""
