"""AWS KMS itself as a module of its region."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.modules import ModuleFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.key_service import module_rows
from scanner.normalize.records import Records
from tests.normalize.builders import ACCOUNT, KEY, REGION, SOURCE, listed, missed, rows


def test_the_module_of_a_region() -> None:
    page = listed(KEY)
    facts = list(module_rows(Records([page]), 1, complete=True))
    (row,) = rows(facts, ModuleFact)
    assert (row.module_id, row.kind, row.product) == (f"{SOURCE}:kms", "key_service", "aws-kms")
    assert (row.source, row.provider, row.account, row.region) == (SOURCE, "aws", ACCOUNT, REGION)
    assert (row.name, row.embodiment, row.version, row.state) == (f"AWS KMS {REGION}", "hardware", "none", "none")
    assert row.evidence == (page.id,)
    # What AWS does not tell of its own HSMs is not known.
    assert {row.approved_mode, row.hsm_count, row.zone_count, row.backups, row.certificate} == {None}


@pytest.mark.parametrize(
    ("keys", "complete", "required"), [(3, True, True), (3, False, True), (0, True, False), (0, False, None)]
)
def test_a_certificate_is_needed_where_there_is_a_key(keys: int, complete: bool, required: bool | None) -> None:
    (row,) = rows(list(module_rows(Records([listed()]), keys, complete=complete)), ModuleFact)
    assert row.certificate_required is required


def test_in_china_the_modules_are_others() -> None:
    page = replace(listed(KEY), region="cn-north-1")
    (row,) = rows(list(module_rows(Records([page]), 1, complete=True)), ModuleFact)
    assert row.product == "aws-kms-china"


def test_there_is_one_even_when_its_keys_may_not_be_listed() -> None:
    facts = list(module_rows(Records([missed("kms:ListKeys")]), 0, complete=False))
    (row,) = rows(facts, CoverageFact)
    assert (row.coverage_id, row.complete, row.row_count) == (f"modules {SOURCE} kms:ListKeys", True, 1)
    assert len(rows(facts, ModuleFact)) == 1
