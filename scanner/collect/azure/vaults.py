"""The key vaults and managed HSMs of one subscription; each is then read as a scope of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scanner.collect.azure import vault
from scanner.collect.azure.accounts import PAGING, Service, Way
from scanner.collect.azure.shapes import UNREGISTERED, identified, items
from scanner.collect.interface import Asking, Unit
from scanner.model.operation import Operation

NAME = "azure.vaults"
VAULTS, HSMS = vault.VAULTS, vault.HSMS

_POPULATIONS = tuple(
    f"{table}.*" for table in ("vaults", "keys", "key_policies", "modules", "audit_scopes", "audit_trails")
)
"""What is in vaults is there only where the vaults are listed."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=VAULTS,
        permissions=("Microsoft.KeyVault/vaults/read",),
        feeds=_POPULATIONS,
        kinds=vault.MODULES,
        purpose="the population of key vaults",
    ),
    Operation(
        name=HSMS,
        permissions=("Microsoft.KeyVault/managedHSMs/read",),
        feeds=_POPULATIONS,
        kinds=vault.MODULES,
        purpose="the population of managed HSMs",
    ),
)


def collect(asking: Asking, way: Way) -> Iterator[Unit]:
    """List what holds keys in a subscription. Yields a unit for each vault and each managed HSM."""
    names: set[str] = set()
    for operation, kind in ((VAULTS, vault.VAULT), (HSMS, vault.MANAGED_HSM)):
        params = {"subscription": asking.unit.account}
        for page in asking.pages(operation, params, PAGING, known=(UNREGISTERED,), check=identified("id")):
            for entry in items(page.body):
                holder = vault.holder_of(entry, kind)
                # A vault and a managed HSM may share their name; their scopes may not.
                scope = holder.name if holder.name.lower() not in names else f"{holder.name}-{kind}"
                names.add(scope.lower())
                service = Service(vault.NAME, vault.OPERATIONS, partial(vault.collect, holder=holder))
                yield way.unit(service, asking.unit.account, holder=scope, region=holder.location)


SERVICE = Service(NAME, OPERATIONS, collect)
