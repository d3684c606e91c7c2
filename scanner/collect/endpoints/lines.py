"""Lines of TLS by the standard library: to see the certificates that a server sends, and whether they are trusted.

Dates of certificates are not checked here: the clock that counts is the scan's, and controls look at the dates.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import cast

from scanner.collect.endpoints.certificate import described
from scanner.collect.endpoints.offers import SECONDS, connected, unreachable
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""
_DER = 2
"""ENCODING_DER of Python's own module _ssl."""
MOST_CERTIFICATES = 20


def context(ca_bundle: str = "", *, trusting: bool = False, host_too: bool = False) -> ssl.SSLContext:
    """Return a context that speaks everything that this machine's OpenSSL can, be it weak: nothing secret is sent.

    ``trusting``: take any certificate. ``host_too``: one that is trusted must be the host's. Raises CallError when
    the file of authorities cannot be read.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = host_too
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("ALL:@SECLEVEL=0")
    if trusting:
        made.verify_mode = ssl.CERT_NONE
        return made
    made.verify_flags |= _NO_CHECK_TIME
    try:
        if ca_bundle:
            made.load_verify_locations(ca_bundle)
        else:
            made.load_default_certs()
    except OSError as error:
        detail = f"the certificate authorities in {ca_bundle} cannot be read: {error.strerror or error}"
        raise CallError(GapReason.FAILED, code="Authorities", detail=detail) from error
    return made


def handshake(host: str, port: int) -> dict[str, Json]:
    """Return what a client that takes everything gets: version, suite, and the chain as sent. Raises CallError."""
    version, suite, chain = _shaken(host, port)
    return {
        "version": version,
        "suite": suite,
        "chain": [described(der, "" if place else host) for place, der in enumerate(chain)],
    }


def chain_of(host: str, port: int) -> list[bytes]:
    """Return the certificates in DER that a client that takes everything gets. Raises CallError."""
    return _shaken(host, port)[2]


def authorities(ca_bundle: str) -> list[bytes]:
    """Return the authorities of the bundle, or of this machine, in DER. Raises CallError."""
    return context(ca_bundle).get_ca_certs(binary_form=True)


def _shaken(host: str, port: int) -> tuple[str | None, str | None, list[bytes]]:
    with connected(host, port, SECONDS) as plain:
        try:
            with context(trusting=True).wrap_socket(plain, server_hostname=host) as line:
                version, suite, chain = line.version(), line.cipher(), sent(line)
        except OSError as error:
            raise no_line(host, port, error) from error
    if not chain or len(chain) > MOST_CERTIFICATES:
        raise CallError(GapReason.MALFORMED, code="Chain", detail=f"the server sends {len(chain)} certificates")
    return version, suite[0] if suite else None, chain


def trust(host: str, port: int, ca_bundle: str) -> dict[str, Json]:
    """Return whether the chain ends at an authority of the bundle, or of this machine's own. Raises CallError."""
    store = "ca_bundle" if ca_bundle else "system"
    verifying = context(ca_bundle)
    with connected(host, port, SECONDS) as plain:
        try:
            with verifying.wrap_socket(plain, server_hostname=host):
                return {"trusted": True, "store": store, "problem": "none"}
        except ssl.SSLCertVerificationError as error:
            return {"trusted": False, "store": store, "problem": error.verify_message}
        except OSError as error:
            raise no_line(host, port, error) from error


def no_line(host: str, port: int, error: OSError) -> CallError:
    """Return what it means that TLS was not agreed on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = f"the certificate of {host} port {port} is not trusted ({error.verify_message}): nothing was asked"
        return CallError(GapReason.UNREACHABLE, code="Certificate", detail=detail)
    if isinstance(error, ssl.SSLError):
        detail = f"no TLS with {host} port {port}: {error.reason or error}"
        return CallError(GapReason.UNREACHABLE, code="TLS", detail=detail)
    return unreachable(host, port, error)


def sent(line: object) -> list[bytes]:
    """Return the certificates as a server sent them, the server's own first.

    Python 3.13 has a method for it; before that it stands, without a promise, one layer below.
    """
    public = getattr(line, "get_unverified_chain", None)
    if public is not None:
        return list(cast("Sequence[bytes]", public()))
    below = getattr(line, "_sslobj").get_unverified_chain() or ()  # noqa: B009 - mypy knows no such attribute
    return [one.public_bytes(_DER) for one in below]
