"""Amazon DynamoDB answers to rows."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.dynamodb import normalize
from tests.normalize.builders import KEY, missed, observed, rows

ARN = "arn:aws:dynamodb:us-east-1:111122223333:table/calls"


def listed(*names: Json, **fields: Any) -> Record:  # noqa: ANN401 - fields of an answer
    return observed("dynamodb:ListTables", {"TableNames": [*names]}, **fields)


def described(**fields: Json) -> Record:
    table: dict[str, Json] = {"TableName": "calls", "TableArn": ARN, "CreationDateTime": "2025-01-02T03:04:05.000Z"}
    return observed("dynamodb:DescribeTable", {"Table": {**table, **fields}}, subject=ARN)


def table(*records: Record) -> DataStoreFact:
    (row,) = rows(list(normalize([listed("calls"), *records])), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    return row


UNDER_KMS: dict[str, Json] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}
ENCRYPTION: list[tuple[dict[str, Json], tuple[str | None, str | None]]] = [
    ({}, ("none", "none")),
    ({"SSEDescription": UNDER_KMS}, ("KMS", KEY)),
    ({"SSEDescription": {**UNDER_KMS, "Status": "UPDATING"}}, ("KMS", KEY)),
    ({"SSEDescription": {"Status": "DISABLED"}}, ("none", "none")),
    ({"SSEDescription": {**UNDER_KMS, "Status": "ENABLING"}}, ("KMS", None)),
    ({"SSEDescription": {**UNDER_KMS, "SSEType": "AES256"}}, ("AES256", None)),
    ({"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS"}}, ("KMS", None)),
    ({"SSEDescription": {**UNDER_KMS, "KMSMasterKeyArn": ""}}, ("KMS", None)),
    ({"SSEDescription": "x"}, (None, None)),
]


@pytest.mark.parametrize(("fields", "wanted"), ENCRYPTION)
def test_a_table_is_always_encrypted_and_names_its_key(
    fields: dict[str, Json], wanted: tuple[str | None, str | None]
) -> None:
    row = table(described(**fields))
    assert (row.encrypted, row.provider_encryption, row.key_ref) == (True, *wanted)


def test_a_table_that_may_not_be_described_has_a_key_that_is_not_known() -> None:
    row = table(missed("dynamodb:DescribeTable", subject=ARN))
    assert (row.store_id, row.name, row.kind) == (ARN, "calls", "key_value_table")
    assert (row.encrypted, row.key_ref, row.created_at, row.point_in_time_recovery, row.tags) == (
        True,
        None,
        None,
        None,
        None,
    )


def test_an_answer_about_another_table_says_nothing() -> None:
    row = table(described(TableArn=ARN + "2", SSEDescription=UNDER_KMS))
    assert (row.key_ref, row.created_at) == (None, None)


def backups(status: Json, recovery: Json) -> Json:
    recovered: dict[str, Json] = {"PointInTimeRecoveryStatus": recovery}
    told: dict[str, Json] = {"ContinuousBackupsStatus": status, "PointInTimeRecoveryDescription": recovered}
    return {"ContinuousBackupsDescription": told}


BACKUPS: list[tuple[Json, bool | None]] = [
    (backups("ENABLED", "ENABLED"), True),
    (backups("ENABLED", "DISABLED"), False),
    (backups("DISABLED", None), False),
    (backups("ENABLED", None), None),
    (backups("ENABLED", "PERHAPS"), None),
    ({}, None),
]


@pytest.mark.parametrize(("answer", "wanted"), BACKUPS)
def test_point_in_time_recovery(answer: Json, wanted: bool | None) -> None:
    told = observed("dynamodb:DescribeContinuousBackups", answer, subject=ARN)
    assert table(described(), told).point_in_time_recovery is wanted


TAG_PAGES: list[tuple[list[Record], tuple[str, ...] | None]] = [
    ([observed("dynamodb:ListTagsOfResource", {"Tags": []}, subject=ARN)], ()),
    (
        [
            observed("dynamodb:ListTagsOfResource", {"Tags": [{"Key": "b", "Value": "2"}]}, subject=ARN, last=False),
            observed("dynamodb:ListTagsOfResource", {"Tags": [{"Key": "a", "Value": "1"}]}, subject=ARN, page=1),
        ],
        ("a=1", "b=2"),
    ),
    (
        [
            observed("dynamodb:ListTagsOfResource", {"Tags": [{"Key": "b", "Value": "2"}]}, subject=ARN, last=False),
            missed("dynamodb:ListTagsOfResource", subject=ARN, page=1),
        ],
        None,
    ),
    ([observed("dynamodb:ListTagsOfResource", {"Tags": [{"Key": "a", "Value": 1}]}, subject=ARN)], None),
]


@pytest.mark.parametrize(("records", "wanted"), TAG_PAGES)
def test_tags(records: list[Record], wanted: tuple[str, ...] | None) -> None:
    assert table(*records).tags == wanted


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "TableNotFoundException"])
def test_a_table_that_is_gone_has_no_row(code: str) -> None:
    gone = observed("dynamodb:DescribeTable", {"message": "no"}, subject=ARN, error=code)
    (coverage,) = list(normalize([listed("calls"), gone]))
    assert isinstance(coverage, CoverageFact)
    assert (coverage.complete, coverage.row_count) == (True, 0)


LISTINGS: list[tuple[list[Record], bool, int]] = [
    ([listed("a", "b", last=False), listed("b", "c", page=1)], True, 3),
    ([listed("a", last=False), missed("dynamodb:ListTables", page=1)], False, 1),
    ([listed("a", 1)], False, 1),
    ([listed("a", "")], False, 1),
    ([observed("dynamodb:ListTables", {"TableNames": "x"})], False, 0),
    ([observed("dynamodb:ListTables", "x")], False, 0),
    ([missed("dynamodb:ListTables")], False, 0),
    ([observed("dynamodb:ListTables", {"message": "no"}, error="ServiceNotInRegion")], True, 0),
]


@pytest.mark.parametrize(("records", "complete", "count"), LISTINGS)
def test_the_population(records: list[Record], complete: bool, count: int) -> None:
    facts = list(normalize(records))
    (coverage,) = rows(facts, CoverageFact)
    assert (coverage.complete, coverage.row_count, len(rows(facts, DataStoreFact))) == (complete, count, count)


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []
