"""The signed statement: a DSSE envelope over an in-toto Statement v1 that names every member.

Sources: https://github.com/secure-systems-lab/dsse (protocol and envelope, v1),
https://github.com/in-toto/attestation (Statement v1), FIPS 186-5 (ECDSA P-256).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import UsageError
from scanner.evidence.names import ENVELOPE, MANIFEST
from scanner.model.ids import Json
from scanner.verify.archive import Archive
from scanner.verify.jsontext import parse, parse_canonical
from scanner.verify.manifest import MOST, TREE, Manifest, fields, text
from scanner.verify.report import Step, VerificationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://keyaudit.dev/scan/v1"
MOST_SIGNATURES = 16
MOST_KEY = 64 * 1024


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that the auditor got by another way than the package."""

    fingerprint: str
    """SHA-256 of its DER SubjectPublicKeyInfo, hex."""
    key: EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Signed:
    """A package's statement."""

    signed_by: str
    """Fingerprint of the trusted key; empty when none was given."""
    keys: tuple[str, ...]
    """Whose signatures the envelope claims to have."""
    totals: Json
    """Controls by verdict, as the statement has them."""


def load_key(path: Path) -> TrustedKey:
    """Read a public key (PEM). Raises UsageError unless it is one of ECDSA P-256."""
    from hashlib import sha256

    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    hint = "name the public key (`keyaudit keygen PATH` writes PATH.pub), which you got from whom you trust"
    try:
        with path.open("rb") as file:
            key = load_pem_public_key(file.read(MOST_KEY))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint=hint) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path} is not a public key in PEM form", hint=hint) from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise UsageError(f"{path} is not a key of ECDSA P-256", hint=hint)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return TrustedKey(sha256(der).hexdigest(), key)


def pae(payload: bytes) -> bytes:
    """Return what is signed: the pre-authentication encoding of type and payload."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def check_statement(archive: Archive, manifest: Manifest, trusted: Sequence[TrustedKey]) -> Signed | None:
    """Check signature and statement; None: the package has none. Raises VerificationError of the statement step.

    Without a statement a package does not verify when a key is trusted: who re-makes one leaves the signature out.
    """
    if ENVELOPE not in archive.members:
        if trusted:
            raise VerificationError(Step.STATEMENT, "the package is not signed", member=ENVELOPE)
        return None
    try:
        return _check(archive.read(ENVELOPE, 2 * MOST, Step.STATEMENT), manifest, trusted)
    except ValueError as error:
        raise VerificationError(Step.STATEMENT, str(error), member=ENVELOPE) from None


def _check(data: bytes, manifest: Manifest, trusted: Sequence[TrustedKey]) -> Signed:
    envelope = fields(parse_canonical(data), "the envelope", ("payload", "payloadType", "signatures"))
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"its payload is not {PAYLOAD_TYPE}")
    payload = _decoded(envelope["payload"], "payload")
    signatures = _signatures(envelope["signatures"])
    signed_by = _signer(payload, signatures, trusted) if trusted else ""
    totals = _check_claims(payload, manifest)
    return Signed(signed_by, tuple(key for key, _ in signatures), totals)


def _signatures(value: Json) -> list[tuple[str, bytes]]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_SIGNATURES:
        raise ValueError(f"it has no signature, or more than {MOST_SIGNATURES}")
    found = [fields(one, "a signature", ("keyid", "sig")) for one in value]
    return [(text(one["keyid"], "keyid").removeprefix("sha256:"), _decoded(one["sig"], "sig")) for one in found]


def _decoded(value: Json, name: str) -> bytes:
    given = text(value, name)
    try:
        data = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or base64.standard_b64encode(data).decode() != given:
        raise ValueError(f"{name} is not base64")
    return data


def _signer(payload: bytes, signatures: Sequence[tuple[str, bytes]], trusted: Sequence[TrustedKey]) -> str:
    """Return the fingerprint of the trusted key that signed. A signature that claims a trusted key must hold."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    keys = {key.fingerprint: key for key in trusted}
    ours = [(keys[name], signature) for name, signature in signatures if name in keys]
    if not ours:
        given = ", ".join(name[:64] for name, _ in signatures)
        raise ValueError(f"no trusted key signed it; it claims the key {given}")
    for key, signature in ours:
        try:
            key.key.verify(signature, pae(payload), ECDSA(SHA256()))
        except InvalidSignature:
            raise ValueError(f"the signature is not one of the key {key.fingerprint}") from None
    return ours[0][0].fingerprint


def _check_claims(payload: bytes, manifest: Manifest) -> Json:
    """Check that the statement is of this very package, and return its totals. Raises ValueError."""
    claims = fields(parse(payload), "the statement", ("_type", "subject", "predicateType", "predicate"))
    if (claims["_type"], claims["predicateType"]) != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise ValueError(f"it is not a statement of {PREDICATE_TYPE}")
    _check_subjects(claims["subject"], manifest)
    predicate = fields(claims["predicate"], "predicate", ("scan", "observations", "checkpoint", "totals"))
    same: dict[str, Json] = {
        "scan": dict(manifest.scan),
        "observations": {"count": manifest.count, "merkle_root": manifest.root, "tree": TREE},
        "checkpoint": {"number": manifest.number, "previous": manifest.previous},
    }
    for name, value in same.items():
        if predicate[name] != value:
            raise ValueError(f"{name} of the statement is not the manifest's")
    return predicate["totals"]


def _check_subjects(value: Json, manifest: Manifest) -> None:
    if not isinstance(value, list):
        raise ValueError("subject is not a list")  # noqa: TRY004 - one kind of error: the file is wrong
    wanted = {MANIFEST: manifest.checkpoint, **{name: one.sha256 for name, one in manifest.members.items()}}
    found: dict[str, str] = {}
    for one in value:
        subject = fields(one, "a subject", ("name", "digest"))
        name = text(subject["name"], "a subject's name")
        if name in found:
            raise ValueError(f"the subject {name[:200]!r} stands twice")
        found[name] = f"sha256:{text(fields(subject['digest'], 'digest', ('sha256',))['sha256'], 'sha256')}"
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise ValueError(f"the subject {name[:200]!r} is missing, unknown, or has another digest than the package")
