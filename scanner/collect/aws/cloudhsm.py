"""AWS CloudHSM: clusters and their backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.operation import Operation

NAME = "aws.cloudhsm"
PAGING = Paging(answer="NextToken", parameter="NextToken")
CLUSTERS = "cloudhsmv2:DescribeClusters"
BACKUPS = "cloudhsmv2:DescribeBackups"

_OF_PRODUCT = (
    "embodiment",
    "certificates",
    "certificate",
    "standard",
    "level",
    "certificate_status",
    "interim",
    "sunset_at",
    "reading_at",
)
"""What the table of certificates tells of a product, once it is known."""
_OF_CLUSTER = (
    "*",
    "name",
    "kind",
    "product",
    "version",
    "state",
    "approved_mode",
    "hsm_count",
    "zone_count",
    "backup_retention_days",
    "certificate_required",
    *_OF_PRODUCT,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=CLUSTERS,
        permissions=("cloudhsm:DescribeClusters",),
        feeds=tuple(f"modules.{name}" for name in _OF_CLUSTER),
        purpose="HSM clusters: type, mode, zones, how long backups are kept",
    ),
    Operation(
        name=BACKUPS,
        permissions=("cloudhsm:DescribeBackups",),
        feeds=("modules.backups", "modules.last_backup_at"),
        needs=(CLUSTERS,),
        purpose="the newest backup of each cluster",
    ),
)

DROP: Mapping[str, tuple[str, ...]] = {CLUSTERS: ("/Clusters/*/PreCoPassword", "/Clusters/*/Certificates")}
"""Operation to the members of its answers that are never kept: the first officer's password, and what nobody reads."""


def collect(asking: Asking) -> Iterator[Unit]:
    """Read one account and region; where CloudHSM is not offered, that is the answer. Yields no further units."""
    clusters = False
    for page in asking.pages(CLUSTERS, {}, PAGING, known=(NOT_OFFERED,), check=lists("Clusters", "ClusterId")):
        clusters = clusters or bool(page.body.get("Clusters"))
    if clusters:
        for _ in asking.pages(BACKUPS, {}, PAGING, check=lists("Backups", "BackupId")):
            pass
    yield from ()
