"""Microsoft Azure: subscriptions, key vaults and managed HSMs, and what hangs on their keys."""
