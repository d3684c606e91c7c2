"""Private keys: PEM in any wrapping, DER in base64, PKCS #12. Parsed, so that what is told is known."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from scanner.collect.leaks.detect.reject import is_marked
from scanner.collect.leaks.detect.window import Found, Rejected, Window

LONGEST = 48 * 1024
"""Bytes from the begin of a PEM block to its end, at most."""

SHORTEST = 40
"""Characters of the body of a PEM block, at least: a key has more, a placeholder mostly less. The rest must parse."""

_BLOCK = re.compile(
    rb"-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?)-----"
    rb"((?:(?!-----BEGIN )[^\0]){0,%d}?)-----END \1-----" % LONGEST
)
_NOISE = re.compile(rb"\\+[nrt]|\\*[\"'`]\s*\+\s*(?=\\*[\"'`])|[\s\"'`,>|\\]")
"""What a PEM body gathers in JSON, YAML, code and quotes: escaped line breaks, quotes, signs of joining."""
_HEADERS = re.compile(rb"(?:Proc-Type|DEK-Info|Comment|Version):[^\n\\]*(?:\\r)?(?:\\n|\n)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}\Z")
_PEM_IN_BASE64 = b"LS0tLS1CRUdJTi"
_DER = (b"MI", b"MC", b"MG", b"MH", b"MF", b"ME", b"MD")
_PKCS12 = re.compile(rb"\x30(?:\x82..|\x83...|\x80)\x02\x01\x03\x30", re.DOTALL)
_PGP_SECRET = (0x94, 0x95, 0x96, 0xC5)
"""First octets of an OpenPGP Secret-Key packet, old and new form (RFC 9580, 4.2)."""


def pem(window: Window) -> Iterator[Found | Rejected]:
    """Yield each private key in PEM."""
    seen = -1
    for word in window.places(b"private key"):
        begin = window.data.rfind(b"-----BEGIN ", max(0, word - 30), word)
        if begin <= seen:
            continue
        match = _BLOCK.match(window.data, begin)
        if match is None:
            continue
        seen = begin
        yield from _understood(match, window, begin)


def _understood(match: re.Match[bytes], window: Window, begin: int) -> Iterator[Found | Rejected]:
    label, raw = match[1], match[2]
    protected = b"ENCRYPTED" in label or b"ENCRYPTED" in raw[:200]
    body = _NOISE.sub(b"", _HEADERS.sub(b"", raw))
    if len(body) < SHORTEST:
        yield Rejected("placeholder", begin)
        return
    if is_marked(window, begin):
        yield Rejected("marked", begin)
        return
    der = _decoded(body.partition(b"=")[0] if label.startswith(b"PGP") else body)
    if der is None:
        yield Rejected("placeholder", begin)
    elif label.startswith(b"PGP"):
        if der[0] in _PGP_SECRET:
            yield Found("pgp_private_key", begin, der, end=match.end())
    elif protected:
        yield Found("private_key", begin, der, encrypted=True, end=match.end())
    else:
        found = openssh(der, begin, match.end()) if label.startswith(b"OPENSSH") else der_key(der, begin, match.end())
        yield found or Rejected("placeholder", begin)


def openssh(der: bytes, start: int, end: int) -> Found | None:
    """Return the OpenSSH private key that bytes are, or None."""
    if not der.startswith(b"openssh-key-v1\0"):
        return None
    body = base64.encodebytes(der)
    text = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"-----END OPENSSH PRIVATE KEY-----\n"
    if der[19:23] != b"none":
        return Found("private_key", start, der, encrypted=True, end=end)
    try:
        key = serialization.load_ssh_private_key(text, None)
    except (ValueError, UnsupportedAlgorithm):
        return Found("private_key", start, der, end=end)
    return _found(key, start, der, end)


def der_key(der: bytes, start: int, end: int) -> Found | None:
    """Return the PKCS #8, PKCS #1 or SEC 1 private key that bytes are, or None."""
    if not _is_sequence(der):
        return None
    try:
        key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        return Found("private_key", start, der, encrypted=True, end=end)
    except UnsupportedAlgorithm:
        return Found("private_key", start, der, end=end)
    except ValueError:
        return None
    return _found(key, start, der, end)


def base64_key(window: Window, start: int, end: int) -> Found | Rejected | None:
    """Return the private key, PEM or DER or PKCS #12, that a run of base64 is, or None."""
    head = window.data[start : start + len(_PEM_IN_BASE64)]
    if head != _PEM_IN_BASE64 and head[:2] not in _DER:
        return None
    # Of base64 in lines the run is the first line: what is cut does not parse.
    der = _decoded(window.data[start : min(end, start + 2 * LONGEST)])
    if der is None:
        return None
    if head == _PEM_IN_BASE64:
        inner = next((one for one in pem(Window.of(der)) if isinstance(one, Found)), None)
        found = inner and Found(
            inner.kind, start, inner.secret, inner.bits, inner.fingerprint, inner.encrypted, end=end
        )
    else:
        found = container(der, start, end) if _PKCS12.match(der) else der_key(der, start, end)
    if found is not None and is_marked(window, start):
        return Rejected("marked", start)
    return found


def container(der: bytes, start: int, end: int) -> Found | None:
    """Return the PKCS #12 container that bytes are, or None when it holds no private key that we could see.

    One that opens without a password and has no key in it is a store of certificates.
    """
    for password in (None, b""):
        try:
            key, _, _ = pkcs12.load_key_and_certificates(der, password)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if key is None:
            return None
        known = _found(key, start, der, end)
        return Found("pkcs12", start, der, known.bits, known.fingerprint, end=end)
    return Found("pkcs12", start, der, encrypted=True, end=end)


def is_container(head: bytes) -> bool:
    """Tell whether a file begins like a PKCS #12 container."""
    return _PKCS12.match(head) is not None


def fingerprint(key: object) -> str:
    """Return the SHA-256 of a private key's public half (SubjectPublicKeyInfo, DER), hex; empty without one."""
    try:
        public = key.public_key()  # type: ignore[attr-defined] # every kind of private key has it
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return hashlib.sha256(spki).hexdigest()


def _found(key: object, start: int, der: bytes, end: int) -> Found:
    bits = getattr(key, "key_size", None) or 256
    shown = fingerprint(key)
    # The same key has the same public half in each of its formats.
    return Found("private_key", start, bytes.fromhex(shown) or der, bits, shown, end=end)


def _decoded(body: bytes) -> bytes | None:
    text = body.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    if not _BASE64.match(text) or len(text) % 4 == 1:
        return None
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _is_sequence(der: bytes) -> bool:
    """Tell whether bytes are one DER SEQUENCE, whole, that begins with a version or another sequence."""
    if len(der) < 16 or der[0] != 0x30:
        return False
    if der[1] < 0x80:
        size, body = der[1], 2
    else:
        octets = der[1] & 0x7F
        size, body = int.from_bytes(der[2 : 2 + octets], "big"), 2 + octets
    return octets_ok(len(der), body + size) and der[body] in {0x02, 0x30}


def octets_ok(there: int, told: int) -> bool:
    """Tell whether as many bytes are there as were told, but for what stands behind."""
    return told <= there <= told + 2
