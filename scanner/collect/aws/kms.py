"""AWS KMS: keys and everything that hangs on them.

What a key cannot have is not asked: AWS-managed keys keep only their description, rotation is asked
where AWS KMS can rotate, and a denied DescribeKey makes the collector ask all the same, since nothing
is known then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from scanner.collect.aws import cloudtrail, lastuse
from scanner.collect.aws.checks import lists
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "aws.kms"
PAGING = Paging(answer="NextMarker", parameter="Marker", more="Truncated")

_DESCRIBED = (
    "managed_by",
    "key_type",
    "provider_spec",
    "algorithm",
    "curve",
    "length_bits",
    "strength_bits",
    "approved_algorithm",
    "quantum_vulnerable",
    "usage",
    "usage_count",
    "state",
    "provider_state",
    "origin",
    "exportable",
    "ever_exportable",
    "readable",
    "hsm_platform",
    "key_store_id",
    "external_key_ref",
    "created_at",
    "expires",
    "expires_at",
    "deletion_scheduled",
    "deletion_at",
    "deletion_window_days",
    "multi_region",
    "multi_region_role",
    "primary_key_id",
    "location_count",
    "rotation_supported",
    "current_material_id",
)
PUBLIC = "kms:GetPublicKey"
NO_PUBLIC = ("UnsupportedOperationException", "DisabledException", "KMSInvalidStateException")
"""Error codes of a key that has no public half, or that does not give it out in its state. That is the answer."""
_ROTATED = ("rotation_count", "last_rotated_at", "material_since")


_EXPECTED = tuple(f"expected_events.{name}" for name in ("*", "key_id", "event", "occurred_at", "event_id"))
"""What a key tells of its life must be in the audit log: a key that was not read whole may have more to tell."""
_RESOLVED = tuple(f"data_stores.{name}" for name in ("key_id", "key_managed_by", "key_state"))
"""What the keys tell of the stores that name them."""
_MODULE = (
    *("*", "name", "kind", "product", "embodiment", "version", "state", "certificate_required", "certificates"),
    *("certificate", "standard", "level", "certificate_status", "interim", "sunset_at", "reading_at"),
)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="kms:ListKeys",
        permissions=("kms:ListKeys",),
        feeds=(
            *(
                "keys.*",
                "key_policies.*",
                *columns(
                    "keys",
                    "key_id",
                ),
            ),
            *(*_EXPECTED, *columns("modules", *_MODULE)),
        ),
        purpose="the population of keys",
    ),
    Operation(
        name="kms:ListAliases",
        permissions=("kms:ListAliases",),
        feeds=(*columns("keys", "name", "aliases"), "key_policies.name", "expected_events.name", *_RESOLVED),
        purpose="names for people",
    ),
    Operation(
        name="kms:DescribeKey",
        permissions=("kms:DescribeKey",),
        feeds=(
            *columns("keys", *_DESCRIBED, "material_since"),
            *("key_policies.managed_by", "keys.rotation_enabled", "keys.public_fingerprint", *_EXPECTED, *_RESOLVED),
        ),
        needs=("kms:ListKeys",),
        purpose="type, origin, state, dates of each key",
    ),
    Operation(
        name=PUBLIC,
        permissions=(PUBLIC,),
        feeds=columns("keys", "public_fingerprint"),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="the public half of asymmetric keys, of which a hash is kept: a private key that leaked is told by it",
    ),
    Operation(
        name="kms:GetKeyRotationStatus",
        permissions=("kms:GetKeyRotationStatus",),
        feeds=columns("keys", "rotation_enabled", "rotation_period_days", "next_rotation_at"),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="whether automatic rotation is on",
    ),
    Operation(
        name="kms:ListKeyRotations",
        permissions=("kms:ListKeyRotations",),
        feeds=(*columns("keys", *_ROTATED), "key_versions.*", *_EXPECTED),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="when the material of each key was replaced",
    ),
    Operation(
        name="kms:GetKeyLastUsage",
        permissions=("kms:GetKeyLastUsage",),
        feeds=(
            *columns("keys", "ever_used", "last_used_at", "last_used_operation", "last_used_event_id"),
            *("keys.use_tracked_since", *_EXPECTED),
        ),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="last cryptographic use and its audit event",
    ),
    Operation(
        name="kms:GetKeyPolicy",
        permissions=("kms:GetKeyPolicy",),
        feeds=(
            *columns(
                "key_policies",
                *(
                    "public",
                    "public_actions",
                    "organization_wide",
                    "cross_accounts",
                    "service_principals",
                    "admin_principals",
                    "use_principals",
                    "admin_and_use",
                    "delegates_to_iam",
                    "uses_not_principal",
                    "uses_not_action",
                    "attestation_conditions",
                ),
            ),
            "key_permissions.*",
        ),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="who may use and administer each key",
    ),
    Operation(
        name="kms:ListGrants",
        permissions=("kms:ListGrants",),
        feeds=("key_grants.*",),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="who was granted use beside the policy",
    ),
    Operation(
        name="kms:ListResourceTags",
        permissions=("kms:ListResourceTags",),
        feeds=columns("keys", "tags", "tag_keys"),
        needs=("kms:ListKeys", "kms:DescribeKey"),
        purpose="owner, data classification, tenant",
    ),
    Operation(
        name="kms:DescribeCustomKeyStores",
        permissions=("kms:DescribeCustomKeyStores",),
        feeds=("key_stores.*",),
        purpose="CloudHSM-backed and external key stores",
    ),
)

DROP: Mapping[str, tuple[str, ...]] = {"kms:DescribeKey": ("/KeyMetadata/Description",)}
"""Operation to the members of its answers that are never kept: people write about patients into descriptions."""


def collect(asking: Asking) -> Iterator[Unit]:
    """Read every key of one account and region. Yields the unit that looks for their last uses in the audit log."""
    for _ in asking.pages("kms:DescribeCustomKeyStores", {}, PAGING, check=lists("CustomKeyStores")):
        pass
    for _ in asking.pages("kms:ListAliases", {"Limit": 100}, PAGING, check=lists("Aliases")):
        pass
    uses: dict[str, str] = {}
    asking.each(lambda arn: _key(asking, arn, uses), _keys(asking))
    if uses and asking.wants(cloudtrail.EVENTS):
        yield lastuse.following(asking.unit, uses)


def _keys(asking: Asking) -> Iterator[str]:
    seen: set[str] = set()
    for page in asking.pages("kms:ListKeys", {"Limit": 1000}, PAGING, check=lists("Keys", "KeyArn")):
        for entry in cast("list[dict[str, str]]", page.body["Keys"]):
            if entry["KeyArn"] not in seen:
                seen.add(entry["KeyArn"])
                yield entry["KeyArn"]


def _key(asking: Asking, arn: str, uses: dict[str, str]) -> None:
    described = asking.call(
        "kms:DescribeKey", {"KeyId": arn}, subject=arn, known=("NotFoundException",), check=_describes
    )
    if described is not None and described.error_code:
        return  # deleted between the listing and now: that is the answer
    metadata = described.body.get("KeyMetadata") if described else None
    facts = metadata if isinstance(metadata, dict) else None
    if facts is not None and facts.get("KeyManager") == "AWS":
        return
    _material(asking, arn, facts)
    _public(asking, arn, facts)
    event = _last_use(asking, arn)
    if event:
        uses[arn] = event
    asking.call("kms:GetKeyPolicy", {"KeyId": arn, "PolicyName": "default"}, subject=arn, check=_has_policy)
    for _ in asking.pages("kms:ListGrants", {"KeyId": arn, "Limit": 100}, PAGING, subject=arn, check=lists("Grants")):
        pass
    for _ in asking.pages("kms:ListResourceTags", {"KeyId": arn}, PAGING, subject=arn, check=lists("Tags")):
        pass


def _material(asking: Asking, arn: str, facts: dict[str, Json] | None) -> None:
    # Asymmetric, HMAC and custom-store keys answer UnsupportedOperationException: a no that is not "rotation off".
    symmetric = facts is None or facts.get("KeySpec") == "SYMMETRIC_DEFAULT"
    origin = facts.get("Origin") if facts else None
    unsupported = ("UnsupportedOperationException",)
    if symmetric and origin in (None, "AWS_KMS"):
        asking.call("kms:GetKeyRotationStatus", {"KeyId": arn}, subject=arn, known=unsupported, check=_has_rotation)
    if symmetric and origin in (None, "AWS_KMS", "EXTERNAL"):
        params: dict[str, Json] = {"KeyId": arn, "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Limit": 1000}
        for _ in asking.pages(
            "kms:ListKeyRotations", params, PAGING, subject=arn, known=unsupported, check=lists("Rotations")
        ):
            pass


def _public(asking: Asking, arn: str, facts: dict[str, Json] | None) -> None:
    spec = str(facts.get("KeySpec") or "") if facts else ""
    # KeySpec says what has no public half; where it says nothing, the answer does.
    if spec != "SYMMETRIC_DEFAULT" and not spec.startswith("HMAC_"):
        asking.call(PUBLIC, {"KeyId": arn}, subject=arn, known=NO_PUBLIC, check=_has_public)


def _last_use(asking: Asking, arn: str) -> str:
    """Return the id of the event in the audit log that the last use left, or empty."""
    told = asking.call("kms:GetKeyLastUsage", {"KeyId": arn}, subject=arn, check=_tells_usage)
    use = told.body.get("KeyLastUsage") if told else None
    event = use.get("CloudTrailEventId") if isinstance(use, dict) else None
    return event if isinstance(event, str) else ""


def _describes(body: dict[str, Json]) -> str:
    metadata = body.get("KeyMetadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("KeyManager"), str):
        return ""
    return "`KeyMetadata` is missing or has no `KeyManager`"


def _has_policy(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("Policy"), str) else "`Policy` is not text"


def _has_public(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("PublicKeySha256"), str) else "`PublicKey` is no bytes"


def _has_rotation(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("KeyRotationEnabled"), bool) else "`KeyRotationEnabled` is not a boolean"


def _tells_usage(body: dict[str, Json]) -> str:
    # A use, or since when there was none: without that, no use is not "never used".
    if body.get("KeyLastUsage") or isinstance(body.get("TrackingStartDate"), str):
        return ""
    return "`KeyLastUsage` and `TrackingStartDate` are missing"
