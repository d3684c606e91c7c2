"""The first message of TLS, written by hand, and what a server says to it.

A library refuses to speak what it holds for weak, and then could not tell that a server still does. Here no key is
agreed on and nothing is encrypted: the server's first message names version and suite, and then the line is cut.
Layouts: RFC 8446, 4.1.2, 4.1.3 and 6; RFC 5246, 7.4.1; RFC 6101, 5.6.1 for SSL 3.0.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VERSIONS: Mapping[str, int] = {
    "SSL 3.0": 0x0300,
    "TLS 1.0": 0x0301,
    "TLS 1.1": 0x0302,
    "TLS 1.2": 0x0303,
    "TLS 1.3": 0x0304,
}
TLS12, TLS13 = 0x0303, 0x0304
RANDOM_BYTES = 64
"""The random value, and the share of a key that no one will use."""
MOST_BYTES = 65_536

_ALERT, _HANDSHAKE, _SERVER_HELLO = 21, 22, 2
_SCSV = 0x00FF
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x0100)
_SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601),
    *(0x0203, 0x0201),
)
REFUSALS: Mapping[int, str] = {
    40: "handshake_failure",
    47: "illegal_parameter",
    70: "protocol_version",
    71: "insufficient_security",
}
"""Alerts that say that none of what was offered is taken."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A server takes part: this is what it chose."""

    version: int
    suite: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A server does not, and says so."""

    number: int


def client_hello(version: int, suites: Sequence[int], host: str, random: bytes, *, status: bool = False) -> bytes:
    """Return the record that offers one version, and these suites. ``random`` has RANDOM_BYTES bytes.

    ``status``: it asks for a stapled answer of OCSP as well (RFC 6066, 8).
    """
    modern = version == TLS13
    session = random[:32] if modern else b""
    offered = list(suites) if modern else [*suites, _SCSV]
    body = (
        min(version, TLS12).to_bytes(2, "big")
        + random[:32]
        + _sized(session, 1)
        + _sized(_numbers(offered), 2)
        + _sized(b"\0", 1)
    )
    if version > VERSIONS["SSL 3.0"]:
        asked = [_extension(5, b"\x01\0\0\0\0")] if status else []
        body += _sized(b"".join([*_extensions(version, host, random[32:]), *asked]), 2)
    message = b"\x01" + _sized(body, 3)
    return bytes([_HANDSHAKE]) + min(version, 0x0301).to_bytes(2, "big") + _sized(message, 2)


def _extensions(version: int, host: str, share: bytes) -> list[bytes]:
    found = [
        _extension(10, _sized(_numbers(_GROUPS), 2)),
        _extension(11, _sized(b"\0", 1)),
    ]
    if not _is_address(host):
        found.insert(0, _extension(0, _sized(b"\0" + _sized(host.encode("ascii"), 2), 2)))
    if version >= TLS12:
        found.append(_extension(13, _sized(_numbers(_SIGNATURES), 2)))
    if version == TLS13:
        found.append(_extension(43, _sized(_numbers([TLS13]), 1)))
        found.append(_extension(51, _sized(_numbers([_GROUPS[0]]) + _sized(share, 2), 2)))
    return found


def understood(data: bytes) -> Chosen | Alert | None:
    """Return what a server has said so far, or None when that is not yet all. Raises ValueError: it is not TLS."""
    told = b""
    while len(data) >= 5:
        kind, length = data[0], int.from_bytes(data[3:5], "big")
        if kind not in {_ALERT, _HANDSHAKE} or data[1] != 3 or not 0 < length <= 16_384 + 256:
            raise ValueError("the answer is not TLS")
        content, data = data[5 : 5 + length], data[5 + length :]
        if kind == _HANDSHAKE:
            told += content
            if chosen := _server_hello(told):
                return chosen
        elif len(content) == 2 and content[0] == 2:
            return Alert(content[1])
        # An alert that only warns, of the name of the host, is followed by what counts.
    if data and data[0] not in {_ALERT, _HANDSHAKE}:
        raise ValueError("the answer is not TLS")
    return None


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """Return kind and content of each whole message of the handshake in records that are not encrypted."""
    told, found = b"", list[tuple[int, bytes]]()
    while len(data) >= 5 and len(data) >= (end := 5 + int.from_bytes(data[3:5], "big")):
        told += data[5:end] if data[0] == _HANDSHAKE else b""
        data = data[end:]
    while len(told) >= 4 and len(told) >= (end := 4 + int.from_bytes(told[1:4], "big")):
        found.append((told[0], told[4:end]))
        told = told[end:]
    return found


def _server_hello(told: bytes) -> Chosen | None:
    if told[0] != _SERVER_HELLO:
        raise ValueError("the server does not begin with its hello")
    length = int.from_bytes(told[1:4], "big")
    if len(told) < 4 or len(told) < 4 + length:
        return None
    body = told[4 : 4 + length]
    after = 35 + (body[34] if len(body) > 34 else 0)
    if len(body) < after + 3:
        raise ValueError("the hello of the server is too short")
    version, suite = int.from_bytes(body[:2], "big"), int.from_bytes(body[after : after + 2], "big")
    return Chosen(_selected(body[after + 5 :]) or version, suite)


def _selected(extensions: bytes) -> int:
    """Return the version that the extension supported_versions names, or 0."""
    while len(extensions) >= 4:
        kind, length = int.from_bytes(extensions[:2], "big"), int.from_bytes(extensions[2:4], "big")
        if kind == 43 and length == 2:
            return int.from_bytes(extensions[4:6], "big")
        extensions = extensions[4 + length :]
    return 0


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _sized(content, 2)


def _sized(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _numbers(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)
