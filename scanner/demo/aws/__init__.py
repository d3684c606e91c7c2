"""Amazon Web Services, simulated: moto over HTTP, with what moto lacks in a thin layer before it."""
