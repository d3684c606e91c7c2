"""Self-tests: real cryptographic calls that prove, or disprove, what configurations say."""
