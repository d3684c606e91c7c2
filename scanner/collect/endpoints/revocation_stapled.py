"""The answer of OCSP that a server staples to its certificate (RFC 6066, 8).

In TLS 1.2 certificate and answer are sent before anything is encrypted, so a first message written by hand is enough
to get them, and the line is cut then. In TLS 1.3 both are encrypted: of a server that speaks nothing else they are
not seen here.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass

from scanner.collect.endpoints import lines
from scanner.collect.endpoints.hello import RANDOM_BYTES, REFUSALS, TLS12, Alert, client_hello, messages, understood
from scanner.collect.endpoints.offers import SECONDS, connected, unreachable
from scanner.collect.endpoints.revocation import UnusableError, issuer_of, must_staple, said_by_ocsp
from scanner.collect.endpoints.suites import OLD
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

_CERTIFICATE, _STATUS, _KEY_EXCHANGE, _DONE = 11, 22, 12, 14
_OCSP = 1
_SUITES = [number for number, name in OLD.items() if "_anon_" not in name]
"""Without certificates there is nothing to see."""
MOST_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Shown:
    """What a server sends in TLS 1.2 before its line is encrypted."""

    chain: tuple[bytes, ...]
    """Certificates in DER, the server's own first."""
    answer: bytes | None
    """The stapled answer in DER."""


def stapled(host: str, port: int, ca_bundle: str) -> dict[str, Json]:
    """Return whether a server staples an answer, and what this says of its certificate. Raises CallError."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    seen = shown(host, port)
    if seen is None:
        return {"spoken": False}
    try:
        own = x509.load_der_x509_certificate(seen.chain[0])
        found: dict[str, Json] = {"must_staple": must_staple(own)}
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise _nonsense(f"the certificate cannot be understood: {error}") from error
    found |= {
        "spoken": True,
        "fingerprint": hashlib.sha256(seen.chain[0]).hexdigest(),
        "stapled": seen.answer is not None,
    }
    if seen.answer is not None:
        try:
            issuer = issuer_of(own, [*seen.chain[1:], *lines.authorities(ca_bundle)])
            found["answer"] = said_by_ocsp(seen.answer, own, issuer)
        except UnusableError as error:
            found["problem"] = str(error)
    return found


def shown(host: str, port: int) -> Shown | None:
    """Return what a server sends in TLS 1.2; None: it does not speak it. Raises CallError."""
    try:
        data = _asked(host, port)
        said = understood(data)
        if isinstance(said, Alert):
            if said.number in REFUSALS:
                return None
            raise CallError(
                GapReason.FAILED, code=f"alert {said.number}", detail=f"the server answers with alert {said.number}"
            )
        if said is not None and said.version != TLS12:
            return None
        found = dict(reversed(messages(data)))
        if said is None or not found.keys() & {_KEY_EXCHANGE, _DONE}:
            raise CallError(
                GapReason.UNREACHABLE, code="Closed", detail="the server hung up amid its hello", retry=True
            )
        chain = _chain(found.get(_CERTIFICATE, b""))
        return Shown(chain, _answer(found[_STATUS]) if _STATUS in found else None)
    except ValueError as error:
        raise _nonsense(str(error)) from error


def _asked(host: str, port: int) -> bytes:
    """Return what a server says to a hello that asks for a stapled answer, as far as it is not encrypted."""
    until, data = time.monotonic() + SECONDS, b""
    hello = client_hello(TLS12, _SUITES, host, os.urandom(RANDOM_BYTES), status=True)
    with connected(host, port) as line:
        try:
            line.sendall(hello)
            while len(data) <= MOST_BYTES and not _is_all(data):
                line.settimeout(max(0.001, until - time.monotonic()))
                more = line.recv(16_384)
                if not more:
                    break
                data += more
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            raise unreachable(host, port, error) from error
    return data


def _is_all(data: bytes) -> bool:
    said = understood(data)
    if said is None or isinstance(said, Alert) or said.version != TLS12:
        return said is not None
    return any(kind in {_KEY_EXCHANGE, _DONE} for kind, _ in messages(data))


def _chain(body: bytes) -> tuple[bytes, ...]:
    found, rest = list[bytes](), body[3:]
    while rest:
        size = int.from_bytes(rest[:3], "big")
        if len(rest) < 3 + size or not size or len(found) == lines.MOST_CERTIFICATES:
            raise ValueError("the list of certificates is broken, or too long")
        found.append(rest[3 : 3 + size])
        rest = rest[3 + size :]
    if not found:
        raise ValueError("the server sends no certificate")
    return tuple(found)


def _answer(body: bytes) -> bytes:
    if body[:1] != bytes([_OCSP]) or int.from_bytes(body[1:4], "big") != len(body) - 4:
        raise ValueError("the stapled answer is broken, or of a kind that there is not")
    return body[4:]


def _nonsense(detail: str) -> CallError:
    return CallError(GapReason.MALFORMED, code="Hello", detail=detail)
