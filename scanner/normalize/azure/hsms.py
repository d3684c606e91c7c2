"""Dedicated HSMs and Cloud HSM clusters to rows: that they are there. Their keys are told by PKCS #11 alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.model.observation import Observation, Record
from scanner.normalize.reading import Object, child, text
from scanner.normalize.records import Records

DEDICATED = "hsm:DedicatedHsm_ListBySubscription"
CLUSTERS = "hsm:CloudHsmClusters_ListBySubscription"

_PRODUCTS = {DEDICATED: "azure-dedicated-hsm", CLUSTERS: "azure-cloud-hsm"}
_LUNA = "safenet luna"
"""How the SKU of a dedicated HSM begins; the payment HSMs of the same type of resource are another product."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: what HSMs a subscription has of its own."""
    unit = Records(records)
    for operation in _PRODUCTS:
        if not unit.asked(operation):
            continue
        listing = unit.listing(operation, None, "value", identity="id")
        found = {str(item["id"]): (page, item) for page, item in reversed(listing.items)}
        for identity, (page, item) in sorted(found.items()):
            yield _module(unit, operation, identity, page, item)
        count = len(found)
        yield unit.coverage(ModuleFact, operation, unit.source, None, count, complete=listing.complete, among=True)


def _module(unit: Records, operation: str, identity: str, page: Observation, item: Object) -> ModuleFact:
    properties = child(item, "properties")
    sku = (text(child(item, "sku"), "name") or "").lower()
    product = _PRODUCTS[operation] if operation == CLUSTERS or sku.startswith(_LUNA) else None
    return ModuleFact(
        source=unit.source,
        evidence=(page.id,),
        module_id=identity,
        provider="azure",
        account=page.account,
        region=text(item, "location") or "",
        name=text(item, "name"),
        kind="hsm_cluster",
        product=product,
        embodiment="hardware",
        version="none",
        state=text(properties, "provisioningState"),
        # Who sets up an HSM of its own, holds in it what it protects with it.
        certificate_required=True,
    )
