"""EKM connections of Cloud KMS to rows: the ways to external key managers over a private network.

A key of protection level EXTERNAL names a manager on the Internet by its URI; nothing lists those.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.facts import Fact
from scanner.model.tables import KeyStoreFact
from scanner.normalize.gcp.listings import both, by_name, listed
from scanner.normalize.reading import Object, moment, text
from scanner.normalize.records import Records

CONNECTIONS = "cloudkms:projects.locations.ekmConnections.list"
CONNECTIVITY = "cloudkms:projects.locations.ekmConnections.verifyConnectivity"


def rows(unit: Records, place: str) -> Iterator[Fact]:
    """Yield the row of each connection of a location, and whether they were listed to the end."""
    if not unit.asked(CONNECTIONS, place):
        return
    listing = listed(unit, CONNECTIONS, place, "ekmConnections")
    found = by_name(listing)
    for name, (page, body) in sorted(found.items()):
        reached = _reached(unit, name)
        yield KeyStoreFact(
            source=unit.source,
            evidence=both((page.id,), unit.ids(CONNECTIVITY, name)),
            store_id=name,
            account=page.account,
            region=page.region,
            name=name.rpartition("/")[2],
            kind="external",
            connected=None if reached is None else reached == "none",
            connection_state={None: None, "none": "reachable"}.get(reached, "unreachable"),
            connection_error=reached,
            cluster_id="none",
            proxy_endpoint=_host(body),
            # A Service Directory service in a VPC network of the customer's.
            proxy_connectivity="vpc_endpoint_service",
            created_at=moment(body, "createTime"),
        )
    row = unit.coverage(KeyStoreFact, CONNECTIONS, unit.source, place, len(found), complete=listing.complete)
    yield row


def _reached(unit: Records, name: str) -> str | None:
    """Return ``none`` for a manager that Cloud KMS reaches, else the error code; None: it was not asked."""
    answer = unit.answer(CONNECTIVITY, name)
    return None if answer is None else answer.error_code or "none"


def _host(body: Object) -> str | None:
    resolvers = body.get("serviceResolvers")
    first = resolvers[0] if isinstance(resolvers, list) and resolvers else None
    return text(first, "hostname") if isinstance(first, dict) else None
