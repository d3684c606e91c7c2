"""Who may use an AWS KMS key: its policy, evaluated, and its grants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.tables import KeyGrantFact, KeyPermissionFact, KeyPolicyFact
from scanner.normalize.aws.arn import is_account, parse
from scanner.normalize.aws.policy import MalformedPolicyError, PolicyReading, read_policy
from scanner.normalize.reading import Object, given, moment, text, text_or, texts
from scanner.normalize.records import Records

POLICY = "kms:GetKeyPolicy"
GRANTS = "kms:ListGrants"

DECRYPTING = frozenset({"Decapsulate", "Decrypt", "DeriveSharedSecret", "ReEncryptFrom"})
"""Operations of a grant that give what was protected under the key."""
OTHER = frozenset(
    {
        "CreateGrant",
        "DescribeKey",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetPublicKey",
        "ReEncryptTo",
        "RetireGrant",
        "Sign",
        "Verify",
        "VerifyMac",
    }
)
"""The other operations that a grant can hold: they open nothing that was encrypted before."""

_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True, slots=True)
class Subject:
    """The key that a policy or a grant belongs to."""

    arn: str
    account: str
    name: str | None
    """Its first alias."""
    managed_by: str | None
    evidence: tuple[Digest, ...]
    """What says so."""


def policy_rows(unit: Records, key: Subject) -> Iterator[Fact]:
    """Yield the row of a key's policy, and one for each principal of each statement."""
    evidence = tuple(sorted({*unit.ids(POLICY, key.arn), *key.evidence}))
    row = KeyPolicyFact(
        source=unit.source,
        evidence=evidence,
        key_id=key.arn,
        account=key.account,
        name=key.name,
        managed_by=key.managed_by,
    )
    reading = _reading(unit, key)
    if reading is None:
        yield row  # with its nulls: what cannot be understood is not known
        return
    yield replace(
        row,
        public=reading.public,
        public_actions=reading.public_actions,
        organization_wide=reading.organization_wide,
        cross_accounts=reading.cross_accounts,
        service_principals=reading.service_principals,
        admin_principals=reading.admin_principals,
        use_principals=reading.use_principals,
        admin_and_use=reading.admin_and_use,
        delegates_to_iam=reading.delegates_to_iam,
        uses_not_principal=reading.uses_not_principal,
        uses_not_action=reading.uses_not_action,
        attestation_conditions=reading.attestation_conditions,
    )
    yield from _permissions(unit, key, reading)


def _reading(unit: Records, key: Subject) -> PolicyReading | None:
    answer = unit.answer(POLICY, key.arn)
    if answer is None or not isinstance(answer.response, dict) or "/response/Policy" in answer.redacted:
        # A policy that redaction cut may have lost a statement, and still be one.
        return None
    document = text(answer.response, "Policy")
    try:
        return read_policy(document or "", key_arn=key.arn, account=key.account)
    except MalformedPolicyError:
        return None


def _permissions(unit: Records, key: Subject, reading: PolicyReading) -> Iterator[Fact]:
    evidence = unit.ids(POLICY, key.arn)
    for number, permission in enumerate(reading.permissions):
        yield KeyPermissionFact(
            source=unit.source,
            evidence=evidence,
            permission_id=f"{key.arn}#{number:04}",
            key_id=key.arn,
            statement=permission.statement,
            effect=permission.effect,
            principal=permission.principal,
            principal_kind=permission.principal_kind,
            principal_account=permission.principal_account,
            cross_account=permission.cross_account,
            actions=permission.actions,
            administers=permission.administers,
            uses=permission.uses,
            constrained=permission.constrained,
            conditions=permission.conditions,
        )
    yield unit.coverage(KeyPermissionFact, POLICY, key.arn, key.arn, len(reading.permissions), complete=True)


def grant_rows(unit: Records, key: Subject) -> Iterator[Fact]:
    """Yield the rows of a key's grants, and whether they were listed to the end."""
    if not unit.answers(GRANTS, key.arn):
        return
    listing = unit.listing(GRANTS, key.arn, "Grants", identity="GrantId")
    grants = {str(grant["GrantId"]): grant for _, grant in reversed(listing.items)}
    yield from (_grant(unit, key, identity, grant) for identity, grant in sorted(grants.items()))
    yield unit.coverage(KeyGrantFact, GRANTS, key.arn, key.arn, len(grants), complete=listing.complete)


def _grant(unit: Records, key: Subject, identity: str, grant: Object) -> KeyGrantFact:
    grantee = text(grant, "GranteePrincipal") or text(grant, "GranteeServicePrincipal")
    service = _is_service(grant)
    account = _account_of(grantee)
    operations = texts(grant, "Operations")
    retiring = text_or(grant, "RetiringPrincipal", "")
    return KeyGrantFact(
        source=unit.source,
        evidence=unit.ids(GRANTS, key.arn),
        grant_id=identity,
        key_id=key.arn,
        account=key.account,
        name=text_or(grant, "Name", ""),
        grantee=grantee,
        grantee_account="none" if service else account,
        grantee_is_service=service,
        cross_account=_crosses(key.account, account, service=service),
        operations=operations,
        decrypts=None if operations is None else _decrypts(operations),
        context_bound=_context_bound(grant.get("Constraints")),
        retiring_principal=text_or(grant, "RetiringServicePrincipal", "none") if retiring == "" else retiring,
        can_regrant=None if operations is None else "CreateGrant" in operations,
        created_at=moment(grant, "CreationDate"),
    )


def _is_service(grant: Object) -> bool | None:
    if given(grant, "GranteePrincipal"):
        # By its whole form: a role in another account may be called `x.amazonaws.com`.
        principal = text(grant, "GranteePrincipal")
        return None if principal is None else _SERVICE.fullmatch(principal) is not None
    return True if text(grant, "GranteeServicePrincipal") else None


def _account_of(principal: str | None) -> str | None:
    if principal is None or is_account(principal):
        return principal
    arn = parse(principal)
    return arn.account if arn and is_account(arn.account) else None


def _crosses(account: str, other: str | None, *, service: bool | None) -> bool | None:
    if service:
        return False
    return None if other is None else other != account


def _decrypts(operations: tuple[str, ...]) -> bool | None:
    if not DECRYPTING.isdisjoint(operations):
        return True
    return False if OTHER.issuperset(operations) else None


def _context_bound(constraints: Json) -> bool | None:
    """Tell whether a grant holds for an encryption context only. A SourceArn alone binds it to none."""
    if constraints is None:
        return False
    if not isinstance(constraints, dict):
        return None
    pairs = [constraints.get(name) for name in ("EncryptionContextEquals", "EncryptionContextSubset")]
    if any(isinstance(pair, dict) and pair for pair in pairs):
        return True
    return False if all(pair is None or pair == {} for pair in pairs) else None
