"""RSA signatures of AWS CloudTrail: PKCS #1 v1.5 with SHA-256."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies digests."""

    rsa: RSAPublicKey

    def verifies(self, signature: str, signed: str) -> bool:
        """Tell whether a signature (hex) over a text is one of this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            self.rsa.verify(bytes.fromhex(signature), signed.encode("utf-8", "surrogatepass"), PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


def read_key(value: str | None) -> PublicKey | None:
    """Return the RSA key of base64 text (DER, PKCS #1 or SubjectPublicKeyInfo), or None when it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(value or "", validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return PublicKey(key) if isinstance(key, RSAPublicKey) else None
