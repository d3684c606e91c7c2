"""Which endpoints an estate may name: https everywhere, plain http only to this machine or with explicit leave."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

METADATA_HOSTS = frozenset(
    {
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "metadata.google.internal",
        "metadata",
        "100.100.100.200",
        "169.254.169.123",
    }
)
"""Instance-metadata services: they hand out credentials and are never an endpoint of a provider."""


def check_url(url: str, *, insecure: bool) -> str:
    """Return ``url`` when a scan may use it. Raises ValueError that says why not; a password in it is not repeated."""
    if any(c.isspace() or not c.isprintable() for c in url):
        raise ValueError("the URL has spaces or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("not a valid URL") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL must not hold a user name or a password; refer to secrets instead")
    if parts.scheme not in {"https", "http"}:
        raise ValueError(f"the scheme {parts.scheme or 'of the URL'!r} is not allowed; use https://")
    if not parts.hostname or port == 0:
        raise ValueError("the URL names no host" if not parts.hostname else "the URL has no valid port")
    if parts.query or parts.fragment:
        raise ValueError("the URL must have no query and no fragment")
    if _is_metadata(parts.hostname):
        raise ValueError("the URL is an instance-metadata service, which hands out credentials")
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname):
        raise ValueError(
            "plain http is allowed only to this machine (127.0.0.1, ::1, localhost); "
            "use https://, or `insecure: true`, which the report shows"
        )
    return _normal(parts)


def _normal(parts: SplitResult) -> str:
    return parts.geturl().rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine by its very spelling; a name that resolves to it does not count."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_metadata(host: str) -> bool:
    if host.rstrip(".").lower() in METADATA_HOSTS:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_link_local or bool(mapped and mapped.is_link_local)
