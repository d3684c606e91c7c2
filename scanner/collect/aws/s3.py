"""Amazon S3: the buckets of one region, and what each says of encryption, retention, transport and access.

A bucket is asked where it is: no request leaves its region, whatever the provider answers. Account-level settings and
directory buckets are other services of AWS and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanner.collect.aws.checks import holds, lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, TAGGED, entries, feeds, place_of
from scanner.collect.interface import Answer, Asking, Check, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation

NAME = "aws.s3"
PAGING = Paging(answer="ContinuationToken", parameter="ContinuationToken")
BUCKETS = "s3:ListBuckets"
BLOCK = "s3:GetPublicAccessBlock"
OWNERSHIP = "s3:GetBucketOwnershipControls"
ACL = "s3:GetBucketAcl"
GONE = "NoSuchBucket"
"""Error code: deleted between the listing and now. That is the answer."""

_RETENTION = feeds("expires", "retention_days", "removes", "shortest_retention_days")


def _operation(name: str, permission: str, purpose: str, *fed: str, needs: tuple[str, ...] = (BUCKETS,)) -> Operation:
    return Operation(name=name, permissions=(permission,), feeds=fed, needs=needs, purpose=purpose)


OPERATIONS: tuple[Operation, ...] = (
    _operation(
        BUCKETS,
        "s3:ListAllMyBuckets",
        "the population of buckets",
        *feeds("*", "name", "created_at", "customer_key_possible"),
        needs=(),
    ),
    _operation(
        "s3:GetBucketEncryption",
        "s3:GetEncryptionConfiguration",
        "default encryption and its key",
        *feeds("encrypted", "provider_encryption", "bucket_key"),
        *KEYED,
    ),
    _operation(
        "s3:GetBucketVersioning",
        "s3:GetBucketVersioning",
        "whether former versions are kept",
        *feeds("versioned"),
        *_RETENTION,
    ),
    _operation(
        "s3:GetObjectLockConfiguration",
        "s3:GetBucketObjectLockConfiguration",
        "write-once retention",
        *feeds("write_once", "write_once_mode", "write_once_days"),
    ),
    _operation(
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
        "what is removed after which time",
        *_RETENTION,
    ),
    _operation("s3:GetBucketPolicy", "s3:GetBucketPolicy", "whether plain HTTP is refused", *feeds("tls_only")),
    _operation("s3:GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", "whether a policy is public", *feeds("public")),
    _operation("s3:GetBucketLogging", "s3:GetBucketLogging", "whether access is logged", *feeds("access_logged")),
    _operation("s3:GetBucketTagging", "s3:GetBucketTagging", "owner and data classification", *TAGGED),
    _operation(
        BLOCK, "s3:GetBucketPublicAccessBlock", "whether public policies and ACLs are blocked", *feeds("public")
    ),
    _operation(
        OWNERSHIP,
        "s3:GetBucketOwnershipControls",
        "whether ACLs count at all, where they are not blocked",
        *feeds("public"),
        needs=(BUCKETS, BLOCK),
    ),
    _operation(
        ACL,
        "s3:GetBucketAcl",
        "whether the ACL is public, where ACLs count",
        *feeds("public"),
        needs=(BUCKETS, BLOCK, OWNERSHIP),
    ),
)

DROP: Mapping[str, tuple[str, ...]] = {
    BUCKETS: ("/Owner/DisplayName",),
    "s3:GetBucketLogging": ("/LoggingEnabled/TargetGrants",),
    ACL: ("/Owner/DisplayName", "/Grants/*/Grantee/DisplayName", "/Grants/*/Grantee/EmailAddress"),
}
"""Operation to the members of its answers that are never kept: names and addresses of people."""


@dataclass(frozen=True, slots=True)
class _Read:
    """One question about every bucket."""

    operation: str
    absent: str
    """Error code that says that there is no such configuration; empty: it is answered without one."""
    check: Check | None


_READS = (
    _Read(
        "s3:GetBucketEncryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        holds("ServerSideEncryptionConfiguration.Rules", list),
    ),
    _Read("s3:GetBucketVersioning", "", None),
    _Read(
        "s3:GetObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        holds("ObjectLockConfiguration", dict),
    ),
    _Read("s3:GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", lists("Rules", "Status")),
    _Read("s3:GetBucketPolicy", "NoSuchBucketPolicy", holds("Policy", str)),
    _Read("s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", holds("PolicyStatus.IsPublic", bool)),
    _Read("s3:GetBucketLogging", "", None),
    _Read("s3:GetBucketTagging", "NoSuchTagSet", lists("TagSet", "Key")),
)
_BLOCK = _Read(BLOCK, "NoSuchPublicAccessBlockConfiguration", holds("PublicAccessBlockConfiguration", dict))
_OWNERSHIP = _Read(OWNERSHIP, "OwnershipControlsNotFoundError", holds("OwnershipControls.Rules", list))
_ACL = _Read(ACL, "", lists("Grants", "Permission"))


def collect(asking: Asking) -> Iterator[Unit]:
    """Read every bucket of one account in one region. Yields no further units."""
    asking.each(lambda arn: _bucket(asking, arn), _buckets(asking))
    yield from ()


def _buckets(asking: Asking) -> Iterator[str]:
    place = place_of(asking)
    params: dict[str, Json] = {"BucketRegion": place.region, "MaxBuckets": 1000}
    seen: set[str] = set()
    for page in asking.pages(BUCKETS, params, PAGING, known=(NOT_OFFERED,), check=lists("Buckets", "Name")):
        for bucket in entries(page.body, "Buckets"):
            # An endpoint that does not know the parameter lists every region's; theirs are read there.
            arn = f"arn:{place.partition}:s3:::{bucket['Name']}"
            if bucket.get("BucketRegion") in (None, place.region) and arn not in seen:
                seen.add(arn)
                yield arn


def _bucket(asking: Asking, arn: str) -> None:
    for read in _READS:
        answer = _ask(asking, read, arn)
        if answer is not None and answer.error_code == GONE:
            return
    # Where ACLs are ignored or switched off, what they say makes nothing public.
    for read, settled in ((_BLOCK, _ignores_acls), (_OWNERSHIP, _has_no_acls)):
        answer = _ask(asking, read, arn)
        if answer is not None and (answer.error_code == GONE or settled(answer.body)):
            return
    _ask(asking, _ACL, arn)


def _ask(asking: Asking, read: _Read, arn: str) -> Answer | None:
    known = (GONE, read.absent) if read.absent else (GONE,)
    bucket = arn.rpartition(":::")[2]
    return asking.call(read.operation, {"Bucket": bucket}, subject=arn, known=known, check=read.check)


def _ignores_acls(body: dict[str, Json]) -> bool:
    block = body.get("PublicAccessBlockConfiguration")
    return isinstance(block, dict) and block.get("IgnorePublicAcls") is True


def _has_no_acls(body: dict[str, Json]) -> bool:
    controls = body.get("OwnershipControls")
    return isinstance(controls, dict) and controls.get("Rules") == [{"ObjectOwnership": "BucketOwnerEnforced"}]
