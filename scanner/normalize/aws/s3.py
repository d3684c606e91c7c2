"""Amazon S3 answers to rows.

S3 encrypts whatever is written since 2023-01-05, under a key of its own where a bucket names none
(docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html): a bucket without a configuration of its own
is encrypted so. What an object was written with before is its own affair and is not in any setting of a bucket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.bucket_policy import MalformedPolicyError, refuses_plain_http
from scanner.normalize.aws.s3_lifecycle import UNLIMITED, Retention, retention
from scanner.normalize.aws.stores import (
    NONE,
    Encryption,
    about,
    both,
    coverage,
    either,
    encrypted,
    partition,
    store,
    tags_of,
)
from scanner.normalize.reading import Object, child, choice, days, flag, given, moment, text, text_or
from scanner.normalize.records import Records

BUCKETS = "s3:ListBuckets"
ENCRYPTION = "s3:GetBucketEncryption"
VERSIONING = "s3:GetBucketVersioning"
LOCK = "s3:GetObjectLockConfiguration"
LIFECYCLE = "s3:GetBucketLifecycleConfiguration"
POLICY = "s3:GetBucketPolicy"
STATUS = "s3:GetBucketPolicyStatus"
LOGGING = "s3:GetBucketLogging"
TAGGING = "s3:GetBucketTagging"
BLOCK = "s3:GetPublicAccessBlock"
OWNERSHIP = "s3:GetBucketOwnershipControls"
ACL = "s3:GetBucketAcl"
OF_BUCKET = (ENCRYPTION, VERSIONING, LOCK, LIFECYCLE, POLICY, STATUS, LOGGING, TAGGING, BLOCK, OWNERSHIP, ACL)
GONE = "NoSuchBucket"

OWN_KEY = "AES256"
UNDER_KMS = frozenset({"aws:kms", "aws:kms:dsse"})
DEFAULT_KEY = "alias/aws/s3"
"""The AWS-managed key that stands in where an algorithm of AWS KMS comes without a key."""

_EVERYBODY = frozenset(
    {"http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
)
"""Groups of an ACL that anybody is in, or can be in by making an account."""
_OWNERSHIP = {"BucketOwnerEnforced": True, "BucketOwnerPreferred": False, "ObjectWriter": False}
_MODES = {"COMPLIANCE": "compliance", "GOVERNANCE": "governance"}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the buckets of one account in one region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(BUCKETS, None, "Buckets", identity="Name")
    found: dict[str, tuple[Observation, Object]] = {}
    for page, item in reversed(listing.items):
        # Those of other regions are read there.
        if item.get("BucketRegion") in (None, page.region):
            found[f"arn:{partition(page)}:s3:::{item['Name']}"] = (page, item)
    there = [arn for arn in sorted(found) if not any(unit.error(name, arn) == GONE for name in OF_BUCKET)]
    for arn in there:
        yield _bucket(unit, arn, *found[arn])
    yield coverage(unit, BUCKETS, len(there), complete=listing.complete)


def _bucket(unit: Records, arn: str, page: Observation, item: Object) -> DataStoreFact:
    rules = _rules(unit, arn)
    row = encrypted(store(unit, page, arn, "object_store", about(unit, page, arn)), _encryption(unit, arn, rules))
    versioning = _versioning(unit, arn)
    lock, kept = _lock(unit, arn), _retention(unit, arn, versioning)
    return replace(
        row,
        name=text(item, "Name"),
        created_at=moment(item, "CreationDate"),
        tags=_tags(unit, arn),
        versioned=None if versioning is None else versioning == "Enabled",
        write_once=lock.on,
        write_once_mode=lock.mode,
        write_once_days=lock.days,
        expires=kept.expires,
        retention_days=kept.retention_days,
        removes=kept.removes,
        shortest_retention_days=kept.shortest_retention_days,
        tls_only=_tls_only(unit, arn),
        access_logged=_logged(unit, arn),
        public=_public(unit, arn),
        bucket_key=_bucket_key(rules),
    )


def _body(unit: Records, operation: str, arn: str) -> Object | None:
    body = unit.response(operation, arn)
    return body if isinstance(body, dict) else None


def _rules(unit: Records, arn: str) -> Object | None:
    """Return the one rule of a bucket's default encryption, an empty one when it has none; None: not known."""
    if unit.error(ENCRYPTION, arn) == "ServerSideEncryptionConfigurationNotFoundError":
        return {}
    rules = (child(_body(unit, ENCRYPTION, arn), "ServerSideEncryptionConfiguration") or {}).get("Rules")
    if isinstance(rules, list) and len(rules) == 1 and isinstance(rules[0], dict):
        return rules[0]
    return None


def _algorithm(rule: Object | None) -> str | None:
    """Return what a rule encrypts by; one without a default leaves the one of S3."""
    if rule is None or not given(rule, "ApplyServerSideEncryptionByDefault"):
        return None if rule is None else OWN_KEY
    return text(child(rule, "ApplyServerSideEncryptionByDefault"), "SSEAlgorithm")


def _encryption(unit: Records, arn: str, rule: Object | None) -> Encryption:
    algorithm = _algorithm(rule)
    if algorithm in UNDER_KMS:
        by_default = child(rule, "ApplyServerSideEncryptionByDefault")
        return Encryption(True, algorithm, text_or(by_default, "KMSMasterKeyID", DEFAULT_KEY) or None)
    # However it is configured, it is encrypted; without any answer even that it exists is not sure.
    there = rule is not None or _body(unit, ENCRYPTION, arn) is not None
    return Encryption(True if there else None, algorithm, NONE if algorithm == OWN_KEY else None)


def _bucket_key(rule: Object | None) -> bool | None:
    algorithm = _algorithm(rule)
    if algorithm != "aws:kms":
        return None if algorithm is None else False  # only SSE-KMS has bucket keys, and not the dual-layer one
    return flag(rule, "BucketKeyEnabled") if given(rule, "BucketKeyEnabled") else False


def _versioning(unit: Records, arn: str) -> str | None:
    """Return ``Enabled``, ``Suspended``, empty for a bucket that never had versions, or None."""
    status = text_or(_body(unit, VERSIONING, arn), "Status", "")
    return status if status in ("Enabled", "Suspended", "") else None


@dataclass(frozen=True, slots=True)
class _Lock:
    on: bool | None = None
    mode: str | None = None
    days: int | None = None


_UNLOCKED = _Lock(False, NONE, 0)


def _lock(unit: Records, arn: str) -> _Lock:
    if unit.error(LOCK, arn) == "ObjectLockConfigurationNotFoundError":
        return _UNLOCKED
    config = child(_body(unit, LOCK, arn), "ObjectLockConfiguration")
    if text(config, "ObjectLockEnabled") != "Enabled":
        return _Lock()
    if not given(config, "Rule"):
        return _UNLOCKED  # each object may be locked, none is by itself
    rule = child(child(config, "Rule"), "DefaultRetention")
    mode = choice(rule, "Mode", _MODES)
    if mode is None:
        return _Lock()  # a hold until some event, or what we do not know
    by_day, by_year = days(rule, "Days"), days(rule, "Years")
    terms = [*filter(None, [by_day, by_year * 365 if by_year else None])]
    return _Lock(True, mode, terms[0] if len(terms) == 1 else None)


def _retention(unit: Records, arn: str, versioning: str | None) -> Retention:
    if unit.error(LIFECYCLE, arn) == "NoSuchLifecycleConfiguration":
        return UNLIMITED
    body = _body(unit, LIFECYCLE, arn)
    return retention(body.get("Rules"), versioning) if body is not None else Retention()


def _tags(unit: Records, arn: str) -> tuple[str, ...] | None:
    if unit.error(TAGGING, arn) == "NoSuchTagSet":
        return ()
    return tags_of((_body(unit, TAGGING, arn) or {}).get("TagSet"))


def _tls_only(unit: Records, arn: str) -> bool | None:
    answer = unit.answer(POLICY, arn)
    if answer is None:
        return None
    if answer.error_code == "NoSuchBucketPolicy":
        return False
    document = text(_body(unit, POLICY, arn), "Policy")
    if document is None or "/response/Policy" in answer.redacted:
        return None  # one that redaction cut may have lost a statement, and still be a policy
    try:
        return refuses_plain_http(document, arn)
    except MalformedPolicyError:
        return None


def _logged(unit: Records, arn: str) -> bool | None:
    body = _body(unit, LOGGING, arn)
    if body is None:
        return None
    return bool(text(child(body, "LoggingEnabled"), "TargetBucket")) or (
        None if given(body, "LoggingEnabled") else False
    )


def _public(unit: Records, arn: str) -> bool | None:
    unblocked = unit.error(BLOCK, arn) == "NoSuchPublicAccessBlockConfiguration"
    block = {} if unblocked else child(_body(unit, BLOCK, arn), "PublicAccessBlockConfiguration")
    by_policy = False if unit.error(STATUS, arn) == "NoSuchBucketPolicy" else _status(unit, arn)
    open_to_policy = _not(_setting(block, "RestrictPublicBuckets"))
    acls = _not(either(_setting(block, "IgnorePublicAcls"), _enforces_owner(unit, arn)))
    return either(both(by_policy, open_to_policy), both(acls, _by_acl(unit, arn)))


def _status(unit: Records, arn: str) -> bool | None:
    return flag(child(_body(unit, STATUS, arn), "PolicyStatus"), "IsPublic")


def _setting(block: Object | None, name: str) -> bool | None:
    if block is None:
        return None
    return flag(block, name) if given(block, name) else False


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _enforces_owner(unit: Records, arn: str) -> bool | None:
    if unit.error(OWNERSHIP, arn) == "OwnershipControlsNotFoundError":
        return False
    rules = (child(_body(unit, OWNERSHIP, arn), "OwnershipControls") or {}).get("Rules")
    if not isinstance(rules, list) or len(rules) != 1 or not isinstance(rules[0], dict):
        return None
    return choice(rules[0], "ObjectOwnership", _OWNERSHIP)


def _by_acl(unit: Records, arn: str) -> bool | None:
    """Tell whether the bucket's ACL lets anybody in. If it does not, an object's own ACL may: those are not read."""
    grants = (_body(unit, ACL, arn) or {}).get("Grants")
    listed: list[Json] = grants if isinstance(grants, list) else []
    grantees = [child(grant, "Grantee") for grant in listed]
    return True if any(text(one, "URI") in _EVERYBODY for one in grantees) else None
