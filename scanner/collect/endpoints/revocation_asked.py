"""Asking the authority of a certificate whether it is revoked: by OCSP (RFC 6960, A.1), else by its list of them.

The addresses stand in the certificate, and that is hostile text: whoever runs the server wrote it. So only public
addresses are asked, on the ports of HTTP, unless the estate names the host; nobody is redirected; answers are bounded.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from scanner.collect.endpoints import lines, web
from scanner.collect.endpoints.offers import SECONDS, unreachable
from scanner.collect.endpoints.revocation import UNKNOWN, UnusableError, issuer_of, said_by_crl, said_by_ocsp
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from cryptography import x509

OCSP, CRL = "ocsp", "crl"
MOST_OCSP_BYTES = 65_536
MOST_CRL_BYTES = 2 * 1024 * 1024
MOST_ADDRESSES = 2
"""Of each way: a certificate has one or two, and a hostile one is not to send us around."""
WHOLE_SECONDS = 30.0
_URL = re.compile(r"https?://[!-~]{1,2000}", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_TUNNELS = tuple(ipaddress.IPv6Network(one) for one in ("64:ff9b::/32", "2002::/16", "2001::/32"))
"""Addresses that hold one of IPv4, which may be private."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What the estate allows."""

    hosts: frozenset[str]
    """Hosts that may be asked wherever they are, in lower case."""
    ca_bundle: str


def asked(host: str, port: int, fingerprint: str, leave: Leave) -> dict[str, Json]:
    """Return what the authority says of the certificate with a fingerprint that a server sends. Raises CallError."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    chain = lines.chain_of(host, port)
    found = [der for der in chain if hashlib.sha256(der).hexdigest() == fingerprint]
    if not found:
        detail = "the server sends another certificate now: several machines answer for it"
        raise CallError(GapReason.FAILED, code="Another", detail=detail, retry=True)
    try:
        certificate = x509.load_der_x509_certificate(found[0])
        issuer = issuer_of(certificate, [*chain, *lines.authorities(leave.ca_bundle)])
        ways = list(addresses(certificate))
    except UnusableError as error:
        raise CallError(GapReason.UNSUPPORTED, code="Issuer", detail=str(error)) from error
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        detail = f"the certificate cannot be understood: {error}"
        raise CallError(GapReason.MALFORMED, code="Certificate", detail=detail) from error
    return _first(ways, certificate, issuer, leave)


def addresses(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield way and address, OCSP first, of what speaks of every reason. Raises ValueError, DuplicateExtension."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    responders, lists = list[str](), list[str]()
    for one in certificate.extensions:
        if isinstance(one.value, x509.AuthorityInformationAccess):
            told = [way for way in one.value if way.access_method == AuthorityInformationAccessOID.OCSP]
            responders += [str(way.access_location.value) for way in told]
        elif isinstance(one.value, x509.CRLDistributionPoints):
            # A point with reasons is a part; one with an issuer of its own is another authority's.
            whole = [point for point in one.value if point.reasons is None and point.crl_issuer is None]
            lists += [str(name.value) for point in whole for name in point.full_name or ()]
    yield from ((OCSP, url) for url in responders[:MOST_ADDRESSES])
    # Lists by LDAP are passed over: only what is asked by HTTP counts.
    yield from ((CRL, url) for url in [one for one in lists if _URL.match(one)][:MOST_ADDRESSES])


def _first(
    ways: list[tuple[str, str]], certificate: x509.Certificate, issuer: x509.Certificate, leave: Leave
) -> dict[str, Json]:
    """Return the first answer that says good or revoked, else one that says that it is not known."""
    if not ways:
        detail = "the certificate names nobody to ask: neither a responder nor a list that is got by HTTP"
        raise CallError(GapReason.UNSUPPORTED, code="NoAddress", detail=detail)
    unknown: dict[str, Json] | None = None
    failures = list[CallError]()
    for way, url in ways:
        try:
            said = _said(way, url, certificate, issuer, leave)
        except CallError as error:
            failures.append(error)
            continue
        answer: dict[str, Json] = {"way": way, "asked": urlsplit(url).hostname, "answer": said}
        if said["status"] != UNKNOWN:
            return answer
        unknown = unknown or answer
    if unknown is not None:
        return unknown
    detail = "; ".join(f"{way}: {one.detail}" for (way, _), one in zip(ways, failures, strict=True))
    first = failures[0]
    raise CallError(first.reason, code=first.code, detail=detail, retry=any(one.retry for one in failures))


def _said(way: str, url: str, certificate: x509.Certificate, issuer: x509.Certificate, leave: Leave) -> dict[str, Json]:
    try:
        if way == CRL:
            return said_by_crl(fetched(url, MOST_CRL_BYTES, leave), certificate, issuer, url)
        return said_by_ocsp(fetched(question(url, certificate, issuer), MOST_OCSP_BYTES, leave), certificate, issuer)
    except UnusableError as error:
        raise CallError(GapReason.MALFORMED, code="Answer", detail=str(error)) from error


def question(url: str, certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    """Return the address that asks a responder of a certificate (RFC 6960, A.1)."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.ocsp import OCSPRequestBuilder

    # SHA-1 names the certificate here, and protects nothing: every responder knows it (RFC 5019, 2.1.1).
    asked = OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build()  # noqa: S303 - as said
    return f"{url.rstrip('/')}/{quote(b64encode(asked.public_bytes(Encoding.DER)), safe='')}"


def fetched(url: str, most: int, leave: Leave) -> bytes:
    """Return what is at an address of a certificate, at most ``most`` bytes. Raises CallError."""
    scheme, host, port, path = _parts(url, leave.hosts)
    with _connected(host, port, free=host in leave.hosts) as plain:
        line = http.client.HTTPConnection(host, port, timeout=SECONDS)
        try:
            encrypted = lines.context(leave.ca_bundle, host_too=True) if scheme == "https" else None
            line.sock = encrypted.wrap_socket(plain, server_hostname=host) if encrypted is not None else plain
            line.request("GET", path, headers={"User-Agent": "keyaudit"})
            with line.getresponse() as answer:
                if answer.status != http.client.OK:
                    raise _refused(answer, host)
                return web.read(answer, most, WHOLE_SECONDS)
        except ssl.SSLError as error:
            raise lines.no_line(host, port, error) from error
        except OSError as error:
            raise unreachable(host, port, error) from error
        except http.client.HTTPException as error:
            detail = f"the answer of {host} is not HTTP: {type(error).__name__}"
            raise CallError(GapReason.MALFORMED, code="Body", detail=detail) from error
        finally:
            line.close()


def _parts(url: str, hosts: frozenset[str]) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address. Raises CallError for one that nobody should ask."""
    try:
        parts = urlsplit(url if _URL.fullmatch(url) else "")
        host, port = (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
    if not host or "@" in parts.netloc:
        raise _not_asked("the certificate names an address that is none, or not of HTTP")
    if host not in hosts and port not in _PORTS.values():
        raise _not_asked(f"the certificate names port {port} of {host}", host)
    return parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connected(host: str, port: int, *, free: bool) -> socket.socket:
    """Return a line to an address that was looked at: a name is not resolved a second time."""
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        detail = f"no connection to {host} port {port}: no address is known"
        raise CallError(GapReason.UNREACHABLE, code="Name", detail=detail, retry=True) from error
    if not free and not all(is_public(one) for one in found):
        raise _not_asked(f"the certificate names {host}, which is not in the public network", host)
    try:
        return socket.create_connection((found[0], port), timeout=SECONDS)
    except OSError as error:
        raise unreachable(host, port, error) from error


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public network: no machine, no neighbour, no metadata service."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        if one.ipv4_mapped is not None:
            return is_public(str(one.ipv4_mapped))
        if any(one in tunnel for tunnel in _TUNNELS):
            return False
    return one.is_global and not one.is_multicast


def _not_asked(what: str, host: str = "") -> CallError:
    hint = f": it was not asked; if it may be, add it to `revocation_hosts: [{host}]`" if host else ""
    return CallError(GapReason.NOT_ALLOWED, code="Address", detail=f"{what}{hint}")


def _refused(answer: http.client.HTTPResponse, host: str) -> CallError:
    status = answer.status
    follows = ", and nobody is followed" if 300 <= status < 400 else ""
    reason = GapReason.THROTTLED if status == http.client.TOO_MANY_REQUESTS else GapReason.FAILED
    retry = status >= 500 or reason is GapReason.THROTTLED
    return CallError(
        reason, code=f"HTTP {status}", detail=f"HTTP status {status} of {host}{follows}", status=status, retry=retry
    )
