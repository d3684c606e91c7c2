"""An AWS KMS key policy, evaluated as a policy: who may do what, and who that leaves out.

Conservative where IAM's semantics need facts that a policy does not hold: a grant stands unless a Deny clearly takes
it away, and a wildcard principal is public unless a condition clearly holds it to known callers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.normalize.aws import policy_conditions as conditions
from scanner.normalize.aws.policy_actions import ADMINISTER, ALL, USE
from scanner.normalize.aws.policy_document import MalformedPolicyError, Principal, Statement, read_document

__all__ = ["MalformedPolicyError", "Permission", "PolicyReading", "read_policy"]

_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):(?P<service>iam|sts)::(?P<account>[^:]*):(?P<rest>.+)")
_UNIQUE = re.compile(r"A[A-Z0-9]{15,}")


@dataclass(frozen=True, slots=True)
class Permission:
    """One principal in one statement. Fields are the columns of ``key_permissions``."""

    statement: str
    effect: str
    principal: str
    principal_kind: str
    principal_account: str
    cross_account: bool
    actions: tuple[str, ...]
    administers: bool
    uses: bool
    constrained: bool
    conditions: str


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """What a key policy comes to. Fields are the columns of ``key_policies``."""

    public: bool
    public_actions: tuple[str, ...]
    organization_wide: bool
    cross_accounts: tuple[str, ...]
    service_principals: tuple[str, ...]
    admin_principals: tuple[str, ...]
    use_principals: tuple[str, ...]
    admin_and_use: tuple[str, ...]
    delegates_to_iam: bool
    uses_not_principal: bool
    uses_not_action: bool
    attestation_conditions: tuple[str, ...]
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class _Grant:
    """What one principal of one Allow statement is left with."""

    statement: Statement
    principal: Principal
    kind: str
    account: str
    actions: frozenset[str]


def read_policy(text: str, *, key_arn: str, account: str) -> PolicyReading:
    """Evaluate a key policy for the key's own ``account``. Raises MalformedPolicyError."""
    statements = [s for s in read_document(text, key_arn) if s.about_key]
    denies = [s for s in statements if not s.allows]
    allows = [s for s in statements if s.allows and s.actions]
    grants = list(_grants(allows, denies))
    public = frozenset[str]().union(*(g.actions for g in grants if _is_public(g, denies)))
    admins = _holders(grants, ADMINISTER, account)
    users = _holders(grants, USE, account)
    return PolicyReading(
        public=bool(public),
        public_actions=tuple(sorted(public)),
        organization_wide=any(
            g.kind == "any" and g.actions and conditions.only_organization(g.statement.conditions) for g in grants
        ),
        cross_accounts=tuple(sorted(_accounts(grants) - {account})),
        service_principals=tuple(sorted({g.principal.value for g in grants if g.kind == "service" and g.actions})),
        admin_principals=tuple(sorted(admins)),
        use_principals=tuple(sorted(users)),
        admin_and_use=tuple(sorted(admins & users)),
        delegates_to_iam=any(
            g.kind == "account" and g.account == account and g.actions == ALL and not g.statement.conditions
            for g in grants
        ),
        uses_not_principal=any(s.inverted for s in allows),
        uses_not_action=any(s.uses_not_action for s in allows),
        attestation_conditions=tuple(sorted(conditions.attestations(c for s in statements for c in s.conditions))),
        permissions=tuple(sorted(_permissions(statements, account), key=_order)),
    )


def classify(principal: Principal) -> tuple[str, str]:
    """Return a principal's kind (``any``, ``account``, ``role``, ``user``, ``service`` and so on) and its account."""
    value = principal.value
    if principal.kind != "AWS":
        return {"Service": "service", "Federated": "federated", "CanonicalUser": "canonical"}.get(
            principal.kind, "other"
        ), "none"
    if _ACCOUNT.fullmatch(value):
        return "account", value
    match = _ARN.fullmatch(value)
    if match and _ACCOUNT.fullmatch(match["account"]):
        return _iam_kind(match["rest"]), match["account"]
    if "*" in value or "?" in value:
        # AWS refuses other wildcards in a principal; whatever accepted one must be read as anybody.
        return "any", "none"
    return ("unique_id" if _UNIQUE.fullmatch(value) else "other"), "none"


def _iam_kind(rest: str) -> str:
    if rest == "root":
        return "account"
    first = rest.partition("/")[0]
    kind = {"role": "role", "user": "user", "assumed-role": "role", "federated-user": "user"}.get(first)
    return kind or "other"


def _grants(allows: Sequence[Statement], denies: Sequence[Statement]) -> Iterator[_Grant]:
    for statement in allows:
        if statement.inverted:
            anybody = Principal("AWS", "*")
            yield _Grant(statement, anybody, "any", "none", statement.actions - _denied(anybody, denies))
            continue
        for principal in statement.principals:
            kind, account = classify(principal)
            yield _Grant(statement, principal, kind, account, statement.actions - _denied(principal, denies))


def _denied(principal: Principal, denies: Iterable[Statement]) -> frozenset[str]:
    """Return the actions that unconditional Deny statements take from a principal."""
    return frozenset[str]().union(*(d.actions for d in denies if not d.conditions and _hits(d, principal)))


def _hits(deny: Statement, principal: Principal) -> bool:
    kind, account = classify(principal)
    named = any(_same(one, principal, kind, account) for one in deny.principals)
    if deny.inverted:
        # Everybody but the named: whoever a wildcard stands for includes the named, so it is not taken from it.
        return not named and kind != "any"
    return named


def _same(denied: Principal, principal: Principal, kind: str, account: str) -> bool:
    denied_kind, denied_account = classify(denied)
    if denied_kind == "any":
        # A Deny to "*" is a Deny to everybody, services included.
        return denied.value in {"*", principal.value}
    if denied_kind == "account":
        # A Deny to an account is a Deny to its principals, and to no one else.
        return denied_account == account and kind in {"account", "role", "user"}
    return denied == principal


def _is_public(grant: _Grant, denies: Iterable[Statement]) -> bool:
    if grant.kind != "any" or not grant.actions or conditions.constrains(grant.statement.conditions):
        return False
    left = grant.actions
    for deny in denies:
        if _spares_only_known(deny):
            left -= deny.actions
    return bool(left)


def _spares_only_known(deny: Statement) -> bool:
    everybody = not deny.inverted and any(p.kind == "AWS" and p.value == "*" for p in deny.principals)
    if everybody:
        return conditions.denies_strangers(deny.conditions)
    spared = [classify(p)[0] for p in deny.principals]
    return deny.inverted and not deny.conditions and "any" not in spared


def _accounts(grants: Iterable[_Grant]) -> set[str]:
    found: set[str] = set()
    for grant in grants:
        if not grant.actions:
            continue
        if _ACCOUNT.fullmatch(grant.account):
            found.add(grant.account)
        elif grant.kind == "any":
            found |= conditions.accounts_named(grant.statement.conditions)
    return found


def _holders(grants: Iterable[_Grant], actions: frozenset[str], account: str) -> set[str]:
    held: dict[str, frozenset[str]] = {}
    for grant in grants:
        own_account = grant.kind == "account" and grant.account == account
        if grant.kind == "service" or own_account:
            continue
        held[grant.principal.value] = held.get(grant.principal.value, frozenset()) | grant.actions
    return {name for name, allowed in held.items() if allowed & actions}


def _permissions(statements: Iterable[Statement], account: str) -> Iterator[Permission]:
    for statement in statements:
        for principal in statement.principals:
            kind, owner = classify(principal)
            yield Permission(
                statement=statement.label,
                effect="allow" if statement.allows else "deny",
                principal=f"not {principal.value}" if statement.inverted else principal.value,
                principal_kind="any" if statement.inverted else kind,
                principal_account="none" if statement.inverted else owner,
                cross_account=not statement.inverted and bool(_ACCOUNT.fullmatch(owner)) and owner != account,
                actions=tuple(sorted(statement.actions)),
                administers=bool(statement.actions & ADMINISTER),
                uses=bool(statement.actions & USE),
                constrained=conditions.constrains(statement.conditions),
                conditions=_normal_form(statement),
            )


def _order(permission: Permission) -> tuple[str, str, str, str, tuple[str, ...]]:
    return (
        permission.statement,
        permission.effect,
        permission.principal,
        permission.conditions,
        permission.actions,
    )


def _normal_form(statement: Statement) -> str:
    body = [
        {
            "operator": f"{c.quantifier}:{c.operator}" if c.quantifier else c.operator,
            "key": c.key,
            "values": list(c.values),
            "if_exists": c.if_exists,
        }
        for c in statement.conditions
    ]
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
