"""What the simulated Cloud KMS does with keys: real AES-GCM and signatures, and the checksums that guard both ways."""

from __future__ import annotations

import base64
import binascii
import os
import struct
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.demo.gcp.crc32c import crc32c
from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.state import USABLE, HeldKey, State, version_name

Json = dict[str, Any]
_HEADER = struct.Struct(">BI")
_MARK = 0x0A
_MOST = 64 * 1024
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the base point of P-256."""


def _given(body: Json, name: str) -> bytes:
    """Return bytes of a request, whose checksum is right where it has one. Raises RefusalError."""
    try:
        data = base64.b64decode(str(body.get(name, "")), validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError("INVALID_ARGUMENT", f"Invalid value at '{name}' (TYPE_BYTES)") from None
    if f"{name}Crc32c" in body and int(body[f"{name}Crc32c"]) != crc32c(data):
        raise RefusalError("INVALID_ARGUMENT", f"The checksum in field {name}_crc32c did not match the data in {name}.")
    return data


def _usable(held: HeldKey, name: str, number: int, purpose: str) -> bytes:
    """Return the secret of a version that may be used so. Raises RefusalError."""
    if held.body["purpose"] != purpose:
        raise RefusalError("INVALID_ARGUMENT", f"{name} has purpose {held.body['purpose']}, which does not allow this.")
    state = held.versions[number]["state"]
    if state != USABLE:
        text = f"{version_name(name, number)} is not enabled, current state is: {state}."
        raise RefusalError("FAILED_PRECONDITION", text, "KEY_NOT_ENABLED")
    return held.secrets[number]


def encrypt(state: State, name: str, body: Json) -> Json:
    """Encrypt under a key's primary version, or under the version that is named. Raises RefusalError."""
    plain, bound = _given(body, "plaintext"), _given(body, "additionalAuthenticatedData")
    if max(len(plain), len(bound)) > _MOST:
        raise RefusalError("INVALID_ARGUMENT", "The plaintext is larger than 64 KiB.")
    if "/cryptoKeyVersions/" in name:
        held, number = state.version(name)
    else:
        held = state.key(name)
        number = held.primary or 0
    key = name.partition("/cryptoKeyVersions/")[0]
    if number not in held.versions:
        raise RefusalError("FAILED_PRECONDITION", f"{key} has no primary version.")
    secret = _usable(held, key, number, "ENCRYPT_DECRYPT")
    header, nonce = _HEADER.pack(_MARK, number), os.urandom(12)
    sealed = header + nonce + AESGCM(secret).encrypt(nonce, plain, header + bound)
    return {
        "name": version_name(key, number),
        "ciphertext": base64.b64encode(sealed).decode(),
        "ciphertextCrc32c": str(crc32c(sealed)),
        "protectionLevel": held.level,
        **({"verifiedPlaintextCrc32c": True} if "plaintextCrc32c" in body else {}),
        **({"verifiedAdditionalAuthenticatedDataCrc32c": True} if "additionalAuthenticatedDataCrc32c" in body else {}),
    }


def decrypt(state: State, name: str, body: Json) -> Json:
    """Decrypt by the version that the ciphertext names. Raises RefusalError."""
    sealed, bound = _given(body, "ciphertext"), _given(body, "additionalAuthenticatedData")
    held = state.key(name)
    bad = RefusalError("INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.")
    if len(sealed) < _HEADER.size + 12 + 16:
        raise bad
    mark, number = _HEADER.unpack_from(sealed)
    if mark != _MARK or number not in held.versions:
        raise bad
    secret = _usable(held, name, number, "ENCRYPT_DECRYPT")
    header, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
    try:
        plain = AESGCM(secret).decrypt(rest[:12], rest[12:], header + bound)
    except InvalidTag:
        raise bad from None
    return {
        "plaintext": base64.b64encode(plain).decode(),
        "plaintextCrc32c": str(crc32c(plain)),
        "protectionLevel": held.level,
        **({"usedPrimary": True} if number == held.primary else {}),
    }


def _signer(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a version: the same one each time, from its 32 bytes."""
    return ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, ec.SECP256R1())


def sign(state: State, name: str, body: Json) -> Json:
    """Sign a SHA-256 digest with ECDSA on P-256. Raises RefusalError."""
    held, number = state.version(name)
    key = name.partition("/cryptoKeyVersions/")[0]
    secret = _usable(held, key, number, "ASYMMETRIC_SIGN")
    digest = body.get("digest")
    data = _given(digest if isinstance(digest, dict) else {}, "sha256")
    if held.versions[number]["algorithm"] != "EC_SIGN_P256_SHA256" or len(data) != 32:
        raise RefusalError("INVALID_ARGUMENT", "The digest is not one of the key's algorithm.")
    signature = _signer(secret).sign(data, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return {
        "name": name,
        "signature": base64.b64encode(signature).decode(),
        "signatureCrc32c": str(crc32c(signature)),
        "protectionLevel": held.level,
    }


def public_key(state: State, name: str) -> Json:
    """Return the public key of a signing version. Raises RefusalError."""
    held, number = state.version(name)
    secret = _usable(held, name.partition("/cryptoKeyVersions/")[0], number, "ASYMMETRIC_SIGN")
    told = _signer(secret).public_key()
    pem = told.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return {
        "name": name,
        "pem": pem,
        "pemCrc32c": str(crc32c(pem.encode())),
        "algorithm": held.versions[number]["algorithm"],
        "protectionLevel": held.level,
        "publicKeyFormat": "PEM",
    }
