"""Amazon EBS answers to the one row of a region."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.ebs import normalize
from tests.normalize.builders import ACCOUNT, KEY, REGION, missed, observed

ABOUT = f"aws:{ACCOUNT}:{REGION}:ebs-default"


def default(value: Json) -> Record:
    return observed("ec2:GetEbsEncryptionByDefault", {"EbsEncryptionByDefault": value}, subject=ABOUT)


def key(value: Json) -> Record:
    return observed("ec2:GetEbsDefaultKmsKeyId", {"KmsKeyId": value}, subject=ABOUT)


DENIED = missed("ec2:GetEbsEncryptionByDefault", subject=ABOUT)
CASES: list[tuple[list[Record], bool | None, str | None]] = [
    ([default(True), key(KEY)], True, KEY),
    ([default(True), key("alias/aws/ebs")], True, "alias/aws/ebs"),
    ([default(True)], True, None),
    ([default(True), key("")], True, None),
    ([default(True), key(1)], True, None),
    ([default(True), missed("ec2:GetEbsDefaultKmsKeyId", subject=ABOUT)], True, None),
    ([default(False), key(KEY)], False, "none"),
    ([default("true"), key(KEY)], None, None),
    ([DENIED, key(KEY)], None, None),
    ([DENIED], None, None),
    ([observed("ec2:GetEbsEncryptionByDefault", "x", subject=ABOUT)], None, None),
]


@pytest.mark.parametrize(("records", "encrypted", "key_ref"), CASES)
def test_a_region_has_its_row_whatever_is_answered(
    records: list[Record], encrypted: bool | None, key_ref: str | None
) -> None:
    row, coverage = normalize(records)
    assert isinstance(row, DataStoreFact)
    assert isinstance(coverage, CoverageFact)
    assert (row.store_id, row.kind, row.tags, row.copy_of) == (ABOUT, "volume_default", (), "none")
    assert (row.encrypted, row.key_ref) == (encrypted, key_ref)
    assert (coverage.complete, coverage.row_count) == (True, 1)


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []
