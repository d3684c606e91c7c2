"""Rules of host-based authentication (``pg_hba.conf``) to rows, as far as they are understood.

The first rule that matches a connection decides, so one that an earlier rejection covers lets nobody in. What the file
says counts once it is loaded; the view shows the file.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scanner.model.database import DatabaseRuleFact
from scanner.model.ids import Digest, SourceId
from scanner.normalize.reading import Object, flag, text, texts

NONE = "none"
_PLAIN = frozenset({"host", "hostnossl", "hostnogssenc"})
"""Types that match connections without any encryption; `hostgssenc` has one of its own."""
_TYPES = frozenset({"local", "hostssl", "hostgssenc"}) | _PLAIN
_ALL = ("all",)
_WEAK = frozenset({"md5", "password"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a server."""

    rows: tuple[DatabaseRuleFact, ...]
    understood: bool
    """Every line of the file was."""
    tls_required: bool | None


def rules(items: Sequence[Object], *, source: SourceId, server: str, evidence: tuple[Digest, ...]) -> Rules:
    """Return the rows of the rules, which are in the order in which the server tries them."""
    understood = all(flag(item, "faulty") is False and text(item, "connection") in _TYPES for item in items)
    rows: list[DatabaseRuleFact] = []
    rejections: list[DatabaseRuleFact] = []
    for number, item in enumerate(items, 1):
        if flag(item, "faulty") is not False:
            continue  # while a line is wrong the server keeps the rules of before, and these are not in force
        row = _rule(item, f"{server}/rule/{number}", source, server, evidence)
        rows.append(_judged(row, [other for other in rejections if _covers(other, row)]))
        if row.method == "reject":
            rejections.append(row)
    return Rules(tuple(rows), understood, _tls_required(rows) if understood else None)


def _rule(item: Object, identity: str, source: SourceId, server: str, evidence: tuple[Digest, ...]) -> DatabaseRuleFact:
    connection, method = text(item, "connection"), text(item, "method")
    return DatabaseRuleFact(
        source=source,
        evidence=evidence,
        rule_id=identity,
        server_id=server,
        connection=connection if connection in _TYPES else None,
        databases=texts(item, "databases"),
        users=texts(item, "users"),
        address=_address(item),
        method=method,
    )


def _judged(row: DatabaseRuleFact, covered: Sequence[DatabaseRuleFact]) -> DatabaseRuleFact:
    """Return a row with what it lets in, where ``covered`` are the rejections before it of plaintext connections."""
    lets_in = None if row.method is None else row.method != "reject" and not covered
    trusts = None if row.method is None else row.method == "trust" and not any(o.connection == "host" for o in covered)
    plain = None if row.connection is None else row.connection in _PLAIN
    return replace(
        row,
        from_elsewhere=_from_elsewhere(row),
        allows_plaintext=_both(lets_in, plain),
        trusts=trusts,
        weak_method=None if row.method is None else row.method in _WEAK,
    )


def _both(one: bool | None, other: bool | None) -> bool | None:
    return False if False in (one, other) else None if None in (one, other) else True


def _address(item: Object) -> str | None:
    """Return an address as ``10.0.0.0/8``, a name or a word as it is, or ``none``."""
    address, mask = text(item, "address"), text(item, "netmask")
    if address is None:
        return NONE if text(item, "connection") == "local" else None
    try:
        bits = int(ipaddress.ip_address(mask)).bit_count() if mask else None
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False)) if bits is not None else address
    except ValueError:
        return None


def _network(row: DatabaseRuleFact) -> Network | None:
    try:
        return ipaddress.ip_network(row.address or "")
    except ValueError:
        return None


def _from_elsewhere(row: DatabaseRuleFact) -> bool | None:
    if row.connection == "local" or row.address in {"samehost", "localhost"}:
        return False
    if row.connection is None or row.address is None:
        return None
    network = _network(row)
    return True if network is None else not network.is_loopback


def _covers(rejection: DatabaseRuleFact, row: DatabaseRuleFact) -> bool:
    """Tell whether whoever comes in plaintext is rejected before a rule is reached."""
    if rejection.connection not in _PLAIN or rejection.databases != _ALL or rejection.users != _ALL:
        return False
    # `all` databases are not those of replication, and a connection with GSS encryption is none of `hostnogssenc`.
    if row.databases is None or "replication" in row.databases:
        return False
    if rejection.address == "all":
        return True
    ours, theirs = _network(rejection), _network(row)
    return ours is not None and theirs is not None and _within(theirs, ours)


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def _tls_required(rows: Sequence[DatabaseRuleFact]) -> bool | None:
    """Return whether no rule lets a connection from another machine in without TLS."""
    open_ = [_both(row.from_elsewhere, row.allows_plaintext) for row in rows]
    return False if True in open_ else None if None in open_ else True
