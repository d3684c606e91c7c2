"""AWS Backup answers to rows."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.backup import normalize
from tests.normalize.builders import KEY, missed, observed, rows

ARN = "arn:aws:backup:us-east-1:111122223333:backup-vault:main"
READ = "2026-06-15T12:00:01.000Z"
"""When the builders' answers end."""


def listed(*vaults: dict[str, Json], **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("backup:ListBackupVaults", {"BackupVaultList": [*vaults]}, **fields)


def vault(page: dict[str, Any] | None = None, /, **fields: Json) -> DataStoreFact:
    item: dict[str, Json] = {
        "BackupVaultArn": ARN,
        "BackupVaultName": "main",
        "CreationDate": "2025-01-02T03:04:05.000Z",
        "EncryptionKeyArn": KEY,
        "NumberOfRecoveryPoints": 5,
        "Locked": False,
        **fields,
    }
    (row,) = rows(list(normalize([listed(item, **(page or {}))])), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    return row


def test_a_vault_has_its_name_and_date() -> None:
    row = vault()
    assert (row.store_id, row.name, row.kind, row.recovery_points) == (ARN, "main", "backup_vault", 5)
    assert (str(row.created_at), row.copy_of, row.tags) == ("2025-01-02 03:04:05", "none", None)


AIR_GAPPED: dict[str, Json] = {"VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"}
ENCRYPTION: list[tuple[dict[str, Json], tuple[Any, ...]]] = [
    # A backup of some services has the key of its source, or none.
    ({}, (None, KEY)),
    ({"NumberOfRecoveryPoints": 0}, (True, KEY)),
    (AIR_GAPPED, (True, KEY)),
    ({**AIR_GAPPED, "EncryptionKeyType": "AWS_OWNED_KMS_KEY", "EncryptionKeyArn": None}, (True, "none")),
    ({"EncryptionKeyArn": None}, (None, None)),
    ({"EncryptionKeyArn": ""}, (None, None)),
    ({"EncryptionKeyArn": 1}, (None, None)),
]


@pytest.mark.parametrize(("fields", "wanted"), ENCRYPTION)
def test_encryption(fields: dict[str, Json], wanted: tuple[Any, ...]) -> None:
    row = vault(**fields)
    assert (row.encrypted, row.key_ref) == wanted


LOCKS: list[tuple[dict[str, Json], tuple[Any, ...]]] = [
    ({}, (False, "none", 0)),
    ({"Locked": None}, (None, None, None)),
    ({"Locked": "x"}, (None, None, None)),
    ({"Locked": True}, (True, "governance", 0)),
    ({"Locked": True, "MinRetentionDays": 35}, (True, "governance", 35)),
    ({"Locked": True, "MinRetentionDays": "x"}, (True, "governance", None)),
    ({"Locked": True, "LockDate": "2026-06-15T12:00:01.000Z"}, (True, "compliance", 0)),
    ({"Locked": True, "LockDate": "2026-06-15T12:00:02.000Z"}, (True, "governance", 0)),
    ({"Locked": True, "LockDate": "x"}, (True, None, 0)),
    ({"Locked": True, **AIR_GAPPED, "MinRetentionDays": 7}, (True, "compliance", 7)),
    ({"Locked": False, "MinRetentionDays": 7, "LockDate": READ}, (False, "none", 0)),
]


@pytest.mark.parametrize(("fields", "wanted"), LOCKS)
def test_locks(fields: dict[str, Json], wanted: tuple[Any, ...]) -> None:
    row = vault(**fields)
    assert (row.write_once, row.write_once_mode, row.write_once_days) == wanted


def test_a_lock_date_is_held_against_when_it_was_read() -> None:
    assert vault({"ended": "x"}, Locked=True, LockDate=READ).write_once_mode is None


POINTS: list[tuple[Json, int | None]] = [(0, 0), (5, 5), (-1, None), (True, None), ("5", None), (None, None)]


@pytest.mark.parametrize(("given", "wanted"), POINTS)
def test_recovery_points(given: Json, wanted: int | None) -> None:
    assert vault(NumberOfRecoveryPoints=given).recovery_points == wanted


LISTINGS: list[tuple[list[Record], bool, int]] = [
    ([listed({"BackupVaultArn": "a"}, last=False), listed({"BackupVaultArn": "b"}, page=1)], True, 2),
    ([listed({"BackupVaultArn": "a"}, {})], False, 1),
    ([missed("backup:ListBackupVaults")], False, 0),
]


@pytest.mark.parametrize(("records", "complete", "count"), LISTINGS)
def test_the_population(records: list[Record], complete: bool, count: int) -> None:
    (coverage,) = rows(list(normalize(records)), CoverageFact)
    assert (coverage.complete, coverage.row_count) == (complete, count)


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []
