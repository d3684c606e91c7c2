"""Who may use and administer a key of Azure: role assignments or access policies of its vault, inherited ones included.

Every request to a vault is authenticated (learn.microsoft.com, "Azure Key Vault security"): nothing is ever public.
Who is in a group is not told here, and neither is who may make himself a member of a role for a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.tables import KeyPermissionFact, KeyPolicyFact
from scanner.normalize.azure.names import is_within, last
from scanner.normalize.azure.roles import POLICY_ADMINISTERS, POLICY_OTHERS, POLICY_USES, Role, read_role
from scanner.normalize.reading import Object, child, text, text_or, texts
from scanner.normalize.records import Records

ASSIGNMENTS = "authorization:RoleAssignments_ListForScope"
ROLE = "authorization:RoleDefinitions_GetById"
LOCAL_ASSIGNMENTS = "keyvault:RoleAssignments_ListForScope"
LOCAL_ROLES = "keyvault:RoleDefinitions_List"
NO_SUCH_ROLE = "RoleDefinitionDoesNotExist"

_KINDS: Mapping[str, str] = {"User": "user", "ServicePrincipal": "role"}
"""PrincipalType to the kind of principal; an application or a managed identity is what others call a role."""
_FOREIGN = "ForeignGroup"
"""PrincipalType of a group of another tenant."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One principal with what it may do, in some scope."""

    statement: str
    principal: str
    kind: str
    tenant: str
    """Another tenant than the vault's, or `none`."""
    scope: str
    """ARM id, path in a managed HSM, or `/`."""
    actions: tuple[str, ...]
    uses: bool
    administers: bool
    uses_not_action: bool
    conditions: str


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that is granted on a vault."""

    grants: tuple[Grant, ...]
    evidence: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A key of which the access is told."""

    key_id: str
    account: str
    name: str
    vault_id: str
    evidence: tuple[Digest, ...]


def by_roles(unit: Records, asked: Iterable[str], policies: tuple[Grant, ...] | None = None) -> Access | None:
    """Return what role assignments give on a vault, or None when one of them is not understood.

    ``asked`` are the ids of roles as they were asked for; ``policies``: those of a vault where they decide instead of
    roles, so that a role only tells who may change them.
    """
    listing = unit.listing(ASSIGNMENTS, None, "value", identity="id")
    if not listing.complete:
        return None
    spelled = {one.lower(): one for one in asked}
    evidence, grants = set(unit.ids(ASSIGNMENTS)), list(policies or ())
    for _, item in listing.items:
        given = child(item, "properties")
        role_id = spelled.get((text(given, "roleDefinitionId") or "").lower())
        if unit.error(ROLE, role_id) == NO_SUCH_ROLE:
            continue
        role = read_role(child(unit.response(ROLE, role_id), "properties"))
        grant = _grant(given, role.of_management() if role is not None and policies is not None else role)
        if grant is None:
            return None
        evidence.update(unit.ids(ROLE, role_id))
        grants.append(grant)
    return Access(tuple(grants), tuple(sorted(evidence)))


def by_local_roles(unit: Records) -> Access | None:
    """Return what a managed HSM's own role assignments give, or None when one of them is not understood."""
    assigned = unit.listing(LOCAL_ASSIGNMENTS, None, "value", identity="id")
    defined = unit.listing(LOCAL_ROLES, None, "value", identity="name")
    if not (assigned.complete and defined.complete):
        return None
    roles = {str(item["name"]).lower(): read_role(child(item, "properties")) for _, item in defined.items}
    grants: list[Grant] = []
    for _, item in assigned.items:
        given = child(item, "properties")
        grant = _grant(given, roles.get(last(text(given, "roleDefinitionId") or "").lower()))
        if grant is None:
            return None
        grants.append(grant)
    return Access(tuple(grants), tuple(sorted({*unit.ids(LOCAL_ASSIGNMENTS), *unit.ids(LOCAL_ROLES)})))


def _grant(given: Object | None, role: Role | None) -> Grant | None:
    principal, scope = text(given, "principalId"), text(given, "scope")
    kind = text_or(given, "principalType", "")
    condition = text_or(given, "condition", "")
    if role is None or principal is None or scope is None or kind is None or condition is None:
        return None
    return Grant(
        statement=role.name,
        principal=principal,
        # A managed HSM does not tell of which kind a principal is.
        kind=_KINDS.get(kind, "other") if kind else "unique_id",
        tenant=_FOREIGN if kind == _FOREIGN else "none",
        scope=scope,
        actions=role.actions,
        uses=role.uses,
        administers=role.administers,
        uses_not_action=role.uses_not_action,
        conditions=json.dumps([{"condition": condition}] if condition else [], separators=(",", ":")),
    )


def of_policies(properties: Object | None, vault_id: str) -> tuple[Grant, ...] | None:
    """Return what a vault's access policies give, or None when one of them is not understood."""
    policies, tenant = (
        properties.get("accessPolicies") if properties is not None else None,
        text(properties, "tenantId"),
    )
    if policies is None or not isinstance(policies, list) or tenant is None:
        return None
    grants: list[Grant] = []
    for number, policy in enumerate(policies):
        one = policy if isinstance(policy, dict) else None
        principal, own = text(one, "objectId"), text(one, "tenantId")
        allowed = _permissions(child(one, "permissions"))
        if principal is None or own is None or allowed is None:
            return None
        grants.append(
            Grant(
                statement=f"#{number}",
                principal=principal,
                # An access policy does not tell of which kind a principal is.
                kind="unique_id",
                tenant="none" if own.lower() == tenant.lower() else own,
                scope=vault_id,
                actions=tuple(sorted(allowed - POLICY_OTHERS)),
                uses=not POLICY_USES.isdisjoint(allowed),
                administers=not POLICY_ADMINISTERS.isdisjoint(allowed),
                uses_not_action=False,
                conditions="[]",
            )
        )
    return tuple(grants)


def _permissions(body: Object | None) -> frozenset[str] | None:
    """Return the permissions for keys that a policy gives, in lower case, or None when one is not known."""
    if body is None:
        return None
    listed = texts(body, "keys") if body.get("keys") is not None else ()
    every = POLICY_USES | POLICY_ADMINISTERS | POLICY_OTHERS
    if listed is None:
        return None
    given = {one.lower() for one in listed}
    if "all" in given:
        return every
    return frozenset(given) if given <= every else None


def policy_rows(unit: Records, key: Subject, access: Access | None) -> Iterator[Fact]:
    """Yield the row of who has access to a key, and one for each grant that allows something."""
    evidence = tuple(sorted({*key.evidence, *(access.evidence if access else ())}))
    row = KeyPolicyFact(
        source=unit.source,
        evidence=evidence,
        key_id=key.key_id,
        account=key.account,
        name=key.name,
        managed_by="customer",
    )
    if access is None:
        yield row  # with its nulls: what cannot be understood is not known
        return
    grants = [grant for grant in access.grants if grant.actions and _covers(grant.scope, key)]
    yield replace(
        row,
        public=False,
        public_actions=(),
        organization_wide=False,
        cross_accounts=_sorted(grant.tenant for grant in grants if grant.tenant != "none"),
        service_principals=(),
        admin_principals=_sorted(grant.principal for grant in grants if grant.administers),
        use_principals=_sorted(grant.principal for grant in grants if grant.uses),
        admin_and_use=_sorted(
            {grant.principal for grant in grants if grant.administers}
            & {grant.principal for grant in grants if grant.uses}
        ),
        delegates_to_iam=False,
        uses_not_principal=False,
        uses_not_action=any(grant.uses_not_action for grant in grants),
        attestation_conditions=(),
    )
    for number, grant in enumerate(sorted(grants, key=lambda one: (one.principal, one.statement, one.scope))):
        yield KeyPermissionFact(
            source=unit.source,
            evidence=evidence,
            permission_id=f"{key.key_id}#{number:04}",
            key_id=key.key_id,
            statement=grant.statement,
            effect="allow",
            principal=grant.principal,
            principal_kind=grant.kind,
            principal_account=grant.tenant,
            cross_account=grant.tenant != "none",
            actions=grant.actions,
            administers=grant.administers,
            uses=grant.uses,
            constrained=False,
            conditions=grant.conditions,
        )
    covered = unit.coverage(KeyPermissionFact, ASSIGNMENTS, key.key_id, None, len(grants), complete=True)
    yield replace(covered, evidence=evidence)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _covers(scope: str, key: Subject) -> bool:
    """Tell whether a grant's scope holds a key: the key itself, its vault, or what is above the vault."""
    if scope.startswith(("/subscriptions/", "/keys")) and not is_within(key.vault_id, scope):
        own = f"/keys/{key.name}" if scope.startswith("/keys") else key.key_id
        return is_within(own, scope)
    return True
