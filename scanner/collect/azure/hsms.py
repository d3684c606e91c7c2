"""HSMs of a subscription that its owner runs by themselves: Dedicated HSM, and Cloud HSM clusters.

Azure Resource Manager tells that they are there. What keys they hold, only their own software tells (PKCS #11).
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.azure.accounts import PAGING, Service, Way
from scanner.collect.azure.shapes import UNREGISTERED, identified
from scanner.collect.interface import Asking, Unit
from scanner.model.operation import Operation, columns

NAME = "azure.hsms"
DEDICATED = "hsm:DedicatedHsm_ListBySubscription"
CLUSTERS = "hsm:CloudHsmClusters_ListBySubscription"

_FED = columns("modules", "*", "name", "kind", "product", "embodiment", "version", "state", "certificate_required")
_KIND = ("modules.hsm_cluster",)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=DEDICATED,
        permissions=("Microsoft.HardwareSecurityModules/dedicatedHSMs/read",),
        feeds=_FED,
        kinds=_KIND,
        purpose="the population of dedicated HSMs",
    ),
    Operation(
        name=CLUSTERS,
        permissions=("Microsoft.HardwareSecurityModules/cloudHsmClusters/read",),
        feeds=_FED,
        kinds=_KIND,
        purpose="the population of Cloud HSM clusters",
    ),
)


def collect(asking: Asking, _: Way) -> Iterator[Unit]:
    """List what a subscription has. Yields no further units."""
    params = {"subscription": asking.unit.account}
    for operation in (DEDICATED, CLUSTERS):
        for _page in asking.pages(operation, params, PAGING, known=(UNREGISTERED,), check=identified("id")):
            pass
    yield from ()


SERVICE = Service(NAME, OPERATIONS, collect)
