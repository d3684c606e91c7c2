"""Who may use an AWS KMS key: its policy, evaluated, and its grants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.tables import KeyGrantFact, KeyPermissionFact, KeyPolicyFact
from scanner.normalize.aws.policy import MalformedPolicyError, read_policy
from scanner.normalize.reading import Object, moment, objects, text, texts
from scanner.normalize.records import Records

DECRYPTING = frozenset({"Decrypt", "ReEncryptFrom", "DeriveSharedSecret"})


def _account(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def policy_rows(unit: Records, arn: str, page: Digest, metadata: Object | None, *, name: str | None) -> Iterator[Fact]:
    """Yield the row of a key's policy, and one for each principal of each statement. ``name`` is its first alias."""
    account = _account(arn)
    manager = {"CUSTOMER": "customer", "AWS": "provider"}.get(text(metadata, "KeyManager") or "")
    evidence = tuple(sorted({*unit.ids("kms:GetKeyPolicy", arn), *unit.ids("kms:DescribeKey", arn)}))
    evidence = evidence or (page,)
    body = unit.response("kms:GetKeyPolicy", arn)
    document = text(body, "Policy") if isinstance(body, dict) else None
    reading = None
    if document is not None:
        try:
            reading = read_policy(document, key_arn=arn, account=account)
        except MalformedPolicyError:
            reading = None  # the row keeps its nulls: what cannot be understood is not known
    row = KeyPolicyFact(
        source=unit.source, evidence=evidence, key_id=arn, account=account, name=name, managed_by=manager
    )
    if reading is None:
        yield row
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
    for number_, permission in enumerate(reading.permissions):
        yield KeyPermissionFact(
            source=unit.source,
            evidence=evidence,
            permission_id=f"{arn}#{number_:04}",
            key_id=arn,
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
    yield unit.coverage(KeyPermissionFact, "kms:GetKeyPolicy", arn, arn, len(reading.permissions))


def grant_rows(unit: Records, arn: str) -> Iterator[Fact]:
    """Yield the rows of a key's grants, and whether they were listed to the end."""
    if not unit.answers("kms:ListGrants", arn):
        return
    grants = list(_grants(unit, arn))
    yield from grants
    yield unit.coverage(KeyGrantFact, "kms:ListGrants", arn, arn, len(grants))


def _grants(unit: Records, arn: str) -> Iterator[KeyGrantFact]:
    seen: set[str] = set()
    for page in unit.answers("kms:ListGrants", arn):
        for grant in objects(page.response, "Grants"):
            identity = text(grant, "GrantId")
            if identity is None or identity in seen:
                continue
            seen.add(identity)
            yield _grant(unit, arn, identity, grant)


def _grant(unit: Records, arn: str, identity: str, grant: Object) -> KeyGrantFact:
    account = _account(arn)
    grantee = text(grant, "GranteePrincipal") or text(grant, "GranteeServicePrincipal")
    grantee_account = _principal_account(grantee)
    service = None if grantee is None else grantee.endswith(".amazonaws.com")
    operations = texts(grant, "Operations")
    constraints: Json = grant.get("Constraints")
    return KeyGrantFact(
        source=unit.source,
        evidence=unit.ids("kms:ListGrants", arn),
        grant_id=identity,
        key_id=arn,
        account=account,
        name=text(grant, "Name") or "",
        grantee=grantee,
        grantee_account=None if service is None else grantee_account or "none",
        grantee_is_service=service,
        cross_account=_crosses(account, grantee_account, service=service),
        operations=operations,
        decrypts=None if operations is None else not DECRYPTING.isdisjoint(operations),
        context_bound=bool(constraints) if isinstance(constraints, (dict, type(None))) else None,
        retiring_principal=text(grant, "RetiringPrincipal") or text(grant, "RetiringServicePrincipal") or "none",
        can_regrant=None if operations is None else "CreateGrant" in operations,
        created_at=moment(grant, "CreationDate"),
    )


def _principal_account(principal: str | None) -> str:
    parts = principal.split(":") if principal else []
    return parts[4] if len(parts) > 5 else ""


def _crosses(account: str, other: str, *, service: bool | None) -> bool | None:
    if service is None:
        return None
    if service:
        return False
    return other != account if other else None
