"""Principals of a key policy: what kind each is, whose it is, and whom a Deny certainly takes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.normalize.aws import arn
from scanner.normalize.aws.policy_conditions import Reader
from scanner.normalize.aws.policy_document import Principal, Statement

EVERYBODY = Principal("AWS", "*")
_UNIQUE = re.compile(r"A[A-Z0-9]{15,}")
_KINDS = {"Service": "service", "Federated": "federated", "CanonicalUser": "canonical"}
_IAM_KINDS = {"role": "role", "assumed-role": "role", "user": "user", "federated-user": "user"}


@dataclass(frozen=True, slots=True)
class Who:
    """A principal, understood."""

    principal: Principal
    kind: str
    """``any``, ``account``, ``role``, ``user``, ``service``, ``federated``, ``canonical``, ``unique_id``, ``other``."""
    account: str
    """Its account, or ``none``."""
    role: str = ""
    """Name of the role that it is or is a session of: unique in its account, whatever its path."""
    session: bool = False
    """It is one session of that role."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What two spellings of one principal have in common."""
        if self.kind == "account":
            return ("account", self.account)
        if self.role and not self.session:
            return ("role", self.account, self.role)
        return (self.principal.kind, self.principal.value)


def understand(principal: Principal) -> Who:
    """Return what a principal is."""
    value = principal.value
    parts = arn.parse(value)
    kind = _KINDS.get(principal.kind, "")
    if parts and arn.is_account(parts.account):
        return _by_arn(principal, kind, parts)
    if "*" in value or "?" in value:
        # AWS refuses other wildcards in a principal; whatever accepted one must be read as anybody.
        return Who(principal, "any", "none")
    if not kind and arn.is_account(value):
        return Who(principal, "account", value)
    return Who(principal, kind or ("unique_id" if _UNIQUE.fullmatch(value) else "other"), "none")


def _by_arn(principal: Principal, kind: str, parts: arn.Arn) -> Who:
    if kind:
        return Who(principal, kind, parts.account)
    if parts.resource == "root":
        return Who(principal, "account", parts.account)
    first, *path = parts.resource.split("/")
    kind = _IAM_KINDS.get(first, "other")
    if kind != "role" or not path:
        return Who(principal, kind, parts.account)
    session = first == "assumed-role"
    return Who(principal, kind, parts.account, path[0] if session else path[-1], session)


@dataclass(frozen=True, slots=True)
class Sparing:
    """A Deny to everybody, or to everybody but some."""

    statement: Statement
    spared: tuple[Who, ...]

    def spares(self, who: Who) -> bool:
        """Tell whether a principal may be one of the spared."""
        return any(
            one.kind == "any" or one.principal == who.principal or one.account == who.account != "none"
            for one in self.spared
        )

    def spares_only_known(self, reader: Reader) -> bool:
        """Tell whether every stranger is refused."""
        return all(one.kind != "any" for one in self.spared) and reader.refuses_strangers(self.statement.conditions)


class Denies:
    """The Deny statements of a policy."""

    def __init__(self, statements: Iterable[Statement], reader: Reader) -> None:
        self._reader = reader
        self._plain: dict[tuple[str, ...], frozenset[str]] = {}
        self._sparing: list[Sparing] = []
        for statement in statements:
            whos = tuple(understand(p) for p in statement.principals)
            if statement.inverted or EVERYBODY in statement.principals:
                self._sparing.append(Sparing(statement, whos if statement.inverted else ()))
            elif not statement.conditions:
                for who in whos:
                    self._plain[who.identity] = self._plain.get(who.identity, frozenset()) | statement.actions

    def taken_from(self, who: Who) -> frozenset[str]:
        """Return the actions that are certainly denied to a principal, to each of those that it stands for."""
        taken = self._plain.get(who.identity, frozenset())
        if who.kind in {"role", "user"}:
            # A Deny to an account is a Deny to its principals; one to a role is one to its sessions.
            taken |= self._plain.get(("account", who.account), frozenset())
            taken |= self._plain.get(("role", who.account, who.role), frozenset())
        return taken.union(*(s.statement.actions for s in self._sparing if self._takes_in(s, who)))

    def _takes_in(self, sparing: Sparing, who: Who) -> bool:
        if not sparing.spared:
            conditions = sparing.statement.conditions
            return not conditions or (
                who.kind in {"account", "role", "user"} and self._reader.refuses_account(conditions, who.account)
            )
        # Everybody but the named. AWS evaluates account, role and session one by one, so it is not certain that a
        # principal is denied when another of its account is spared; whoever a wildcard stands for includes the spared.
        return not sparing.statement.conditions and who.kind != "any" and not sparing.spares(who)

    def sparing_only_known(self) -> Sequence[Sparing]:
        """Return the Denies that refuse every stranger and spare only known callers."""
        return [s for s in self._sparing if s.spares_only_known(self._reader)]
