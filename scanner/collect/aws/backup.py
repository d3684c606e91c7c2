"""AWS Backup: vaults, their keys and locks."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, feeds
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.operation import Operation

NAME = "aws.backup"
PAGING = Paging(answer="NextToken", parameter="NextToken")
VAULTS = "backup:ListBackupVaults"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=VAULTS,
        permissions=(VAULTS,),
        feeds=(
            *feeds("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "customer_key_possible"),
            *feeds("write_once", "write_once_mode", "write_once_days", "recovery_points"),
            *KEYED,
        ),
        purpose="the population of backup vaults, their keys and locks",
    ),
)


def collect(asking: Asking) -> Iterator[Unit]:
    """List the vaults of one account and region. Yields no further units."""
    check = lists("BackupVaultList", "BackupVaultArn")
    for _ in asking.pages(VAULTS, {"MaxResults": 1000}, PAGING, known=(NOT_OFFERED,), check=check):
        pass
    yield from ()
