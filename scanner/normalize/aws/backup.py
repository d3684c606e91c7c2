"""AWS Backup answers to rows.

What a vault's key encrypts are the backups of services that AWS Backup fully manages; a backup of the others has the
key of its source, or none (docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html). So a listing of vaults does
not tell whether all that a vault holds is encrypted, but of one that holds nothing or is logically air-gapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.stores import NONE, Encryption, coverage, encrypted, store
from scanner.normalize.reading import Object, days, flag, given, moment, text
from scanner.normalize.records import Records

VAULTS = "backup:ListBackupVaults"
AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
OWN_KEY = "AWS_OWNED_KMS_KEY"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the vaults of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(VAULTS, None, "BackupVaultList", identity="BackupVaultArn")
    vaults = {str(item["BackupVaultArn"]): (page, item) for page, item in reversed(listing.items)}
    for arn, (page, item) in sorted(vaults.items()):
        yield _vault(unit, arn, page, item)
    yield coverage(unit, VAULTS, len(vaults), complete=listing.complete)


def _vault(unit: Records, arn: str, page: Observation, item: Object) -> DataStoreFact:
    points = _count(item, "NumberOfRecoveryPoints")
    sealed = text(item, "VaultType") == AIR_GAPPED
    lock = _lock(page, item, sealed=sealed)
    kind = text(item, "EncryptionKeyType")
    key = NONE if kind == OWN_KEY else text(item, "EncryptionKeyArn") or None
    row = store(unit, page, arn, "backup_vault", (page.id,))
    return replace(
        encrypted(row, Encryption(True if sealed or points == 0 else None, kind, key)),
        name=text(item, "BackupVaultName"),
        created_at=moment(item, "CreationDate"),
        copy_of=NONE,
        write_once=lock.on,
        write_once_mode=lock.mode,
        write_once_days=lock.days,
        recovery_points=points,
    )


@dataclass(frozen=True, slots=True)
class _Lock:
    on: bool | None = None
    mode: str | None = None
    days: int | None = None


def _lock(page: Observation, item: Object, *, sealed: bool) -> _Lock:
    on = flag(item, "Locked")
    if on is None:
        return _Lock()
    if not on:
        return _Lock(False, NONE, 0)
    least = days(item, "MinRetentionDays") if given(item, "MinRetentionDays") else 0
    return _Lock(True, "compliance" if sealed else _mode(page, item), least)


def _mode(page: Observation, item: Object) -> str | None:
    """Return who can take the lock away: whoever may administer the vault, until the day when nobody can any more."""
    if not given(item, "LockDate"):
        return "governance"
    from_then = moment(item, "LockDate")
    read = moment({"ended": page.ended}, "ended")
    if from_then is None or read is None:
        return None
    return "compliance" if from_then <= read else "governance"


def _count(item: Object, name: str) -> int | None:
    value = item.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
