"""AWS Secrets Manager answers to rows.

Secrets Manager encrypts every secret, under its AWS-managed key unless it is given another
(docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.stores import NONE, Encryption, coverage, encrypted, store, tags_of
from scanner.normalize.reading import Object, flag, given, moment, text, text_or
from scanner.normalize.records import Records

SECRETS = "secretsmanager:ListSecrets"
DEFAULT_KEY = "alias/aws/secretsmanager"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the secrets of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(SECRETS, None, "SecretList", identity="ARN")
    secrets = {str(item["ARN"]): (page, item) for page, item in reversed(listing.items)}
    for arn, (page, item) in sorted(secrets.items()):
        yield _secret(unit, arn, page, item)
    yield coverage(unit, SECRETS, len(secrets), complete=listing.complete)


def _secret(unit: Records, arn: str, page: Observation, item: Object) -> DataStoreFact:
    primary = text_or(item, "PrimaryRegion", page.region)
    replica = primary not in (None, page.region)
    rotated = moment(item, "LastRotatedDate")
    row = store(unit, page, arn, "secret", (page.id,))
    return replace(
        encrypted(row, Encryption(True, NONE, text_or(item, "KmsKeyId", DEFAULT_KEY) or None)),
        name=text(item, "Name"),
        created_at=moment(item, "CreatedDate"),
        copy_of=_primary(arn, page.region, primary),
        tags=tags_of(item["Tags"]) if given(item, "Tags") else (),
        # A replica is rotated where its primary is, and may not tell.
        rotation_enabled=flag(item, "RotationEnabled")
        if given(item, "RotationEnabled")
        else None
        if replica
        else False,
        ever_rotated=True if rotated else None if replica or given(item, "LastRotatedDate") else False,
        last_rotated_at=rotated,
    )


def _primary(arn: str, region: str, primary: str | None) -> str | None:
    """Return the ARN of the secret that a replica repeats: the two differ in the region alone."""
    if primary is None:
        return None
    return NONE if primary == region else arn.replace(f":{region}:", f":{primary}:", 1)
