"""AWS KMS itself as a module: one row a region, beside its keys.

Which HSMs it runs on is not in any answer, but it is documented for each partition
(docs.aws.amazon.com/kms/latest/developerguide/kms-internals.html; in the Regions of China they are others).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.normalize.records import Records

KEYS = "kms:ListKeys"
CHINA = "cn-"
"""How the names of regions begin whose HSMs are not those of the CMVP certificates."""


def module_rows(unit: Records, keys: int, *, complete: bool) -> Iterator[Fact]:
    """Yield the module of a unit of AWS KMS and that there is one.

    ``keys`` of its keys were listed; ``complete``: those are all.
    """
    record = unit.first
    assert record is not None  # noqa: S101 - the caller leaves empty units out
    china = record.region.startswith(CHINA)
    yield ModuleFact(
        source=unit.source,
        evidence=unit.ids(KEYS),
        module_id=f"{unit.source}:kms",
        provider="aws",
        account=record.account,
        region=record.region,
        name=f"AWS KMS {record.region}",
        kind="key_service",
        product="aws-kms-china" if china else "aws-kms",
        embodiment="hardware",
        version="none",
        state="none",
        # Nobody's data hangs on the key service of a region without a key.
        certificate_required=True if keys else False if complete else None,
    )
    row = unit.coverage(ModuleFact, KEYS, unit.source, None, 1, complete=True)
    yield replace(row, coverage_id=f"{row.coverage_id} {KEYS}")
