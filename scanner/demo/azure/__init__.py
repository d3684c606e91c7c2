"""A simulated Azure: Entra ID, Resource Manager and the data planes of Key Vault and Managed HSM, over real TLS."""
