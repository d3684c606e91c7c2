"""AWS Secrets Manager answers to rows."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.secretsmanager import normalize
from tests.normalize.builders import KEY, missed, observed, rows

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db/voice-a1b2c3"
ROTATED = "2026-05-01T00:00:00.000Z"


def listed(*secrets: dict[str, Json], **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("secretsmanager:ListSecrets", {"SecretList": [*secrets]}, **fields)


def secret(**fields: Json) -> DataStoreFact:
    item: dict[str, Json] = {"ARN": ARN, "Name": "db/voice", "CreatedDate": "2025-01-02T03:04:05.000Z", **fields}
    (row,) = rows(list(normalize([listed(item)])), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    return row


def test_a_secret_has_its_name_and_dates() -> None:
    row = secret(Tags=[{"Key": "data-classification", "Value": "ephi"}])
    assert (row.store_id, row.name, row.kind, str(row.created_at)) == (ARN, "db/voice", "secret", "2025-01-02 03:04:05")
    assert (row.tags, row.copy_of) == (("data-classification=ephi",), "none")


KEYS: list[tuple[dict[str, Json], str | None]] = [
    ({}, "alias/aws/secretsmanager"),
    ({"KmsKeyId": KEY}, KEY),
    ({"KmsKeyId": "alias/voice"}, "alias/voice"),
    ({"KmsKeyId": ""}, None),
    ({"KmsKeyId": 1}, None),
]


@pytest.mark.parametrize(("fields", "wanted"), KEYS)
def test_a_secret_is_always_encrypted_and_names_its_key(fields: dict[str, Json], wanted: str | None) -> None:
    row = secret(**fields)
    assert (row.encrypted, row.key_ref) == (True, wanted)


ROTATIONS: list[tuple[dict[str, Json], tuple[Any, ...]]] = [
    ({}, (False, False, None)),
    ({"RotationEnabled": True, "LastRotatedDate": ROTATED}, (True, True, "2026-05-01 00:00:00")),
    ({"RotationEnabled": True}, (True, False, None)),
    ({"RotationEnabled": False, "LastRotatedDate": ROTATED}, (False, True, "2026-05-01 00:00:00")),
    ({"RotationEnabled": "x", "LastRotatedDate": "x"}, (None, None, None)),
    ({"PrimaryRegion": "us-west-2"}, (None, None, None)),
    (
        {"PrimaryRegion": "us-west-2", "RotationEnabled": True, "LastRotatedDate": ROTATED},
        (True, True, "2026-05-01 00:00:00"),
    ),
    ({"PrimaryRegion": "us-east-1"}, (False, False, None)),
]


@pytest.mark.parametrize(("fields", "wanted"), ROTATIONS)
def test_rotation(fields: dict[str, Json], wanted: tuple[Any, ...]) -> None:
    row = secret(**fields)
    last = None if row.last_rotated_at is None else str(row.last_rotated_at)
    assert (row.rotation_enabled, row.ever_rotated, last) == wanted


PRIMARIES: list[tuple[dict[str, Json], str | None]] = [
    ({}, "none"),
    ({"PrimaryRegion": "us-east-1"}, "none"),
    ({"PrimaryRegion": "us-west-2"}, ARN.replace("us-east-1", "us-west-2")),
    ({"PrimaryRegion": 1}, None),
]


@pytest.mark.parametrize(("fields", "wanted"), PRIMARIES)
def test_a_replica_names_its_primary(fields: dict[str, Json], wanted: str | None) -> None:
    assert secret(**fields).copy_of == wanted


TAGS: list[tuple[Json, tuple[str, ...] | None]] = [([], ()), (None, ()), ("x", None), ([{}], None)]


@pytest.mark.parametrize(("listed_", "wanted"), TAGS)
def test_tags(listed_: Json, wanted: tuple[str, ...] | None) -> None:
    assert secret(Tags=listed_).tags == wanted


LISTINGS: list[tuple[list[Record], bool, int]] = [
    ([listed({"ARN": "a"}, last=False), listed({"ARN": "a"}, {"ARN": "b"}, page=1)], True, 2),
    ([listed({"ARN": "a"}, {"ARN": 1})], False, 1),
    ([listed({"ARN": "a"}, last=False), missed("secretsmanager:ListSecrets", page=1)], False, 1),
    ([missed("secretsmanager:ListSecrets")], False, 0),
]


@pytest.mark.parametrize(("records", "complete", "count"), LISTINGS)
def test_the_population(records: list[Record], complete: bool, count: int) -> None:
    (coverage,) = rows(list(normalize(records)), CoverageFact)
    assert (coverage.complete, coverage.row_count) == (complete, count)


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []
