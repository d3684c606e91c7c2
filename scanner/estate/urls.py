"""Which endpoints an estate may name: https everywhere, plain http only to this machine or with explicit leave."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

METADATA_HOSTS = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
    }
)
"""Names of instance-metadata services: they hand out credentials and are never an endpoint of a provider."""

METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's wire server
        "192.0.0.192",  # Oracle Cloud, the old address
        "fd00:ec2::23",  # AWS, credentials of EKS pods
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
    )
)
"""Addresses of instance-metadata services outside the link-local range, in which all the others are."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

LOCAL_OR_HTTPS = r"^([Hh][Tt]{2}[Pp][Ss]://|[Hh][Tt]{2}[Pp]://(localhost|127\.0\.0\.1|\[::1\])(:|/|$))[^\s?#@]*$"
"""The shape of what :func:`check_url` takes, for the JSON Schema."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_url(url: str, *, insecure: bool) -> str:
    """Return ``url`` when a scan may use it. Raises ValueError that says why not; a password in it is not repeated."""
    if any(c.isspace() or not c.isprintable() for c in url):
        raise ValueError("the URL has spaces or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("not a valid URL") from None
    # Anywhere: a slash in what is meant as a user name makes the rest of it, password and all, a path.
    if "@" in url:
        raise ValueError("the URL must not hold a user name or a password; refer to secrets instead")
    if parts.scheme not in {"https", "http"}:
        raise ValueError("the URL must begin with https://, or with http:// for this machine")
    if not parts.hostname or port == 0:
        raise ValueError("the URL names no host" if not parts.hostname else "the URL has no valid port")
    if not _HOST.fullmatch(parts.hostname):
        # Libraries differ in how they read other characters in a host, so what is checked might not be what is asked.
        raise ValueError("the host of the URL may have letters, digits, dots and dashes only")
    if "?" in url or "#" in url:
        raise ValueError("the URL must have no query and no fragment")
    if _is_metadata(parts.hostname):
        raise ValueError("the URL is an instance-metadata service, which hands out credentials")
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname):
        raise ValueError(
            "plain http is allowed only to this machine (127.0.0.1, ::1, localhost); "
            "use https://, or `insecure: true`, which the report shows"
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine by its very spelling; a name that resolves to it does not count."""
    return host in LOOPBACK


def _is_metadata(host: str) -> bool:
    name = host.rstrip(".").lower()
    address = _address(name)
    return name in METADATA_HOSTS if address is None else address in METADATA_ADDRESSES or address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, however it is spelled: 169.254.169.254 is also 0xa9fea9fe or 2852039166."""
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    if address in _NAT64 or address < ipaddress.IPv6Address(2**32):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
