"""Key material of the simulated vaults, and what is done with it: real cryptography, in memory, never shown."""

from __future__ import annotations

import base64
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from scanner.demo.azure.wire import Json
from scanner.demo.azure.world_parts import Key

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | bytes
HASHES: Mapping[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-256K": ec.SECP256K1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
SIGNS = {"ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521"}
WRAPS = {"A128KW": 128, "A192KW": 192, "A256KW": 256}
GCM = {"A128GCM": 128, "A192GCM": 192, "A256GCM": 256}
IV = 12


class UnsuitableError(ValueError):
    """The key cannot do what is asked, or what is asked with cannot be read."""


@functools.cache
def material(identity: str, kind: str, bits: int, curve: str) -> Private:
    """Return the material of one key version. Made when first used, since making RSA keys takes time."""
    del identity  # what tells one key from another
    if kind == "RSA":
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(CURVES[curve]) if kind == "EC" else os.urandom(bits // 8)


def of(key: Key, identity: str) -> Private:
    """Return the material of a version of ``key``."""
    return material(identity, key.kty.removesuffix("-HSM"), key.bits, key.curve)


def public(private: Private) -> Json:
    """Return the public members of a JSON web key. A symmetric key has none."""
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        return {"n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(private, ec.EllipticCurvePrivateKey):
        point, size = private.public_key().public_numbers(), (private.curve.key_size + 7) // 8
        return {"x": _number(point.x, size), "y": _number(point.y, size)}
    return {}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What encryption gives."""

    value: bytes
    iv: bytes = b""
    tag: bytes = b""


def encrypt(private: Private, algorithm: str, plaintext: bytes, aad: bytes = b"") -> Sealed:
    """Encrypt or wrap. Raises UnsuitableError for an algorithm that is not the key's."""
    if isinstance(private, rsa.RSAPrivateKey) and (scheme := _oaep(algorithm)):
        try:
            return Sealed(private.public_key().encrypt(plaintext, scheme))
        except ValueError as error:
            raise UnsuitableError("the value is too long for the key") from error
    if isinstance(private, bytes) and GCM.get(algorithm) == len(private) * 8:
        iv = os.urandom(IV)
        sealed = AESGCM(private).encrypt(iv, plaintext, aad or None)
        return Sealed(sealed[:-16], iv, sealed[-16:])
    if isinstance(private, bytes) and WRAPS.get(algorithm) == len(private) * 8:
        try:
            return Sealed(aes_key_wrap(private, plaintext))
        except ValueError as error:
            raise UnsuitableError("a wrapped key is a multiple of eight bytes, and sixteen at least") from error
    raise UnsuitableError(f"algorithm {algorithm!r} is not one of this key")


def decrypt(private: Private, algorithm: str, sealed: Sealed, aad: bytes = b"") -> bytes:
    """Decrypt or unwrap. Raises UnsuitableError for an algorithm that is not the key's, or a wrong ciphertext."""
    try:
        if isinstance(private, rsa.RSAPrivateKey) and (scheme := _oaep(algorithm)):
            return private.decrypt(sealed.value, scheme)
        if isinstance(private, bytes) and GCM.get(algorithm) == len(private) * 8:
            return AESGCM(private).decrypt(sealed.iv, sealed.value + sealed.tag, aad or None)
        if isinstance(private, bytes) and WRAPS.get(algorithm) == len(private) * 8:
            return aes_key_unwrap(private, sealed.value)
    except (InvalidTag, InvalidUnwrap, ValueError) as error:
        raise UnsuitableError("the value is not what this key made") from error
    raise UnsuitableError(f"algorithm {algorithm!r} is not one of this key")


def sign(private: Private, algorithm: str, digest: bytes) -> bytes:
    """Sign a digest. Raises UnsuitableError for an algorithm that is not the key's, or a digest of another length."""
    scheme, size = _signing(algorithm)
    try:
        if isinstance(private, rsa.RSAPrivateKey) and scheme is not None:
            return private.sign(digest, scheme, utils.Prehashed(HASHES[size]))
        if isinstance(private, ec.EllipticCurvePrivateKey) and _fits(private, algorithm):
            r, s = utils.decode_dss_signature(private.sign(digest, ec.ECDSA(utils.Prehashed(HASHES[size]))))
            width = (private.curve.key_size + 7) // 8
            return r.to_bytes(width, "big") + s.to_bytes(width, "big")
    except ValueError as error:
        raise UnsuitableError("the digest is not one of the algorithm") from error
    raise UnsuitableError(f"algorithm {algorithm!r} is not one of this key")


def verify(private: Private, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature is good. Raises UnsuitableError for an algorithm that is not the key's."""
    scheme, size = _signing(algorithm)
    try:
        if isinstance(private, rsa.RSAPrivateKey) and scheme is not None:
            private.public_key().verify(signature, digest, scheme, utils.Prehashed(HASHES[size]))
            return True
        if isinstance(private, ec.EllipticCurvePrivateKey) and _fits(private, algorithm):
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            ecdsa = ec.ECDSA(utils.Prehashed(HASHES[size]))
            private.public_key().verify(utils.encode_dss_signature(r, s), digest, ecdsa)
            return True
    except (InvalidSignature, ValueError):
        return False
    raise UnsuitableError(f"algorithm {algorithm!r} is not one of this key")


def _oaep(algorithm: str) -> padding.AsymmetricPadding | None:
    if algorithm == "RSA1_5":
        return padding.PKCS1v15()
    made = {"RSA-OAEP": hashes.SHA1(), "RSA-OAEP-256": hashes.SHA256()}.get(algorithm)  # noqa: S303 - its definition
    return None if made is None else padding.OAEP(padding.MGF1(made), made, None)


def _signing(algorithm: str) -> tuple[padding.AsymmetricPadding | None, str]:
    """Return the RSA padding of a signature algorithm, None for another kind, and the size of its digest."""
    size = algorithm[2:5]
    if size not in HASHES:
        raise UnsuitableError(f"algorithm {algorithm!r} is not one of this key")
    if algorithm.startswith("PS"):
        return padding.PSS(padding.MGF1(HASHES[size]), HASHES[size].digest_size), size
    return (padding.PKCS1v15() if algorithm.startswith("RS") else None), size


def _fits(private: ec.EllipticCurvePrivateKey, algorithm: str) -> bool:
    named = SIGNS.get(algorithm)
    return named is not None and CURVES[named].name == private.curve.name


def _number(value: int, size: int = 0) -> str:
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: object) -> bytes:
    """Read base64url. Raises UnsuitableError for what is none."""
    try:
        return base64.urlsafe_b64decode(f"{text}{'=' * (-len(str(text)) % 4)}") if isinstance(text, str) else b""
    except ValueError as error:
        raise UnsuitableError("a value is not base64url") from error
