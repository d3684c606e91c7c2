"""What the normalizers of data stores share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.arn import parse
from scanner.normalize.reading import text, text_or
from scanner.normalize.records import Records

NONE = "none"
"""Known to be absent: a key that only the provider knows, no key at all, nothing that it is a copy of."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """Whether and how a store is encrypted."""

    encrypted: bool | None = None
    provider_encryption: str | None = None
    key_ref: str | None = None


def store(unit: Records, page: Record, identity: str, kind: str, evidence: Iterable[Digest]) -> DataStoreFact:
    """Return the row of a store of AWS of which nothing more is known. AWS encrypts each of ours under any key."""
    return DataStoreFact(
        source=unit.source,
        evidence=tuple(sorted(set(evidence))),
        store_id=identity,
        provider="aws",
        account=page.account,
        region=page.region,
        kind=kind,
        customer_key_possible=True,
    )


def encrypted(row: DataStoreFact, how: Encryption) -> DataStoreFact:
    """Return a row with what is known of its encryption."""
    return replace(row, encrypted=how.encrypted, provider_encryption=how.provider_encryption, key_ref=how.key_ref)


def coverage(unit: Records, operation: str, rows: int, *, complete: bool, subject: str | None = None) -> CoverageFact:
    """Return the row that says whether a listing was read to its end.

    Several listings fill the table for one scope, so each has a row of its own.
    """
    row = unit.coverage(DataStoreFact, operation, unit.source, subject, rows, complete=complete)
    about = f" {subject}" if subject else ""
    return replace(row, coverage_id=f"{row.coverage_id} {operation}{about}")


def partition(record: Record) -> str:
    """Return the partition of whoever asked, which is that of what was read."""
    principal = parse(record.principal)
    return principal.partition if principal else "aws"


def prefix(record: Record, service: str) -> str:
    """Return how ARNs of a service begin where a record was read, ``arn:aws:rds:us-east-1:111122223333:``."""
    return f"arn:{partition(record)}:{service}:{record.region}:{record.account}:"


def tags_of(listed: Json) -> tuple[str, ...] | None:
    """Return a list of objects of a ``Key`` and a ``Value`` as ``key=value``, sorted, or None when it is none."""
    if not isinstance(listed, list):
        return None
    found: set[str] = set()
    for tag in listed:
        key = text(tag, "Key") if isinstance(tag, dict) else None
        value = text_or(tag, "Value", "") if isinstance(tag, dict) else None
        if key is None or value is None:
            return None
        found.add(f"{key}={value}")
    return tuple(sorted(found))


def both(*values: bool | None) -> bool | None:
    """Return whether all are true, as far as that is known."""
    return False if False in values else None if None in values else True


def either(*values: bool | None) -> bool | None:
    """Return whether any is true, as far as that is known."""
    return True if True in values else None if None in values else False


def about(unit: Records, page: Observation, subject: str) -> tuple[Digest, ...]:
    """Return the ids of the answers about a store, with the page that lists it."""
    return unit.evidence(subject, page.id)
