"""Amazon EBS answers to rows: one store a region, what new volumes get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.normalize.aws.stores import NONE, Encryption, coverage, encrypted, store
from scanner.normalize.reading import Object, flag, text
from scanner.normalize.records import Records

DEFAULT = "ec2:GetEbsEncryptionByDefault"
KEY = "ec2:GetEbsDefaultKmsKeyId"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the one row of a unit: an account and region always has the setting, so it is there without an answer."""
    unit = Records(records)
    if unit.first is None:
        return
    about = f"aws:{unit.first.account}:{unit.first.region}:ebs-default"
    row = store(unit, unit.first, about, "volume_default", unit.evidence(about))
    row = replace(row, name="EBS encryption by default", copy_of=NONE, tags=())
    yield encrypted(row, _encryption(unit, about))
    yield coverage(unit, DEFAULT, 1, complete=True, subject=about)


def _encryption(unit: Records, about: str) -> Encryption:
    on = flag(_answer(unit, DEFAULT, about), "EbsEncryptionByDefault")
    if on is None:
        return Encryption()
    # The key has its place in the settings before it is used at all.
    return Encryption(on, NONE, (text(_answer(unit, KEY, about), "KmsKeyId") or None) if on else NONE)


def _answer(unit: Records, operation: str, about: str) -> Object | None:
    body = unit.response(operation, about)
    return body if isinstance(body, dict) else None
