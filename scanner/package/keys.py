"""Keys that sign packages: a file, AWS KMS, a PKCS #11 token. ECDSA on P-256 with SHA-256 (FIPS 186-5), all of them.

AWS KMS needs `kms:GetPublicKey` and `kms:Sign` on the key, and no other permission.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scanner.errors import KeyauditError

ALGORITHM = ec.ECDSA(hashes.SHA256())
MOST_BYTES = 64 * 1024
"""Of a file with a key or a PIN."""
FORMS = "file:PATH, awskms:ARN or pkcs11:URI"
Secret = Callable[[], str]
"""Gives a passphrase or a PIN when it is needed. Raises KeyauditError when there is none."""


class SigningError(KeyauditError):
    """A key cannot be used, or did not sign. Exit code 1."""

    hint = f"name another key with --sign {FORMS}"


class Signer(Protocol):
    """A key that signs."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half, on P-256."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature over SHA-256 of ``data``, in DER (RFC 3279, 2.2.3). Raises SigningError."""
        ...


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key's DER SubjectPublicKeyInfo: 64 hex digits."""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def checked_signature(signer: Signer, data: bytes) -> bytes:
    """Return a signature that verifies. Raises SigningError for one that does not: its key is of no use to anybody."""
    signature = signer.sign(data)
    try:
        signer.public_key.verify(signature, data, ALGORITHM)
    except InvalidSignature:
        raise SigningError("what the key signed does not verify by its public key") from None
    return signature


def read_private(path: Path, what: str) -> bytes:
    """Return the content of a file with a secret. Raises SigningError when others can read it, or it is too large."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            # Of the open file: the path may name another by the time that it is read.
            if stat.S_IMODE(os.fstat(fd).st_mode) & 0o077:
                raise SigningError(f"others can read {what} in {path}", hint=f"chmod 600 {shlex.quote(str(path))}")
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SigningError(f"cannot read {what} in {path}: {error.strerror or error}") from None
    if len(raw) > MOST_BYTES:
        raise SigningError(f"{path} is larger than {MOST_BYTES} bytes", hint="is it the right file?")
    return raw


class FileSigner:
    """A private key in a PEM file that only its owner can read, encrypted or not. Raises SigningError."""

    def __init__(self, path: Path, passphrase: Secret) -> None:
        self._key = _load_private(path, read_private(path, "the key"), passphrase)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """See :class:`Signer`."""
        return self._key.public_key()

    def sign(self, data: bytes) -> bytes:
        """See :class:`Signer`."""
        return self._key.sign(data, ALGORITHM)


def _load_private(path: Path, pem: bytes, passphrase: Secret) -> ec.EllipticCurvePrivateKey:
    try:
        try:
            key = serialization.load_pem_private_key(pem, None)
        except TypeError:  # it is encrypted
            key = serialization.load_pem_private_key(pem, passphrase().encode())
    except (ValueError, UnsupportedAlgorithm, TypeError):
        hint = "is it a PEM file of `keyaudit keygen`, and the passphrase that of this key?"
        raise SigningError(f"{path} holds no private key that the passphrase opens", hint=hint) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"{path}: not a key of ECDSA on P-256", hint="`keyaudit keygen PATH` makes one")
    return key


def load_public(spki: bytes, where: str) -> ec.EllipticCurvePublicKey:
    """Return the public key of a DER SubjectPublicKeyInfo. Raises SigningError unless it is of ECDSA on P-256."""
    try:
        key = serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"{where}: not a public key: {error}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"{where}: not a key of ECDSA on P-256")
    return key


def kms_client(region: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
    """Return a client of AWS KMS by the default credential chain. Raises SigningError."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})
    try:
        return boto3.session.Session().client("kms", region_name=region, config=config)
    except BotoCoreError as error:
        raise SigningError(f"AWS: {error}", hint="are the profile and the credentials of AWS set?") from None


class KmsSigner:
    """An asymmetric key of AWS KMS, by a client of boto3. Raises SigningError."""

    def __init__(self, client: Any, arn: str) -> None:  # noqa: ANN401 - as above
        self._client = client
        self._arn = arn
        answer = self._ask("get_public_key", KeyId=arn)
        # A key can stand behind an alias that is pointed elsewhere before it signs.
        self._id = str(answer["KeyId"])
        self._public = load_public(answer["PublicKey"], arn)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """See :class:`Signer`."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """See :class:`Signer`. The digest is made here: KMS takes no more than 4096 bytes of a raw message."""
        message = hashlib.sha256(data).digest()
        terms = {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature: bytes = self._ask("sign", KeyId=self._id, Message=message, **terms)["Signature"]
        return signature

    def _ask(self, call: str, **parameters: object) -> Any:  # noqa: ANN401 - as above
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, call)(**parameters)
        except (BotoCoreError, ClientError) as error:
            hint = "the key must be ECC_NIST_P256 for SIGN_VERIFY, with kms:GetPublicKey and kms:Sign allowed"
            raise SigningError(f"{self._arn}: {error}", hint=hint) from None
