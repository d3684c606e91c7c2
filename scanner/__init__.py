"""keyaudit: compliance audit and evidence collection for cryptographic keys.

Importing this package does nothing: no socket, file or environment variable is touched.
"""

__version__ = "0.1.0"
