"""An AWS KMS key policy, evaluated as a policy: who may do what, and who that leaves out.

Conservative where IAM's semantics need facts that a policy does not hold: a grant stands unless a Deny clearly takes
it away, and a wildcard principal is public unless a condition clearly holds it to known callers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.normalize.aws import arn
from scanner.normalize.aws import policy_conditions as conditions
from scanner.normalize.aws.policy_actions import ADMINISTER, ALL, USE
from scanner.normalize.aws.policy_document import Condition, MalformedPolicyError, Statement, read_document
from scanner.normalize.aws.policy_principals import EVERYBODY, Denies, Who, understand

__all__ = ["MalformedPolicyError", "Permission", "PolicyReading", "read_policy"]


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
    who: Who
    actions: frozenset[str]
    holding: tuple[Condition, ...]
    """The conditions that hold its callers to known ones."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whom the wildcard principals of a policy reach."""

    public: frozenset[str]
    accounts: frozenset[str]
    organization_wide: bool


def read_policy(text: str, *, key_arn: str, account: str) -> PolicyReading:
    """Evaluate a key policy for the key's own ``account``. Raises MalformedPolicyError."""
    reader = conditions.Reader(account)
    statements = [s for s in read_document(text, key_arn) if s.about_key]
    denies = Denies((s for s in statements if not s.allows), reader)
    allows = [s for s in statements if s.allows and s.actions]
    grants = [grant for grant in _grants(allows, denies, reader) if grant.actions]
    reach = _reach(grants, denies, reader)
    holders = _Holders(grants, denies, reader, key_arn=key_arn, account=account)
    named = frozenset(g.who.account for g in grants if arn.is_account(g.who.account))
    # A service that calls for the resources of an account gives that account what it is allowed itself.
    served = reader.accounts(c for g in grants if g.who.kind == "service" for c in g.holding)
    return PolicyReading(
        public=bool(reach.public),
        public_actions=tuple(sorted(reach.public)),
        organization_wide=reach.organization_wide,
        cross_accounts=tuple(sorted((named | served | reach.accounts) - {account})),
        service_principals=tuple(sorted({g.who.principal.value for g in grants if g.who.kind == "service"})),
        admin_principals=holders.of(ADMINISTER),
        use_principals=holders.of(USE),
        admin_and_use=holders.of_both(ADMINISTER, USE),
        delegates_to_iam=any(
            g.who.kind == "account"
            and g.who.account == account
            and g.statement.actions >= ALL
            and not g.statement.conditions
            for g in grants
        ),
        uses_not_principal=any(s.inverted for s in allows),
        uses_not_action=any(s.uses_not_action for s in allows),
        attestation_conditions=tuple(sorted(conditions.attestations(c for s in statements for c in s.conditions))),
        permissions=tuple(sorted(_permissions(statements, reader, account), key=_order)),
    )


def _grants(allows: Iterable[Statement], denies: Denies, reader: conditions.Reader) -> Iterator[_Grant]:
    for statement in allows:
        holding = reader.holding(statement.conditions)
        principals: Sequence[Who] = [understand(p) for p in statement.principals]
        if statement.inverted:
            # Everybody but the named. Nobody is left when everybody is named.
            principals = () if EVERYBODY in statement.principals else (understand(EVERYBODY),)
        for who in principals:
            yield _Grant(statement, who, statement.actions - denies.taken_from(who), holding)


def _reach(grants: Iterable[_Grant], denies: Denies, reader: conditions.Reader) -> _Reach:
    public: set[str] = set()
    accounts: set[str] = set()
    organizations = False
    sparing = denies.sparing_only_known()
    for grant in grants:
        if grant.who.kind != "any":
            continue
        if grant.holding:
            accounts |= reader.accounts(grant.holding)
            organizations = organizations or conditions.only_organizations(grant.holding)
            continue
        left = grant.actions
        for deny in sparing:
            if not grant.actions.isdisjoint(deny.statement.actions):
                left -= deny.statement.actions
                accounts |= reader.accounts(deny.statement.conditions) | {w.account for w in deny.spared}
                organizations = organizations or conditions.only_organizations(deny.statement.conditions)
        public |= left
    return _Reach(frozenset(public), frozenset(filter(arn.is_account, accounts)), organizations)


class _Holders:
    """Who of those that a policy names holds what. The account itself is left out: there IAM decides."""

    def __init__(
        self, grants: Iterable[_Grant], denies: Denies, reader: conditions.Reader, *, key_arn: str, account: str
    ) -> None:
        own = ("account", account)
        self._grants = [g for g in grants if g.who.kind != "service" and g.who.identity != own]
        self._named: dict[tuple[str, ...], frozenset[str]] = {}
        for grant in self._grants:
            held = self._named.get(grant.who.identity, frozenset())
            self._named[grant.who.identity] = held | grant.actions
        self._denies = denies
        self._reader = reader
        self._partition = key_arn.split(":")[1] if key_arn.startswith("arn:") else "aws"

    def of(self, actions: frozenset[str]) -> tuple[str, ...]:
        """Return the names of those that are allowed one of some actions."""
        return tuple(sorted({self._name(g.who) for g in self._grants if not actions.isdisjoint(g.actions)}))

    def of_both(self, some: frozenset[str], others: frozenset[str]) -> tuple[str, ...]:
        """Return the names of those that are allowed one of ``some`` and one of ``others``."""
        both: set[str] = set()
        for who in {g.who.identity: g.who for g in self._grants}.values():
            held = self._held(who)
            if not some.isdisjoint(held) and not others.isdisjoint(held):
                both.add(self._name(who))
        return tuple(sorted(both))

    def _held(self, who: Who) -> frozenset[str]:
        """Return what a principal is certainly allowed, by whatever names it."""
        held = self._named[who.identity]
        if who.session:
            held |= self._named.get(("role", who.account, who.role), frozenset())
        anybodys = (g.actions for g in self._grants if g.who.kind == "any" and self._admits(g, who))
        return held.union(*anybodys) - self._denies.taken_from(who)

    def _admits(self, grant: _Grant, who: Who) -> bool:
        """Tell whether what is granted to a wildcard is certainly a principal's as well."""
        if grant.statement.inverted and who.principal in grant.statement.principals:
            return False
        return self._reader.admits_account(grant.statement.conditions, who.account)

    def _name(self, who: Who) -> str:
        """Return the name of a principal, the same however an account is spelled."""
        return f"arn:{self._partition}:iam::{who.account}:root" if who.kind == "account" else who.principal.value


def _permissions(statements: Iterable[Statement], reader: conditions.Reader, account: str) -> Iterator[Permission]:
    for statement in statements:
        for who in map(understand, statement.principals):
            value = who.principal.value
            yield Permission(
                statement=statement.label,
                effect="allow" if statement.allows else "deny",
                principal=f"not {value}" if statement.inverted else value,
                principal_kind="any" if statement.inverted else who.kind,
                principal_account="none" if statement.inverted else who.account,
                cross_account=not statement.inverted and who.account not in {"none", account},
                actions=tuple(sorted(statement.actions)),
                administers=bool(statement.actions & ADMINISTER),
                uses=bool(statement.actions & USE),
                constrained=bool(reader.holding(statement.conditions)),
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
